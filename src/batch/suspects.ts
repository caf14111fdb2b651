import { TraceletError } from '../base/error.ts';
import { isObject } from '../base/json.ts';
import type { ShardJob } from './queue.ts';
import type { Skipped } from './run.ts';

/** Workers that may end, or tries that may fail, during a shard before its texts are run alone; and workers that may end during one text before it is left out. */
const DEATHS = 2;

/** What the progress of a job says: which text was being run alone, at how many deaths, and during which how many workers ended. */
interface Notes {
  at?: number;
  stalls: number;
  deaths: Readonly<Record<string, number>>;
}

const notesOf = ({ progress }: ShardJob): Notes =>
  isObject(progress) && isObject(progress.deaths) ? (progress as unknown as Notes) : { stalls: 0, deaths: {} };

/**
 * Finds the text that ends its workers: one that takes the memory of a machine takes each that runs its shard. A shard during which workers ended is
 * run text by text, each noted in the queue before, and one during which workers ended again is left out with an error.
 */
export async function suspectsOf(job: ShardJob): Promise<{ skipped: Skipped; alone?: (index: number) => Promise<void> }> {
  const { at, stalls, deaths: before } = notesOf(job);
  if (job.stalledCounter + job.attemptsMade < DEATHS) return { skipped: new Map() };
  const died = at !== undefined && job.stalledCounter > stalls;
  const deaths = died ? { ...before, [at]: (before[at] ?? 0) + 1 } : before;
  const note = (index?: number): Promise<void> => job.updateProgress({ at: index, stalls: job.stalledCounter, deaths });
  await note();
  const guilty = Object.entries(deaths).filter(([, count]) => count >= DEATHS);
  return { skipped: new Map(guilty.map(([index]) => [Number(index), deadly(Number(index))])), alone: note };
}

const deadly = (index: number): TraceletError =>
  new TraceletError('worker', {
    what: `texts[${index}]`,
    expected: 'a worker that lives on',
    got: `${DEATHS} that ended while they ran it alone`,
    cure: 'Look at the memory of the machine, and at the length of the text',
  });
