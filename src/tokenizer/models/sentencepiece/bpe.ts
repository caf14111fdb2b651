import { Heap } from '../heap.ts';
import { characterEnd, type OnPieceEnd, type Pieces, type Segmentation } from './pieces.ts';

/** Ranks and places share a number; both have to fit. */
const PLACES = 2 ** 31;

/**
 * Characters, merged where two side by side are a piece: the one with the best score first, and the first of equal ones. User-defined symbols are never
 * merged, and pieces that are not in use only on the way to others, as in `bpe_model.cc`.
 */
export const bpe: Segmentation = (pieces) => {
  const ranks = ranksOf(pieces.scores);
  return (text, start, end, piece) => new Chain(pieces, ranks, text, start, end).merged(piece);
};

/** The place of each score among all, the best first. */
function ranksOf(scores: Float32Array): Int32Array {
  const sorted = [...new Set(scores)].sort((a, b) => b - a);
  const ranks = new Map(sorted.map((score, rank) => [score, rank]));
  return Int32Array.from(scores, (score) => ranks.get(score) as number);
}

/** The characters of a text while they are merged. */
class Chain {
  readonly #pieces: Pieces;
  readonly #ranks: Int32Array;
  readonly #text: string;
  readonly #start: number;
  readonly #end: number;
  /** By place, counted from the start: where what begins there ends, and where what stands before it begins. */
  readonly #ends: Int32Array;
  readonly #before: Int32Array;
  readonly #isFrozen: Uint8Array;
  readonly #waiting = new Heap();
  /** Of pieces that are not in use, where their first half ended when they were made. */
  readonly #halves = new Map<number, number>();

  constructor(pieces: Pieces, ranks: Int32Array, text: string, start: number, end: number) {
    [this.#pieces, this.#ranks, this.#text, this.#start, this.#end] = [pieces, ranks, text, start, end];
    [this.#ends, this.#before] = [new Int32Array(end - start), new Int32Array(end - start + 1).fill(-1)];
    this.#isFrozen = new Uint8Array(end - start);
  }

  merged(piece: OnPieceEnd): void {
    this.#spell();
    const length = this.#end - this.#start;
    for (let at = 0; at < length; at = this.#ends[at]) this.#offer(at);
    while (this.#waiting.size > 0) {
      const top = this.#waiting.pop();
      const at = top % PLACES;
      if (this.#ends[at] === 0 || this.#ends[at] === length || this.#ranks[this.#pairAt(at)] !== (top - at) / PLACES) continue;
      const next = this.#ends[at];
      this.#ends[at] = this.#ends[next];
      this.#ends[next] = 0;
      this.#before[this.#ends[at]] = at;
      this.#offer(this.#before[at]);
      this.#offer(at);
    }
    for (let at = 0; at < length; at = this.#ends[at]) this.#emit(this.#start + at, this.#start + this.#ends[at], piece);
  }

  #spell(): void {
    for (let at = this.#start; at < this.#end; ) {
      const symbol = this.#pieces.symbolEnd(this.#text, at, this.#end);
      const next = symbol < 0 ? characterEnd(this.#text, at) : symbol;
      const place = at - this.#start;
      this.#isFrozen[place] = symbol < 0 ? 0 : 1;
      this.#ends[place] = next - this.#start;
      this.#before[next - this.#start] = place;
      at = next;
    }
  }

  /** The piece that what is at `at` and what follows are together, or -1. */
  #pairAt(at: number): number {
    const next = this.#ends[at];
    if (this.#isFrozen[at] || this.#isFrozen[next] || this.#ends[next] - at > this.#pieces.longest) return -1;
    const id = this.#pieces.idOf(this.#text, this.#start + at, this.#start + this.#ends[next]);
    return id === this.#pieces.unknown ? -1 : id;
  }

  /** Lets the pair at `at` wait, if it is a piece. */
  #offer(at: number): void {
    if (at < 0 || this.#ends[at] === this.#end - this.#start) return;
    const id = this.#pairAt(at);
    if (id < 0) return;
    this.#waiting.push(this.#ranks[id] * PLACES + at);
    if (this.#pieces.typeOf(id) === 'unused') this.#halves.set(id, this.#ends[at] - at);
  }

  /** A piece that is not in use is the two of which it was made. */
  #emit(start: number, end: number, piece: OnPieceEnd): void {
    const ends = [end];
    for (let from = start; ends.length > 0; ) {
      const to = ends[ends.length - 1];
      const id = this.#pieces.idOf(this.#text, from, to);
      const half = this.#pieces.typeOf(id) === 'unused' ? this.#halves.get(id) : undefined;
      if (half !== undefined) ends.push(from + half);
      else {
        piece(id, to);
        from = ends.pop() as number;
      }
    }
  }
}
