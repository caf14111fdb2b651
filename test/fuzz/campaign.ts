import type { Batch, Case, FoundCase, Reply, Tally } from './messages.ts';
import { type Answer, Watched } from './watched.ts';

/** What to try. */
export interface Plan {
  kinds: readonly string[];
  /** Mutants of each kind. */
  count: number;
  seed: number;
  jobs: number;
  /** Milliseconds for a mutant alone. */
  patience: number;
  /** The script of the processes that try them. */
  script: string;
  found(found: FoundCase): void;
  progress(tallies: Readonly<Record<string, Tally>>): void;
}

const BATCH = 256;
/** Milliseconds for a mutant among others; one that takes longer is tried alone, with more time, which a busy machine may need. */
const PATIENCE = 2000;

/** Tries mutants in processes of their own; answers how many had which outcome, by kind. Each finding is told once it is sure. */
export async function runCampaign(plan: Plan): Promise<Record<string, Tally>> {
  const tallies: Record<string, Tally> = Object.fromEntries(plan.kinds.map((kind) => [kind, {}]));
  const queue = plan.kinds.flatMap((kind) =>
    Array.from(
      { length: Math.ceil(plan.count / BATCH) },
      (_, i): Batch => ({ kind, seed: plan.seed, from: i * BATCH, to: Math.min(plan.count, (i + 1) * BATCH) }),
    ),
  );
  const add = (kind: string, { tally, found }: Reply): void => {
    for (const [outcome, count] of Object.entries(tally)) tallies[kind][outcome] = (tallies[kind][outcome] ?? 0) + count;
    for (const each of found) plan.found(each);
    plan.progress(tallies);
  };
  const work = async (): Promise<void> => {
    const watched = new Watched(plan.script);
    try {
      for (let batch = queue.shift(); batch; batch = queue.shift()) {
        const answer = await watched.ask({ try: batch }, PATIENCE);
        if ('reply' in answer) add(batch.kind, proved(answer.reply));
        else {
          queue.unshift(...around(batch, answer.index));
          add(batch.kind, await tryAlone(watched, batch, answer, plan.patience));
        }
      }
    } finally {
      watched.end();
    }
  };
  await Promise.all(Array.from({ length: plan.jobs }, work));
  return tallies;
}

function proved(reply: Reply): Reply {
  if (reply.failed) throw new Error(reply.failed);
  return reply;
}

/** What of a batch is left when one of it is tried by itself. */
const around = (batch: Batch, index: number): Batch[] =>
  [
    { ...batch, to: index },
    { ...batch, from: index + 1 },
  ].filter(({ from, to }) => from < to);

/** A mutant that ended its process is a finding; one that stopped it is one if it does so again, with more time. */
async function tryAlone(
  watched: Watched,
  batch: Batch,
  { index, problem, hung }: Exclude<Answer, { reply: Reply }>,
  patience: number,
): Promise<Reply> {
  if (index < 0) throw new Error(`${batch.kind}: ${problem}`);
  const shown = await watched.ask({ show: { ...batch, from: index } }, patience);
  if (!('reply' in shown) || !shown.reply.shown) throw new Error(`mutant ${index} of ${batch.kind} cannot be made`);
  const { reply } = await replayCase(watched, shown.reply.shown, patience);
  if (hung || reply.found.length > 0) return reply;
  return { tally: { crashed: 1 }, found: [{ ...shown.reply.shown, problem }] };
}

/** Tries one case by itself. */
export async function replayCase(watched: Watched, given: Case, patience: number): Promise<{ reply: Reply }> {
  const answer = await watched.ask({ replay: given }, patience);
  if ('reply' in answer) return { reply: proved(answer.reply) };
  return { reply: { tally: { [answer.hung ? 'hung' : 'crashed']: 1 }, found: [{ ...given, problem: answer.problem }] } };
}
