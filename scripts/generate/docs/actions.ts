/** docs/actions.md: what a client may ask over the WebSocket. */
import { type ActionContract, actions, type BucketRule, defaultBuckets, type LimitClass } from '@aideals/protocol';
import type { z } from 'zod';
import { exchanges } from '../examples.ts';
import { schemaOf } from '../schema.ts';
import { code, fields, jsonText, page, table } from './markdown.ts';

/** What any action may answer. */
const ANY = ['VALIDATION_ERROR', 'AUTHENTICATION_ERROR', 'RATE_LIMIT_EXCEEDED', 'INTERNAL_ERROR'];

export const limitText = (name: LimitClass): string => {
  const rule = (defaultBuckets as Readonly<Record<string, BucketRule | null>>)[name];
  return rule ? `\`${name}\` (${rule.perMinute} a minute)` : `\`${name}\` (no limit by default)`;
};

const isStrict = (shape: z.ZodType): boolean => schemaOf(shape).additionalProperties === false;

const section = (contract: ActionContract): string => {
  const asked = fields(schemaOf(contract.input), 'sent');
  const unknown = isStrict(contract.input)
    ? 'An unknown field is a VALIDATION_ERROR that names the nearest known one.'
    : 'Unknown fields are ignored.';
  const replies = Object.entries(contract.replies).flatMap(([type, data]) => {
    const told = fields(schemaOf(data), 'received');
    return [`Answer \`${type}\`:${told === '' ? ' no fields.' : ''}`, told];
  });
  const shown = exchanges(contract).flatMap(({ title, sent, received }) => [
    `${title}:`,
    code('json', `${jsonText(sent)}\n${jsonText(received)}`),
  ]);
  const needs = contract.scope === undefined ? '' : ` Scope: \`${contract.scope}\`.`;
  return [
    `## ${contract.action}`,
    contract.summary,
    contract.description,
    asked === '' ? `\`data\`: no fields. ${unknown}` : `\`data\`: ${unknown}`,
    asked,
    ...replies,
    `Errors: ${[...ANY, ...contract.errors].map((name) => `\`${name}\``).join(', ')}. Limit: ${limitText(contract.limit)}.${needs}`,
    ...shown,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

export const actionsPage = (): string => {
  const list = Object.values(actions) as ActionContract[];
  return page(
    'Actions',
    'What a client may ask over the WebSocket. A frame is `{action, data?, requestId?}`, its answer `{type, data, requestId?, timestamp}`. [protocol.md](protocol.md) has the rules, [errors.md](errors.md) the errors, [pushes.md](pushes.md) what comes unasked.',
    table(
      ['action', 'answer', 'does'],
      list.map((contract) => [
        `[${contract.action}](#${contract.action.toLowerCase()})`,
        Object.keys(contract.replies)
          .map((type) => `\`${type}\``)
          .join(' or '),
        contract.summary,
      ]),
    ),
    ...list.map(section),
  );
};
