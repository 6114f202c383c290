type Key = string | number | boolean;

/** What a map may hold before it is parted: growing one of this size takes well under a millisecond. */
const LEAF = 1_024;
const BITS = 4;
const FAN = 1 << BITS;
/** Where the bits of the hash are used up, a leaf grows without bound. */
const DEEPEST = Math.floor(32 / BITS);

const bits = new DataView(new ArrayBuffer(8));

const mixed = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};

const hashOf = (key: Key): number => {
  if (typeof key === 'string') {
    let hash = 0x811c9dc5;
    for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
    return mixed(hash);
  }
  // -0 is 0 to a map, and so it is here.
  bits.setFloat64(0, Number(key) + 0);
  return mixed(bits.getInt32(0) ^ Math.imul(bits.getInt32(4), 0x9e3779b1));
};

type Leaf<V> = Map<Key, V>;
type Node<V> = Leaf<V> | Branch<V>;

class Branch<V> {
  readonly children: Node<V>[] = [];
}

/** A map of any size that never stops to grow as a whole: a map of maps, each small. */
export class HashTrie<V> {
  #root: Node<V> = new Map();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(key: Key): V | undefined {
    const root = this.#root;
    if (root instanceof Map) return root.get(key);
    let hash = hashOf(key);
    let node: Node<V> = root;
    while (node instanceof Branch) {
      node = node.children[hash & (FAN - 1)] as Node<V>;
      hash >>>= BITS;
    }
    return node.get(key);
  }

  set(key: Key, value: V): void {
    let parent: Branch<V> | undefined;
    let at = 0;
    let depth = 0;
    let hash = this.#root instanceof Map ? 0 : hashOf(key);
    let node = this.#root;
    while (node instanceof Branch) {
      parent = node;
      at = hash & (FAN - 1);
      node = node.children[at] as Node<V>;
      hash >>>= BITS;
      depth += 1;
    }
    const before = node.size;
    node.set(key, value);
    this.#size += node.size - before;
    if (node.size <= LEAF || depth >= DEEPEST) return;
    const parted = HashTrie.#part(node, depth * BITS);
    if (parent === undefined) this.#root = parted;
    else parent.children[at] = parted;
  }

  delete(key: Key): void {
    let node = this.#root;
    let hash = node instanceof Map ? 0 : hashOf(key);
    while (node instanceof Branch) {
      node = node.children[hash & (FAN - 1)] as Node<V>;
      hash >>>= BITS;
    }
    if (!node.delete(key)) return;
    this.#size -= 1;
    if (this.#size === 0) this.#root = new Map();
  }

  static #part<V>(leaf: Leaf<V>, shift: number): Branch<V> {
    const branch = new Branch<V>();
    for (let i = 0; i < FAN; i += 1) branch.children.push(new Map());
    for (const [key, value] of leaf) {
      (branch.children[(hashOf(key) >>> shift) & (FAN - 1)] as Leaf<V>).set(key, value);
    }
    return branch;
  }
}
