import type { Findings } from '../findings.js';
import { offsetOf } from '../wire/event-id.js';
import type { Follower, Stretch } from './follower.js';
import type { Truth } from './truth.js';

/**
 * What a stretch should have brought, against what it brought. `reach` is the offset up to which the follower has everything
 * by earlier stretches; gives the new one.
 */
const auditStretch = (
  follower: Follower,
  { ids, after, asked, lost }: Stretch,
  truth: Truth,
  findings: Findings,
  reach: number,
): number => {
  const { name, matches } = follower.options;
  const from = offsetOf(after);
  findings.hold(
    lost === undefined,
    'who resumes after a stop or a kill is recovered',
    () => `${name} asked from ${asked} and was told ${JSON.stringify(lost)}`,
  );
  const skipped = truth.between(reach, asked === undefined ? 0 : from).filter(matches);
  findings.hold(
    skipped.length === 0,
    'a cursor lies behind nothing that did not come',
    () => `${name} asked from ${asked}, and never got ${skipped[0]?.id}`,
  );
  const gone = ids.filter((id) => !truth.byId.has(id));
  findings.hold(
    gone.length === 0,
    'nobody is shown what the log then has not',
    () => `${name} got ${gone.length} events that are gone, such as ${gone[0]}`,
  );
  const until = Math.max(from, offsetOf(ids.at(-1) ?? after));
  const expected = truth.between(from, until).filter(matches);
  const wrong = expected.findIndex(({ id }, i) => ids[i] !== id);
  findings.hold(
    ids.length === expected.length && wrong < 0,
    'a subscription brings exactly what matches, in order, each once',
    () =>
      `${name} after ${after}: ${ids.length} events for ${expected.length}; ` +
      `at ${wrong} it has ${ids[wrong]} for ${expected[wrong]?.id}`,
  );
  return Math.max(reach, until);
};

/** What a follower got, against the log. */
export const auditFollower = (follower: Follower, truth: Truth, findings: Findings): void => {
  let reach = 0;
  for (const stretch of follower.stretches) reach = auditStretch(follower, stretch, truth, findings, reach);
  const behind = truth.between(reach, truth.end).filter(follower.options.matches);
  findings.hold(
    behind.length === 0,
    'in the end a subscription has come to the end',
    () => `${follower.options.name} has all to ${reach}, and never got ${behind[0]?.id}`,
  );
};
