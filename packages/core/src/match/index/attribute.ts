import type { Scalar } from '../conditions.js';
import { HashTrie } from './hash-trie.js';
import type { Kept } from './records.js';
import type { Store } from './store.js';

/** Where the ids of values come from. */
type IdSource = Pick<Store<Kept>['values'], 'take' | 'hold' | 'release'>;

/** A bound that filters put on an attribute, and how many do. */
interface Bound {
  readonly id: number;
  references: number;
}

/** What the filters of a topic ask of one attribute (or of the words of an event). */
export class Attribute {
  readonly #store: Pick<Store<Kept>, 'takeBound' | 'giveBound'> & { readonly values: IdSource };
  /** The ids of the values that are asked for. */
  readonly #values = new HashTrie<number>();
  least: Bound | undefined = undefined;
  most: Bound | undefined = undefined;

  constructor(store: Pick<Store<Kept>, 'takeBound' | 'giveBound'> & { readonly values: IdSource }) {
    this.#store = store;
  }

  get isUnused(): boolean {
    return this.#values.size === 0 && this.least === undefined && this.most === undefined;
  }

  get isBounded(): boolean {
    return this.least !== undefined || this.most !== undefined;
  }

  idOf(value: Scalar): number | undefined {
    return this.#values.get(value);
  }

  hold(value: Scalar): number {
    const { values } = this.#store;
    let id = this.#values.get(value);
    if (id === undefined) {
      id = values.take();
      this.#values.set(value, id);
    }
    values.hold(id);
    return id;
  }

  release(value: Scalar): void {
    if (this.#store.values.release(this.#values.get(value) as number)) this.#values.delete(value);
  }

  holdBound(isLeast: boolean): number {
    const bound = (isLeast ? this.least : this.most) ?? { id: this.#store.takeBound(), references: 0 };
    bound.references += 1;
    if (isLeast) this.least = bound;
    else this.most = bound;
    return bound.id;
  }

  releaseBound(isLeast: boolean): void {
    const bound = (isLeast ? this.least : this.most) as Bound;
    bound.references -= 1;
    if (bound.references > 0) return;
    this.#store.giveBound(bound.id);
    if (isLeast) this.least = undefined;
    else this.most = undefined;
  }
}
