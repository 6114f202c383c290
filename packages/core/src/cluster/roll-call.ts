import type { Bus, Clock, Telemetry } from '../ports/index.js';

export interface RollCallOptions {
  readonly nodeId: string;
  /** Names what the nodes of one deployment share. */
  readonly deployment: string;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

interface Call {
  readonly node: string;
  readonly deployment: string;
  /** Unix milliseconds. */
  readonly clock: number;
}

const CHANNEL = 'nodes';
const SKEW_MS = 5_000;
/** Calls between two warnings of the same thing: at one in five seconds, ten minutes. */
const CALLS_BETWEEN = 120;
/** Calls for which a node may be silent. */
const MOST_SILENT = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

const callOf = (bytes: Uint8Array): Call | undefined => {
  try {
    const { node, deployment, clock } = JSON.parse(decoder.decode(bytes)) as Partial<Call>;
    if (typeof node !== 'string' || typeof deployment !== 'string' || typeof clock !== 'number') return undefined;
    return { node, deployment, clock };
  } catch {
    return undefined;
  }
};

/**
 * All who use one bus tell each other who they are, from time to time: clocks that differ, and deployments that were meant
 * to be apart, are noticed. A clock is judged only by those behind it: a call may come late, but never early.
 */
export class RollCall {
  readonly #options: RollCallOptions;
  readonly #strangers = new Set<string>();
  readonly #skewed = new Map<string, number>();
  /** The call of this node at which another was heard last, or missed first. */
  readonly #heard = new Map<string, number>();
  #calls = 0;
  readonly #listener = (bytes: Uint8Array): void => this.#hear(bytes);

  constructor(options: RollCallOptions) {
    this.#options = options;
  }

  async call(): Promise<void> {
    const { bus, nodeId, deployment, clock } = this.#options;
    await bus.subscribe(CHANNEL, this.#listener);
    const call: Call = { node: nodeId, deployment, clock: clock.now() };
    await bus.publish(CHANNEL, encoder.encode(JSON.stringify(call)));
    // Not where it failed: who does not hear misses everyone.
    this.#calls += 1;
  }

  /**
   * Nodes that live by their leases must be heard: one that is not, though this node hears, is cut off from the bus, or is on
   * another one. Told to the log, and again after some time.
   */
  miss(nodes: ReadonlySet<string>): void {
    const { nodeId, telemetry } = this.#options;
    for (const node of this.#heard.keys()) if (!nodes.has(node)) this.#heard.delete(node);
    for (const node of nodes) {
      if (node === nodeId) continue;
      const heard = this.#heard.get(node);
      if (heard === undefined) this.#heard.set(node, this.#calls);
      else if ((this.#calls - heard) % CALLS_BETWEEN === MOST_SILENT) telemetry.event({ name: 'unheard-node', node });
    }
  }

  async end(): Promise<void> {
    await this.#options.bus.unsubscribe(CHANNEL, this.#listener);
  }

  #hear(bytes: Uint8Array): void {
    const call = callOf(bytes);
    const { nodeId, deployment, clock, telemetry } = this.#options;
    if (call === undefined || call.node === nodeId) return;
    this.#heard.set(call.node, this.#calls);
    if (call.deployment !== deployment && !this.#strangers.has(call.deployment)) {
      this.#strangers.add(call.deployment);
      telemetry.event({ name: 'other-deployment', node: call.node, deployment: call.deployment });
    }
    const ahead = call.clock - clock.now();
    if (ahead <= SKEW_MS) return;
    const calls = this.#skewed.get(call.node) ?? 0;
    this.#skewed.set(call.node, (calls + 1) % CALLS_BETWEEN);
    if (calls === 0) telemetry.event({ name: 'clock-skew', node: call.node, ahead });
  }
}
