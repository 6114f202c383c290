import type { LocalCluster, LocalNode } from '@aideals/local-cluster';
import { messageOf } from '../user-error.js';
import { Restarts } from './restarts.js';

/** Says which nodes go and come, and starts those again that ended, where that is asked for. */
export class ClusterWatch {
  readonly #say: (line: string) => void;
  readonly #isRestarting: boolean;
  readonly #restarts = new Map<LocalNode, Restarts>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #began = new Map<LocalNode, number>();
  #isOver = false;

  constructor(say: (line: string) => void, isRestarting: boolean) {
    this.#say = say;
    this.#isRestarting = isRestarting;
  }

  /** All nodes are up. */
  begun(cluster: LocalCluster): void {
    for (const node of cluster.nodes) this.#began.set(node, performance.now());
  }

  /** From here on ends are meant. */
  over(): void {
    this.#isOver = true;
    for (const timer of this.#timers) clearTimeout(timer);
  }

  ended(node: LocalNode, how: string): void {
    const began = this.#began.get(node);
    if (this.#isOver || began === undefined) return;
    if (!this.#isRestarting) {
      this.#say(`${node.name} is gone (${how}); its clients come back to the others`);
      return;
    }
    const restarts = this.#restarts.get(node) ?? new Restarts();
    this.#restarts.set(node, restarts);
    const wait = restarts.next(performance.now() - began);
    this.#say(`${node.name} is gone (${how}); its clients come back to the others; it is started again in ${wait} ms`);
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      void this.#restart(node);
    }, wait);
    this.#timers.add(timer);
  }

  async #restart(node: LocalNode): Promise<void> {
    this.#began.set(node, performance.now());
    try {
      await node.start();
      if (!this.#isOver) this.#say(`${node.name} is back: process ${node.pid}`);
    } catch (error) {
      this.ended(node, `did not start: ${messageOf(error).split('\n').at(-1)}`);
    }
  }
}
