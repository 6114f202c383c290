/** What a heap keeps. `index` is the heap’s own, so that a node can be taken out without a search. */
export interface HeapNode {
  readonly at: number;
  index: number;
}

/** A binary heap, the smallest `at` first. */
export class Heap<N extends HeapNode> {
  readonly #nodes: N[] = [];

  get size(): number {
    return this.#nodes.length;
  }

  peek(): N | undefined {
    return this.#nodes[0];
  }

  push(node: N): void {
    this.#nodes.push(node);
    this.#up(node, this.#nodes.length - 1);
  }

  remove(node: N): void {
    if (this.#nodes[node.index] !== node) return;
    const last = this.#nodes.pop() as N;
    if (last !== node) {
      this.#up(last, node.index);
      this.#down(last, last.index);
    }
    node.index = -1;
  }

  #set(node: N, index: number): void {
    this.#nodes[index] = node;
    node.index = index;
  }

  #up(node: N, from: number): void {
    let index = from;
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = this.#nodes[parentIndex] as N;
      if (parent.at <= node.at) break;
      this.#set(parent, index);
      index = parentIndex;
    }
    this.#set(node, index);
  }

  #down(node: N, from: number): void {
    let index = from;
    for (;;) {
      let child = this.#nodes[2 * index + 1];
      const right = this.#nodes[2 * index + 2];
      if (child !== undefined && right !== undefined && right.at < child.at) child = right;
      if (child === undefined || child.at >= node.at) break;
      const childIndex = child.index;
      this.#set(child, index);
      index = childIndex;
    }
    this.#set(node, index);
  }
}
