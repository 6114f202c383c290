/** docs/differences.md: what a serverless deployment does differently, from the protocol and the list of the conformance suite. */
import { differences } from '../../../packages/conformance/src/differences.ts';
import { readRules } from '../../../packages/conformance/src/rules.ts';
import { page, table } from './markdown.ts';

/** A sentence begins with a capital. */
const sentence = (text: string): string => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;

export const differencesPage = (): string => {
  const rules = readRules();
  const said = differences.map(({ rule, because }): readonly string[] => {
    const { text = '', serverless = '' } = rules.get(rule) ?? {};
    return [rule, text.split(' **Serverless:** ', 1)[0] ?? '', sentence(serverless), because];
  });
  const own = [...rules.values()].filter(({ selfHosted, id }) => selfHosted && !/^(?:START|STOP)-/u.test(id));
  return page(
    'Differences between the deployments',
    'A client, a publisher and an operator meet the same [protocol](protocol.md) whether it is served by long-lived nodes or by functions behind API Gateway. These are all the rules that a serverless deployment may keep in another way; the conformance suite holds it to every other one.',
    table(['rule', 'everywhere', 'serverless', 'why'], said),
    'Rules that a long-lived server alone has, beside those about starting and stopping it:',
    table(
      ['rule', 'self-hosted'],
      own.map(({ id, text }) => [id, text.replace(/^Self-hosted: /u, '')]),
    ),
    'A connection that a function closes gets no close code of ours: the code comes before, as an `error` frame with `details.closeCode` ([close codes](close-codes.md)).',
  );
};
