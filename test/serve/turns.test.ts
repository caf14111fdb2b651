import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Turns, type Waiting } from '../../src/serve/turns.ts';

interface Job {
  client: string;
  kind: string;
  ticket: number;
}

const waiting = (job: Job, tokens: number): Waiting<Job> => ({
  job,
  number: job.ticket,
  row: { ids: new Int32Array(tokens), unpooled: 0, own: tokens },
});
const tokensOf = (rows: readonly Waiting<Job>[]): number => rows.reduce((sum, { row }) => sum + row.ids.length, 0);

const ARRIVALS = fc.array(
  fc.record({ client: fc.constantFrom('a', 'b', 'c'), kind: fc.constantFrom('x', 'y'), tokens: fc.integer({ min: 1, max: 600 }) }),
  {
    maxLength: 60,
  },
);
const ROOM = fc.record({ rows: fc.integer({ min: 1, max: 8 }), tokens: fc.integer({ min: 1, max: 900 }) });

test('every row is taken once, in the order of its client, in batches of one kind that are not too large', () =>
  fc.assert(
    fc.property(ARRIVALS, ROOM, (arrivals, room) => {
      const turns = new Turns<Job>(({ job }) => job.kind);
      for (const [at, { client, kind, tokens }] of arrivals.entries()) turns.add(client, [waiting({ client, kind, ticket: at }, tokens)]);
      const taken: Job[] = [];
      while (turns.size > 0) {
        const batch = turns.take(room);
        expect(batch.length).toBeGreaterThan(0);
        expect(batch.length).toBeLessThanOrEqual(room.rows);
        if (batch.length > 1) expect(tokensOf(batch)).toBeLessThanOrEqual(room.tokens);
        expect(new Set(batch.map(({ job }) => job.kind)).size).toBe(1);
        taken.push(...batch.map(({ job }) => job));
      }
      expect(turns.tokens).toBe(0);
      expect(taken).toHaveLength(arrivals.length);
      for (const client of ['a', 'b', 'c']) {
        const own = taken.filter((job) => job.client === client).map(({ ticket }) => ticket);
        expect(own).toEqual(own.toSorted((a, b) => a - b));
        expect(new Set(own).size).toBe(own.length);
      }
    }),
  ));

test('nobody waits for more of another client than its turns', () =>
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 20, maxLength: 80 }),
      fc.integer({ min: 1, max: 200 }),
      (long, short) => {
        const turns = new Turns<Job>(() => '');
        turns.add(
          'greedy',
          long.map((tokens, at) => waiting({ client: 'greedy', kind: '', ticket: at }, tokens)),
        );
        turns.add('modest', [waiting({ client: 'modest', kind: '', ticket: 0 }, short)]);
        let before = 0;
        for (;;) {
          const batch = turns.take({ rows: 16, tokens: 512 });
          const own = batch.findIndex(({ job }) => job.client === 'modest');
          before += tokensOf(own < 0 ? batch : batch.slice(0, own));
          if (own >= 0) break;
        }
        expect(before).toBeLessThanOrEqual(512 + 500);
      },
    ),
  ));

test('what a job has waiting is dropped, and what came first comes first, whenever it is there', () => {
  const turns = new Turns<Job>(() => '');
  const [first, second] = [0, 1].map((ticket): Job => ({ client: 'a', kind: '', ticket }));
  turns.add('a', [waiting(second, 4)]);
  turns.add('a', [waiting(first, 3), waiting(first, 5)]);
  expect(turns.size).toBe(3);
  turns.drop('a', first);
  expect([turns.size, turns.tokens]).toEqual([1, 4]);
  turns.add('a', [waiting(first, 2)]);
  expect(turns.take({ rows: 9, tokens: 99 }).map(({ job }) => job)).toEqual([first, second]);
  turns.drop('a', first);
  expect([turns.size, turns.tokens]).toEqual([0, 0]);
  expect(turns.take({ rows: 9, tokens: 99 })).toEqual([]);
});

test('rows of another kind are next, however many of the first kind come', () => {
  const turns = new Turns<Job>(({ job }) => job.kind);
  const row = (client: string, kind: string, at: number) => waiting({ client, kind, ticket: at }, 100);
  turns.add(
    'a',
    Array.from({ length: 50 }, (_, at) => row('a', 'x', at)),
  );
  turns.add('b', [row('b', 'y', 0)]);
  turns.take({ rows: 2, tokens: 999 });
  turns.add(
    'c',
    Array.from({ length: 50 }, (_, at) => row('c', 'x', at)),
  );
  const next = [turns.take({ rows: 2, tokens: 999 }), turns.take({ rows: 2, tokens: 999 })].flat();
  expect(next.map(({ job }) => job.client)).toContain('b');
});
