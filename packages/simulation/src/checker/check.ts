import type { MakeLaw } from './law.js';
import { answers } from './laws/answers.js';
import { capacity } from './laws/capacity.js';
import { closing } from './laws/closing.js';
import { conversations } from './laws/conversations.js';
import { events } from './laws/events.js';
import { log } from './laws/log.js';
import { mailbox } from './laws/mailbox.js';
import { memory } from './laws/memory.js';
import { presence } from './laws/presence.js';
import { publishing } from './laws/publishing.js';
import { streams } from './laws/streams.js';
import { subscriptions } from './laws/subscriptions.js';
import { tokens } from './laws/tokens.js';
import { Broken, type Rules, type Seen } from './trace.js';
import { View } from './view.js';

/** The order matters: answers find the request, subscriptions say what events may come. */
const laws: readonly MakeLaw[] = [
  answers,
  closing,
  subscriptions,
  events,
  streams,
  publishing,
  log,
  conversations,
  mailbox,
  capacity,
  presence,
  tokens,
  memory,
];

/** The first law that a trace breaks; undefined where all hold. */
export const check = (trace: readonly Seen[], rules: Rules): Broken | undefined => {
  const view = new View(trace, rules);
  const watching = laws.map((make) => make(view));
  try {
    for (const item of trace) {
      view.see(item);
      for (const law of watching) law.see(item);
    }
    for (const law of watching) law.end?.();
  } catch (error) {
    if (error instanceof Broken) return error;
    throw error;
  }
  return undefined;
};
