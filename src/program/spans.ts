/**
 * Numbered places as the leaves of a tree, whose nodes are numbered as well. A range of places is made up of few nodes. Of two ranges that
 * overlap one holds the first place of the other, so that a node above that place is among those that make up the former.
 */
export class Spans {
  readonly #leaves: number;

  constructor(places: number) {
    this.#leaves = 2 ** Math.ceil(Math.log2(Math.max(places, 1)));
  }

  /** Above the numbers of all nodes. */
  get nodes(): number {
    return 2 * this.#leaves;
  }

  /** Visits the nodes that make up the places from `first` to `last`, both included. */
  within(first: number, last: number, visit: (node: number) => void): void {
    let begin = first + this.#leaves;
    let end = last + this.#leaves + 1;
    for (; begin < end; begin >>= 1, end >>= 1) {
      if (begin & 1) visit(begin++);
      if (end & 1) visit(--end);
    }
  }

  /** Visits the nodes that hold `place`. */
  above(place: number, visit: (node: number) => void): void {
    for (let node = place + this.#leaves; node > 0; node >>= 1) visit(node);
  }
}

/** Ranges of bytes that are taken, in order; those that touch are one. */
export class Taken {
  readonly #begins: number[] = [];
  readonly #ends: number[] = [];

  add(begin: number, end: number): void {
    const [begins, ends] = [this.#begins, this.#ends];
    const at = firstFrom(ends, begin);
    let behind = at;
    while (behind < begins.length && begins[behind] <= end) behind++;
    if (behind === at + 1) {
      begins[at] = Math.min(begin, begins[at]);
      ends[at] = Math.max(end, ends[at]);
    } else {
      begins.splice(at, behind - at, behind > at ? Math.min(begin, begins[at]) : begin);
      ends.splice(at, behind - at, behind > at ? Math.max(end, ends[behind - 1]) : end);
    }
  }

  /** The lowest offset from `offset` on where so many bytes are free; `spend` is told how many ranges were looked at. */
  lowest(offset: number, bytes: number, spend: (steps: number) => void): number {
    const [begins, ends] = [this.#begins, this.#ends];
    const first = firstFrom(ends, offset + 1);
    let [at, lowest] = [first, offset];
    for (; at < begins.length && begins[at] < lowest + bytes; at++) lowest = ends[at];
    spend(1 + at - first);
    return lowest;
  }
}

/** Index of the first of `sorted` that is not below `number`. */
function firstFrom(sorted: readonly number[], number: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] < number) low = middle + 1;
    else high = middle;
  }
  return low;
}
