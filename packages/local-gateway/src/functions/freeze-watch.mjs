import { createHook } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import timers from 'node:timers';

/**
 * Sees what a function does after its answer, when Lambda has frozen its process: what it began before and did not wait for,
 * and what it begins now.
 *
 * Requests are followed by Node’s diagnostics channels; what begins during the freeze by async hooks, and writes to sockets
 * that are open already by the method that all of them go through; timers by the functions that set them. This cannot see:
 * work that keeps to the processor, lines that are logged, what native add-ons and threads of the function’s own do, and what
 * began and ended before the answer.
 *
 * @typedef {{ what: string, stack: string }} Breach
 */

/** What reaches for the network, the disk or another process, by the names of async hooks. */
const REACHING = new Map([
  ['TCPCONNECTWRAP', 'opened a connection'],
  ['PIPECONNECTWRAP', 'opened a connection'],
  ['GETADDRINFOREQWRAP', 'asked for an address'],
  ['QUERYWRAP', 'asked for an address'],
  ['UDPWRAP', 'opened a datagram socket'],
  ['HTTPCLIENTREQUEST', 'sent a request'],
  ['FSREQCALLBACK', 'used a file'],
  ['FSREQPROMISE', 'used a file'],
  ['PROCESSWRAP', 'started a process'],
]);

/** What Node sets for itself as well: only where the function’s own code did it does it count. */
const OWN = new Map([
  ['Timeout', 'set a timer'],
  ['Immediate', 'set an immediate'],
]);

const isNodes = (/** @type {string} */ line) =>
  /\(node:|at node:|freeze-watch|instance-runtime|^\s*at [^(]*\(<anonymous>\)$/u.test(line);

/** @returns {string[]} */
const ownFramesOf = (/** @type {Error} */ error) =>
  (error.stack ?? '')
    .split('\n')
    .slice(1)
    .filter((line) => !isNodes(line))
    .map((line) => line.trim());

const ownFrames = () => ownFramesOf(new Error('stack'));

/** Headers that tell what a request is for, and never who sends it. */
const nameOf = (/** @type {any} */ request) => {
  const target = request.getHeader?.('x-amz-target') ?? '';
  const path = String(request.path ?? '').split('?', 1)[0];
  return `${request.method} ${request.host ?? ''}${path} ${target}`.trim();
};

/** @param {(breach: Breach) => void} tell */
export const watchFreeze = (tell) => {
  /** @type {Map<object, string>} */
  const underWay = new Map();
  let isFrozen = false;
  let isTelling = false;

  const breach = (/** @type {string} */ what, /** @type {readonly string[]} */ frames) => {
    if (isTelling) return;
    isTelling = true;
    tell({ what, stack: frames.slice(0, 8).join('\n') });
    isTelling = false;
  };

  subscribe('http.client.request.start', (/** @type {any} */ { request }) => {
    underWay.set(request, nameOf(request));
    request.once('close', () => underWay.delete(request));
  });
  subscribe('undici:request:create', (/** @type {any} */ { request }) => {
    underWay.set(request, `${request.method} ${request.origin}${String(request.path).split('?', 1)[0]}`);
    if (isFrozen) breach('sent a request', ownFrames());
  });
  for (const end of ['undici:request:trailers', 'undici:request:error']) {
    subscribe(end, (/** @type {any} */ { request }) => void underWay.delete(request));
  }

  // A timer that was set before the answer and is called after it: it runs in the midst of another invocation, or never.
  for (const name of /** @type {const} */ (['setTimeout', 'setInterval', 'setImmediate'])) {
    const set = /** @type {any} */ (timers)[name];
    const watched = (/** @type {any} */ task, /** @type {any[]} */ ...rest) => {
      const at = new Error('set here');
      const called = (/** @type {any[]} */ ...given) => {
        const frames = isFrozen ? ownFramesOf(at) : [];
        if (frames.length > 0) breach('left a timer', frames);
        return task(...given);
      };
      return set(typeof task === 'function' ? called : task, ...rest);
    };
    Object.defineProperties(watched, Object.getOwnPropertyDescriptors(set));
    /** @type {any} */ (timers)[name] = watched;
    /** @type {any} */ (globalThis)[name] = watched;
  }
  syncBuiltinESMExports();

  const prototype = /** @type {any} */ (Socket.prototype);
  const write = prototype._writeGeneric;
  prototype._writeGeneric = function (/** @type {any[]} */ ...args) {
    if (isFrozen) breach('wrote to a connection', ownFrames());
    return write.apply(this, args);
  };

  const hook = createHook({
    init(_id, type) {
      const reaching = REACHING.get(type);
      if (reaching !== undefined) return breach(reaching, ownFrames());
      const own = OWN.get(type);
      const frames = own === undefined ? [] : ownFrames();
      if (own !== undefined && frames.length > 0) breach(own, frames);
    },
  });

  return {
    /** From now on nothing may be done. What is under way was not waited for. */
    freeze() {
      for (const what of underWay.values()) breach(`did not wait for ${what}`, []);
      underWay.clear();
      isFrozen = true;
      hook.enable();
    },
    thaw() {
      isFrozen = false;
      hook.disable();
    },
  };
};
