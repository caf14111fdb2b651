import { Callable } from '../base/callable.ts';
import { TraceletError } from '../base/error.ts';
import { isObject, type JsonObject } from '../base/json.ts';
import { onDemand } from '../base/ondemand.ts';
import { checkOptions, curesIn, type OptionTable, proved, SIGNAL, TOKENIZER } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import { isArchive } from '../formats/archive.ts';
import { TRACE_NAME } from '../formats/trace.ts';
import { load, save, serialize } from '../jit/files.ts';
import { type LoadOptions, TRACE_LOAD_OPTIONS } from '../jit/load.ts';
import { cureOfForeign, FOREIGN, type WantedName } from '../models/foreign.ts';
import { SOURCE_OPTIONS, type SourceOptions, textOf } from '../sources/folder.ts';
import { isWeights, type Place, placeOf } from '../sources/place.ts';
import type { Source } from '../sources/source.ts';
import { endsOf } from '../text/pad.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import type { TracedModule } from '../traced/traced.ts';
import type { AggregationStrategy } from './entities.ts';
import { factsIn, type Saved, savedFiles, savedIn } from './facts.ts';
import { type TaskName, type TaskTypes, taskOf } from './registry.ts';
import { CALL_OPTIONS, type CallOptions, type Host, type Task, type TopK } from './task.ts';

export type { TaskName } from './registry.ts';

/** Options of {@link openPipeline}, those of calls of its task among them: they hold for every call that does not say otherwise. */
export type PipelineOptions<Name extends TaskName = TaskName> = Omit<LoadOptions, 'signal' | 'integers'> &
  SourceOptions &
  Omit<TaskTypes[Name][1], 'signal' | 'progress_callback'> & {
    /** The dtype to keep weights in; that of the checkpoint unless given. Not for traces. */
    dtype?: WantedName;
    /** A tokenizer, or where one lies, in place of the one beside the weights. Not for traces. */
    tokenizer?: PreTrainedTokenizerFast | string | URL;
  };

/** A function of texts, by its task and the options that it was opened with, and the trace that it runs. */
export type Pipeline<
  Name extends TaskName = TaskName,
  Strategy extends AggregationStrategy = 'none',
  Top extends TopK = undefined,
> = TaskTypes<Strategy, Top>[Name][0] & TaskPipeline;

const { integers: _, ...RUNNING } = TRACE_LOAD_OPTIONS;
const MAKING = {
  dtype: FOREIGN.dtype,
  tokenizer: kind<unknown>(
    'a tokenizer, or where one lies',
    (value) => typeof value === 'string' || isUrl(value) || !!TOKENIZER.read(value),
  ),
};

const CURES: Readonly<Record<string, string>> = {
  batch_size: 'Say batchTokens; answers do not depend on it',
  padding: 'Leave it out: padding is not computed',
  config: 'Leave it out: config.json lies beside the weights',
};

type Table = OptionTable<JsonObject>;

const callTable = (task: Task): Table => ({ ...CALL_OPTIONS, ...task.options }) as unknown as Table;
const cureFor =
  ({ cures = {} }: Task) =>
  (name: string, value: unknown): string | undefined =>
    curesIn({ ...CURES, ...cures })(name, value) ?? cureOfForeign(name, value);

const chosen = (options: JsonObject, table: object): JsonObject =>
  Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(table, name)));

/** A pipeline with a model that runs. */
export class TaskPipeline extends Callable {
  /** The name of its task, whatever alias it was opened by. */
  readonly task: string;
  /** The trace that it runs. */
  readonly model: TracedModule;
  readonly #host: Host;
  readonly #task: Task;
  readonly #options: JsonObject;

  constructor(task: Task, host: Host, options: JsonObject) {
    super();
    proved(
      'new TaskPipeline',
      host,
      kind<Host>('what pipeline() opens', (value) => isObject(value) && 'traced' in value),
    );
    this.task = task.name;
    this.model = host.traced;
    this.#host = host;
    this.#task = task;
    this.#options = options;
  }

  /** The tokenizer that travels in the trace. */
  get tokenizer(): PreTrainedTokenizerFast {
    return this.#host.tokenizer;
  }

  /** What calling it does: what the task is given, and options. */
  async call_(...all: readonly unknown[]): Promise<unknown> {
    const task = this.#task;
    const args = all.slice(0, all.findLastIndex((arg) => arg !== undefined) + 1);
    const at = args.findIndex((arg, i) => i > 0 && isObject(arg));
    const [given, [options, ...more]] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at)];
    if (given.length > task.arity || more.length > 0)
      throw new TraceletError('value', {
        what: task.name,
        expected: `at most ${task.arity} argument${task.arity > 1 ? 's' : ''}, and options`,
        got: `${args.length} arguments`,
      });
    const checked = checkOptions(task.name, options as JsonObject | undefined, callTable(task), cureFor(task)) as CallOptions;
    checked.signal?.throwIfAborted();
    return task.answer(this.#host, given, { ...this.#options, ...checked });
  }

  /** Writes one file from which `pipeline` of the same task opens it again: the trace, its tokenizer, labels and options. */
  async save(path: string, options: { signal?: AbortSignal } = {}): Promise<void> {
    const { signal } = checkOptions('save()', options, { signal: SIGNAL });
    const saved: Saved = { task: this.task, ...this.#host.facts, options: this.#options };
    await save(this.model, path, { _extra_files: savedFiles(saved), signal });
  }

  /** Gives the memory of the trace back and ends its workers. */
  dispose(): void {
    this.model.dispose();
  }
}

/** {@link pipeline} of the main entry point. */
export async function openPipeline<Name extends TaskName>(
  name: Name,
  source: Source,
  given: PipelineOptions<Name> = {} as PipelineOptions<Name>,
): Promise<Pipeline<Name>> {
  const task = taskOf(name);
  const { signal: __, progress_callback: ___, ...own } = callTable(task);
  const table = { ...SOURCE_OPTIONS, ...RUNNING, ...MAKING, ...own } as unknown as Table;
  const options = checkOptions('pipeline', given as JsonObject, table, cureFor(task));
  const traced = await traceOf(source, task, options);
  try {
    const saved = savedIn(traced.files);
    if (saved && saved.task !== task.name)
      throw new TraceletError('value', { what: 'pipeline: task', expected: `${saved.task}, for which the file was saved`, got: name });
    const before = saved ? checkOptions('options of pipeline.json', saved.options, own as Table) : {};
    const facts = saved ? { labels: saved.labels, problem_type: saved.problem_type } : factsIn(traced.files);
    checkOutputs(task, traced);
    const host: Host = { traced, tokenizer: traced.tokenizer, facts, limit: endsOf(traced.inputs[0], 1, traced.dynamic)[1] };
    task.check?.(host);
    return new TaskPipeline(task, host, { ...before, ...chosen(options, own) }) as unknown as Pipeline<Name>;
  } catch (error) {
    traced.dispose();
    throw error;
  }
}

function checkOutputs({ name, outputs }: Task, traced: TracedModule): void {
  const names = traced.outputs.map((output) => output.name);
  if (outputs.every((output) => names.includes(output))) return;
  throw new TraceletError('value', {
    what: `pipeline for ${name}`,
    expected: `a trace with outputs ${outputs.join(', ')}`,
    got: names.join(', '),
    cure: 'Open the folder of the model itself',
  });
}

/** The trace at a source, or of the model there. */
async function traceOf(source: Source, task: Task, options: JsonObject): Promise<TracedModule> {
  const reading = chosen(options, SOURCE_OPTIONS) as SourceOptions;
  const running = chosen(options, RUNNING) as LoadOptions;
  if ((typeof source !== 'string' && !isUrl(source)) || (await isTrace(await placeOf(source, reading), reading))) {
    const [useless] = Object.keys(chosen(options, MAKING));
    if (useless !== undefined)
      throw new TraceletError('value', {
        what: `pipeline: option ${useless}`,
        expected: 'a model to trace',
        got: 'a trace, which has its own',
      });
    return load(source, { ...reading, ...running });
  }
  const { makeTrace } = await onDemand('what traces models for tasks', () => import('./making.ts'));
  const { worker, workers, ...local } = running;
  const made = await makeTrace(source, task, { ...chosen(options, MAKING), reading, running: local });
  return worker || workers !== undefined ? inWorkers(made, running) : made;
}

/** Whether a place holds a trace and not the model of a folder. */
async function isTrace({ folder, file }: Place, reading: SourceOptions): Promise<boolean> {
  if (file !== undefined) return isArchive(file) || !(isWeights(file) || file.endsWith('.json'));
  if ((await textOf(folder, 'config.json')) !== undefined) return false;
  reading.signal?.throwIfAborted();
  const trace = await folder.find(TRACE_NAME);
  await trace?.close();
  return trace !== undefined;
}

async function inWorkers(traced: TracedModule, running: LoadOptions): Promise<TracedModule> {
  const file = new Blob([...(await serialize(traced))] as BlobPart[]);
  traced.dispose();
  return load(file, running);
}
