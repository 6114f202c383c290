/** docs/pushes.md: what the server says unasked. */
import { type PushContract, pushes } from '@aideals/protocol';
import { TIMESTAMP } from '../examples.ts';
import { schemaOf } from '../schema.ts';
import { code, fields, jsonText, page, table } from './markdown.ts';

const section = (push: PushContract): string => {
  const place = push.stream ? { topic: 'new-deals', id: 'k3v9q2m7-1043' } : {};
  const keys = push.stream?.conflate.map((key) => `\`${key}\``).join(', else ');
  return [
    `## ${push.type}`,
    push.summary,
    push.description,
    fields(schemaOf(push.data), 'received'),
    keys === undefined
      ? ''
      : `A stream event: the envelope carries \`topic\` and \`id\`, and \`filters\` where the publisher laid attributes over the data. For a slow reader, of the frames with the same ${keys} only the newest is kept.`,
    code('json', jsonText({ type: push.type, ...place, data: push.example, timestamp: TIMESTAMP })),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
};

export const pushesPage = (): string => {
  const list = Object.values(pushes) as PushContract[];
  return page(
    'Pushes',
    'What the server says unasked over the WebSocket.',
    table(
      ['type', 'says'],
      list.map((push) => [`[${push.type}](#${push.type.toLowerCase()})`, push.summary]),
    ),
    ...list.map(section),
  );
};
