import type { Row } from '../text/encode.ts';

/** What rows are of. */
export interface Ticketed {
  /** Less for what came before. */
  readonly ticket: number;
}

/** A row that waits to be run. */
export interface Waiting<Job extends Ticketed> {
  readonly job: Job;
  readonly row: Row;
  /** Its number in its job. */
  readonly number: number;
  /** Whether it runs beside rows of its own job alone, since it was in a batch that failed. */
  readonly isApart?: boolean;
}

/** How much a batch takes. */
export interface Room {
  rows: number;
  tokens: number;
}

/** What waits of a client. */
interface Line<Job extends Ticketed> {
  readonly client: string;
  waiting: Waiting<Job>[];
  /** Tokens that it may still take in its turn. */
  credit: number;
}

/** Tokens of a turn. */
const TURN = 256;

const tokensOf = ({ row }: Waiting<Ticketed>): number => row.ids.length;

/**
 * Rows of several clients, taken in turns of as many tokens (deficit round robin, Shreedhar and Varghese 1995): those of a client in the order in
 * which they came, and none behind more of another client than its turns.
 */
export class Turns<Job extends Ticketed> {
  /** Whose turn is next stands first. */
  readonly #lines = new Map<string, Line<Job>>();
  readonly #kindOf: (waiting: Waiting<Job>) => string;
  #size = 0;
  #tokens = 0;

  /** @param kindOf what rows of a batch have in common */
  constructor(kindOf: (waiting: Waiting<Job>) => string) {
    this.#kindOf = kindOf;
  }

  /** How many rows wait. */
  get size(): number {
    return this.#size;
  }

  /** How many tokens they have. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Puts rows of a job behind all of the client that came before it. */
  add(client: string, rows: readonly Waiting<Job>[]): void {
    const line = this.#lines.get(client) ?? { client, waiting: [], credit: 0 };
    const behind = line.waiting.findIndex(({ job }) => job.ticket > rows[0].job.ticket);
    const at = behind < 0 ? line.waiting.length : behind;
    line.waiting = [...line.waiting.slice(0, at), ...rows, ...line.waiting.slice(at)];
    this.#lines.set(client, line);
    for (const row of rows) this.#count(row, 1);
  }

  /** Takes away what waits of a job. */
  drop(client: string, job: Job): void {
    const line = this.#lines.get(client);
    if (!line) return;
    for (const each of line.waiting) if (each.job === job) this.#count(each, -1);
    line.waiting = line.waiting.filter((each) => each.job !== job);
    if (line.waiting.length === 0) this.#lines.delete(client);
  }

  /** The rows of the next batch, all of one kind. One that has more tokens than there is room for is alone. */
  take(most: Room): Waiting<Job>[] {
    const [head] = this.#lines.values();
    const batch: Waiting<Job>[] = [];
    if (!head) return batch;
    const kind = this.#kindOf(head.waiting[0]);
    const room = { ...most };
    const turns = [...this.#lines.values()].filter(({ waiting }) => this.#kindOf(waiting[0]) === kind);
    for (let line = turns.shift(); line; line = turns.shift()) {
      this.#serve(line, kind, batch, room);
      const [next] = line.waiting;
      const isFull = next !== undefined && batch.length > 0 && !fits(next, room);
      const goesOn = isFull && tokensOf(next) <= line.credit;
      if (!goesOn) this.#lines.delete(line.client);
      if (next && !goesOn) this.#lines.set(line.client, line);
      if (isFull) break;
      if (next && this.#kindOf(next) === kind) turns.push(line);
    }
    return batch;
  }

  /** Gives a client its turn. */
  #serve(line: Line<Job>, kind: string, batch: Waiting<Job>[], room: Room): void {
    if (line.credit < tokensOf(line.waiting[0])) line.credit += TURN;
    let taken = 0;
    for (const next of line.waiting) {
      const isNext = tokensOf(next) <= line.credit && (batch.length === 0 || fits(next, room)) && this.#kindOf(next) === kind;
      if (!isNext) break;
      batch.push(next);
      line.credit -= tokensOf(next);
      room.tokens -= tokensOf(next);
      room.rows--;
      this.#count(next, -1);
      taken++;
    }
    line.waiting = line.waiting.slice(taken);
  }

  #count(waiting: Waiting<Job>, by: 1 | -1): void {
    this.#size += by;
    this.#tokens += by * tokensOf(waiting);
  }
}

const fits = (waiting: Waiting<Ticketed>, { rows, tokens }: Room): boolean => rows > 0 && tokensOf(waiting) <= tokens;
