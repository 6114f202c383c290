import type { Filters, Json, JsonObject } from '@aideals/protocol';
import { boundedAttribute, type Condition, conditionsOf, type Scalar, wordsOf } from '../conditions.js';
import { Attribute } from './attribute.js';
import { Cell } from './cell.js';
import { HashTrie } from './hash-trie.js';
import { type Kept, NONE, type Recipe } from './records.js';
import type { Store } from './store.js';

type Listing = Extract<Condition, { kind: 'any' | 'words' }>;

const isListing = (condition: Condition): condition is Listing => condition.kind !== 'bound';

const listedBy = (condition: Listing): ReadonlySet<Scalar> =>
  condition.kind === 'any' ? condition.values : condition.words;

/**
 * The filters of one topic, so kept that those which an event fulfils are found without a look at most of the others. Each
 * is found by the values of one of its conditions, the rarest when it came; where many are found by the same value, or a
 * filter has nothing but bounds, they stand in the order of a bound. What is found is decided exactly.
 */
export class FilterIndex<T extends Kept> {
  readonly #store: Store<T>;
  readonly #attributes = new HashTrie<Attribute>();
  #words: Attribute | undefined;
  /** Those without a condition that names values. */
  #others: Cell<T> | undefined;

  constructor(store: Store<T>) {
    this.#store = store;
  }

  /** Takes in filters, and sets the address of what is found by them. */
  add(filters: Filters, item: T): void {
    const { records, values } = this.#store;
    const conditions = conditionsOf(filters);
    const recipe = this.#recipeOf(conditions);
    records.add(recipe, item);
    const { address } = item;
    const access = conditions[recipe.access] as Listing | undefined;
    if (access === undefined) {
      this.#others ??= new Cell(records);
      this.#others.add(address);
    } else {
      const attribute = this.#attributeOf(access);
      for (const value of listedBy(access)) values.add(attribute.idOf(value) as number, address);
    }
  }

  /** Removes filters that were added with this item. */
  remove(filters: Filters, { address }: T): void {
    const { records, values } = this.#store;
    const conditions = conditionsOf(filters);
    const access = conditions[records.accessOf(address)] as Listing | undefined;
    if (access === undefined) {
      this.#others?.remove(address);
      if (this.#others?.size === 0) this.#others = undefined;
    } else {
      const attribute = this.#attributeOf(access);
      for (const value of listedBy(access)) values.remove(attribute.idOf(value) as number, address);
    }
    records.remove(address);
    for (const condition of conditions) this.#release(condition);
  }

  /** The items of the filters that an event fulfils, each once. */
  find(attributes: JsonObject): T[] {
    const { records, values } = this.#store;
    const told: number[] = [];
    const bounds: number[] = [];
    for (const name of Object.keys(attributes)) {
      const attribute = this.#attributes.get(name);
      if (attribute !== undefined) this.#tell(attribute, attributes[name] ?? null, name !== 'discount', told, bounds);
    }
    const discount = this.#attributes.get('discount');
    if (discount?.isBounded === true) {
      this.#tellNumbers(discount, boundedAttribute(attributes, 'discount') ?? null, bounds);
    }
    if (this.#words !== undefined) {
      for (const word of wordsOf(attributes)) this.#tellValue(this.#words, word, told);
    }
    const found: T[] = [];
    for (const id of told) values.find(id, bounds, found);
    this.#others?.find(bounds, found);
    records.forget(told, bounds);
    return found;
  }

  #tell(attribute: Attribute, value: Json, isBounded: boolean, told: number[], bounds: number[]): void {
    if (Array.isArray(value)) for (const each of value) this.#tellValue(attribute, each, told);
    else this.#tellValue(attribute, value, told);
    if (isBounded && attribute.isBounded) this.#tellNumbers(attribute, value, bounds);
  }

  #tellValue(attribute: Attribute, value: Json, told: number[]): void {
    if (typeof value === 'object') return;
    const id = attribute.idOf(value);
    if (id !== undefined && this.#store.records.tell(id)) told.push(id);
  }

  #tellNumbers({ least, most }: Attribute, value: Json, bounds: number[]): void {
    const { records } = this.#store;
    for (const each of Array.isArray(value) ? value : [value]) {
      if (typeof each !== 'number') continue;
      if (least !== undefined) records.tellNumber(least.id, each);
      if (most !== undefined) records.tellNumber(most.id, -each);
    }
    for (const bound of [least, most]) {
      if (bound !== undefined && records.greatest(bound.id) !== Number.NEGATIVE_INFINITY) bounds.push(bound.id);
    }
  }

  #attributeOf(condition: Condition): Attribute {
    if (condition.kind === 'words') {
      this.#words ??= new Attribute(this.#store);
      return this.#words;
    }
    let attribute = this.#attributes.get(condition.name);
    if (attribute === undefined) {
      attribute = new Attribute(this.#store);
      this.#attributes.set(condition.name, attribute);
    }
    return attribute;
  }

  #release(condition: Condition): void {
    const attribute = this.#attributeOf(condition);
    if (isListing(condition)) for (const value of listedBy(condition)) attribute.release(value);
    else attribute.releaseBound(condition.isLeast);
    if (!attribute.isUnused) return;
    if (condition.kind === 'words') this.#words = undefined;
    else this.#attributes.delete(condition.name);
  }

  #recipeOf(conditions: readonly Condition[]): Recipe {
    const bounds: number[] = [];
    const limits: number[] = [];
    const listings: { readonly n: number; readonly ids: readonly number[] }[] = [];
    for (const [n, condition] of conditions.entries()) {
      const attribute = this.#attributeOf(condition);
      if (isListing(condition)) {
        listings.push({ n, ids: Array.from(listedBy(condition), (value) => attribute.hold(value)) });
      } else {
        bounds.push(attribute.holdBound(condition.isLeast));
        limits.push(condition.isLeast ? condition.limit : -condition.limit);
      }
    }
    const access = this.#rarest(listings);
    const values: number[] = [];
    for (const listing of listings) {
      if (listing === access) continue;
      if (listing.ids.length !== 1) values.push(-listing.ids.length);
      values.push(...listing.ids);
    }
    return { access: access?.n ?? NONE, isMultiple: (access?.ids.length ?? 1) > 1, bounds, limits, values };
  }

  /** The one by which the fewest others are found. */
  #rarest<L extends { readonly ids: readonly number[] }>(listings: readonly L[]): L | undefined {
    let best: L | undefined;
    let fewest = Number.POSITIVE_INFINITY;
    for (const listing of listings) {
      // What is found by several values costs a place for each.
      let count = listing.ids.length;
      for (const id of listing.ids) count += this.#store.values.count(id);
      if (count < fewest) {
        fewest = count;
        best = listing;
      }
    }
    return best;
  }
}
