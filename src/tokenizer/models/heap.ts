/** Numbers of which the least comes first. */
export class Heap {
  readonly #numbers: number[] = [];

  get size(): number {
    return this.#numbers.length;
  }

  push(value: number): void {
    const heap = this.#numbers;
    let at = heap.push(value) - 1;
    for (let above = (at - 1) >> 1; at > 0 && heap[above] > value; above = (at - 1) >> 1) {
      heap[at] = heap[above];
      at = above;
    }
    heap[at] = value;
  }

  /** Takes the least away. */
  pop(): number {
    const heap = this.#numbers;
    const top = heap[0];
    const last = heap.pop() as number;
    if (heap.length === 0) return top;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && heap[below + 1] < heap[below]) below++;
      if (heap[below] >= last) break;
      heap[at] = heap[below];
      at = below;
    }
    heap[at] = last;
    return top;
  }
}
