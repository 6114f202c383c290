let served = 0;

/** Does as its event says. */
const ways = {
  count: () => {
    served += 1;
    return { served, env: process.env };
  },
  hang: () => new Promise(() => undefined),
  throw: () => {
    throw new TypeError('wrong on purpose');
  },
  exit: () => process.exit(3),
  crash: () => {
    void Promise.reject(new Error('nobody caught this'));
    return new Promise(() => undefined);
  },
  large: ({ bytes }) => 'x'.repeat(bytes),
  nothing: () => undefined,
  log: () => void process.stdout.write('a line\n'),
  context: (_, context) => ({ ...context, remaining: context.getRemainingTimeInMillis() }),
};

export const handler = async (event, context) => ways[event.way](event, context);
