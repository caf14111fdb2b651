import { openSync, writeSync } from 'node:fs';
import { Control } from './control.ts';
import { ACCEPTED, judge, mutantOf, settle } from './judge.ts';
import type { Files, Mutant } from './kind.ts';
import { KINDS } from './kinds.ts';
import { type Batch, type Case, type FoundCase, PREPARING, type Reply, type Request, type Tally } from './messages.ts';
import { remember } from './traceuse.ts';

const progress = openSync(process.argv[2], 'r+');
const place = new Float64Array(1);

/** Says which mutant is in hand, in a file: it outlives whatever happens to this process. */
function at(index: number): void {
  place[0] = index;
  writeSync(progress, new Uint8Array(place.buffer), 0, 8, 0);
}

const known = new Map<string, Record<string, Files>>();

/** Seeds, each of which is accepted. */
async function seedsOf(name: string): Promise<Record<string, Files>> {
  const seeds = known.get(name) ?? (await KINDS[name].seeds());
  if (known.has(name)) return seeds;
  settle();
  for (const [seed, files] of Object.entries(seeds)) {
    if (name === 'traces') await remember(seed, files['model.tracelet']);
    const { outcome, problem } = await judge(KINDS[name], { seed, files, steps: [], inert: true }, 'seed');
    if (outcome !== ACCEPTED || problem) throw new Error(`the seed ${seed} of ${name}: ${outcome} ${problem ?? ''}`);
  }
  known.set(name, seeds);
  return seeds;
}

const nameOf = ({ kind, seed }: Batch, index: number): string => `${kind} ${seed} ${index}`;
const coded = (files: Files): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]));
const decoded = (files: Record<string, string>): Files =>
  Object.fromEntries(Object.entries(files).map(([name, text]) => [name, new Uint8Array(Buffer.from(text, 'base64'))]));
const caseOf = (kind: string, name: string, mutant: Mutant): Case => ({ ...mutant, kind, name, files: coded(mutant.files) });

const MOST_GROWTH = 500 * 2 ** 20;
let control: Control;
let start: number;

/** What a batch left behind. */
async function damage(): Promise<string | undefined> {
  const otherwise = await control.damage();
  if (otherwise || process.memoryUsage.rss() - start < MOST_GROWTH) return otherwise;
  globalThis.gc?.();
  await new Promise((resolve) => setTimeout(resolve, 50));
  globalThis.gc?.();
  const grown = process.memoryUsage().heapUsed + process.memoryUsage().external;
  return grown > MOST_GROWTH ? `${Math.round(grown / 2 ** 20)} MB stay` : undefined;
}

async function tryBatch(batch: Batch): Promise<Reply> {
  const seeds = await seedsOf(batch.kind);
  const tally: Tally = {};
  const found: FoundCase[] = [];
  const note = (index: number, mutant: Mutant, problem: string) =>
    found.push({ ...caseOf(batch.kind, nameOf(batch, index), mutant), problem });
  settle();
  for (let index = batch.from; index < batch.to; index++) {
    const mutant = mutantOf(KINDS[batch.kind], seeds, nameOf(batch, index));
    at(index);
    const { outcome, problem } = await judge(KINDS[batch.kind], mutant, nameOf(batch, index));
    tally[outcome] = (tally[outcome] ?? 0) + 1;
    if (problem !== undefined) note(index, mutant, problem);
  }
  at(PREPARING);
  const left = await damage();
  if (left)
    note(batch.from, mutantOf(KINDS[batch.kind], seeds, nameOf(batch, batch.from)), `left by ${batch.from} to ${batch.to - 1}: ${left}`);
  return { tally, found };
}

async function showCase(batch: Batch): Promise<Reply> {
  const name = nameOf(batch, batch.from);
  return { tally: {}, found: [], shown: caseOf(batch.kind, name, mutantOf(KINDS[batch.kind], await seedsOf(batch.kind), name)) };
}

async function replay(given: Case): Promise<Reply> {
  await seedsOf(given.kind);
  at(0);
  settle();
  const { outcome, problem } = await judge(KINDS[given.kind], { ...given, files: decoded(given.files) }, given.name);
  at(PREPARING);
  const wrong = problem ?? (await damage());
  return { tally: { [outcome]: 1 }, found: wrong === undefined ? [] : [{ ...given, problem: wrong }] };
}

process.on('message', async (request: Request) => {
  let reply: Reply;
  try {
    control ??= await Control.make();
    start ??= process.memoryUsage.rss();
    reply = await ('try' in request ? tryBatch(request.try) : 'show' in request ? showCase(request.show) : replay(request.replay));
  } catch (error) {
    reply = { tally: {}, found: [], failed: (error as Error).stack };
  }
  process.send?.(reply);
});
process.on('disconnect', () => process.exit());
