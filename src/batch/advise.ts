import { TraceletError } from '../base/error.ts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { kind, POSITIVE } from '../base/schema.ts';
import { isTraced, type TracedModule } from '../traced/traced.ts';
import type { BatchStatus } from './status.ts';

/** Options of {@link advise}. */
export interface AdviseOptions {
  /** When all is to be done. */
  until: Date;
  /** Tokens a second of one worker. Unless given it follows from what the workers of the queue did, and before they did anything from `model`. */
  tokensPerSecond?: number;
  /** A trace as workers load it on a machine like this one, whose `estimate()` says how long calls take. */
  model?: TracedModule<unknown>;
}

/** How many workers are enough. */
export interface Advice {
  workers: number;
  /** Tokens a second of one worker, and where that number comes from. */
  tokensPerSecond: number;
  from: 'given' | 'measured' | 'estimated';
  /** Hours of all workers together. */
  hours: number;
}

const ADVISE_OPTIONS: OptionTable<AdviseOptions> = {
  until: kind('a Date that is not over', (value) => value instanceof Date && value.getTime() > Date.now()),
  tokensPerSecond: POSITIVE,
  model: kind('a traced model', isTraced),
};

/** How many workers it takes to be done in time. Throws `value` errors, also where nothing says how fast a worker is. */
export function advise(status: BatchStatus, options: AdviseOptions): Advice {
  const { until, tokensPerSecond, model } = checkOptions('advise()', options, ADVISE_OPTIONS);
  if (!until) throw new TraceletError('value', { what: 'advise()', expected: '{ until }', got: 'none' });
  const rate = rateOf(status, tokensPerSecond, model);
  const seconds = (until.getTime() - Date.now()) / 1000;
  const workers = Math.min(status.shards.waiting + status.shards.active, Math.ceil(status.tokensLeft / (rate.tokensPerSecond * seconds)));
  return { workers, ...rate, hours: status.tokensLeft / rate.tokensPerSecond / 3600 };
}

function rateOf(
  status: BatchStatus,
  given: number | undefined,
  model: TracedModule<unknown> | undefined,
): Omit<Advice, 'workers' | 'hours'> {
  if (given) return { tokensPerSecond: given, from: 'given' };
  if (status.tokensPerSecond && status.workers > 0) return { tokensPerSecond: status.tokensPerSecond / status.workers, from: 'measured' };
  if (model) return { tokensPerSecond: estimatedRate(model, status.shard), from: 'estimated' };
  throw new TraceletError('value', {
    what: 'advise()',
    expected: 'the rate of a worker',
    got: 'none that was measured yet',
    cure: 'Pass { model } or { tokensPerSecond }, or wait until a worker has done two shards',
  });
}

const CALL_TOKENS = 1 << 14;

/** Tokens a second of a trace by its `estimate()`, in calls of texts of middling length. */
export function estimatedRate(model: TracedModule<unknown>, { texts, tokens }: { texts: number; tokens: number }): number {
  const { batch, sequence } = model.dynamic;
  const within = (value: number, [low, high]: readonly [number, number]): number => Math.max(low, Math.min(high, Math.round(value)));
  const length = sequence && within(tokens / Math.max(1, texts), sequence);
  const rows = batch && within(CALL_TOKENS / (length ?? 1), batch);
  const [shape] = model.inputs.map((input) => input.shape);
  const { ms } = model.estimate({ ...(length && { sequence: length }), ...(rows && { batch: rows }) });
  return (1000 * model.concurrency * (rows ?? shape[0]) * (length ?? shape.at(-1) ?? 1)) / ms;
}
