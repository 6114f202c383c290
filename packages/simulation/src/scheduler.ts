import type { Random } from './random.js';

interface Step {
  readonly run: () => void;
  /** How often it is passed over before it runs. */
  wait: number;
  /** The life of the server that it belongs to: it ends with it. */
  readonly life: object | undefined;
}

/** Resolves when nothing is left that runs without a further step. */
const atRest = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Everything that could happen next; chance decides what does. Between two steps everything that may run has run. */
export class Scheduler {
  readonly #random: Random;
  readonly #ended = new WeakSet<object>();
  #steps: Step[] = [];
  /** What is due: it runs before anything else. */
  #urgent: Step[] = [];
  /** How many steps have run. */
  count = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  get pending(): number {
    return this.#steps.length + this.#urgent.length;
  }

  get isUrgent(): boolean {
    return this.#urgent.length > 0;
  }

  add(run: () => void, life?: object, wait = 0): void {
    if (life !== undefined && this.#ended.has(life)) return;
    this.#steps.push({ run, wait, life });
  }

  /** Runs this as the next step. */
  next(run: () => void, life: object): void {
    if (!this.#ended.has(life)) this.#urgent.push({ run, wait: 0, life });
  }

  /** Ends what belongs to a life of the server, wherever it stands. */
  end(life: object): void {
    this.#ended.add(life);
    this.#steps = this.#steps.filter((step) => step.life !== life);
    this.#urgent = this.#urgent.filter((step) => step.life !== life);
  }

  /** Runs one step, where there is one. */
  async step(): Promise<void> {
    const urgent = this.#urgent.shift();
    if (urgent !== undefined) return this.#run(urgent);
    if (this.#steps.length === 0) return;
    for (;;) {
      const index = this.#random.below(this.#steps.length);
      const step = this.#steps[index] as Step;
      if (step.wait > 0) {
        step.wait -= 1;
        continue;
      }
      const last = this.#steps.pop() as Step;
      if (last !== step) this.#steps[index] = last;
      return this.#run(step);
    }
  }

  #run(step: Step): Promise<void> {
    this.count += 1;
    step.run();
    return atRest();
  }

  /** Lets run what an action outside of a step has begun. */
  settle(): Promise<void> {
    this.count += 1;
    return atRest();
  }
}
