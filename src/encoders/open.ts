import { TraceletError } from '../base/error.ts';
import { OBJECT, proved } from '../base/options.ts';
import { isUrl } from '../base/realm.ts';
import { isArchive } from '../formats/archive.ts';
import type { CheckpointSource } from '../formats/checkpoint.ts';
import { type JitLoadOptions, load } from '../jit/files.ts';
import type { LoadOptions } from '../jit/load.ts';
import { trace } from '../jit/trace.ts';
import { readingIn } from '../models/configfile.ts';
import { type Home, loadFrom, openHome } from '../models/load.ts';
import type { ModelClass, PreTrainedModel, PreTrainedOptions } from '../models/pretrained.ts';
import type { Chain } from '../models/sentence/chain.ts';
import type { SparseStaticEmbedder } from '../models/sentence/sparsestatic.ts';
import type { StaticEmbedder } from '../models/sentence/static.ts';
import { MASK, POOLING_MASK } from '../nn/inputs.ts';
import type { ModelOutput } from '../nn/outputs.ts';
import type { Variant } from '../platform/platform.ts';
import type { ThreadCount } from '../runtime/threads/choose.ts';
import type { FolderKind } from '../sentence/kinds.ts';
import { type Router, routerIn, routesOfTexts } from '../sentence/router.ts';
import type { ReadText } from '../sentence/view.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../tokenizer/index.ts';
import { isTraced, type TracedModule } from '../traced/traced.ts';
import { Routes } from './routes.ts';
import { routesHeld } from './savedroutes.ts';

/** Options of `from_pretrained`: those of models, and how the trace is run. */
export interface EncoderOptions extends PreTrainedOptions {
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  /** How many threads a call runs on, one unless given; where several cannot be had, `traced.explain()` says why. */
  threads?: ThreadCount;
}

/** A folder or hub id of a model, which is traced once, for any number of texts of any length; or a trace, saved or loaded. */
export type EncoderSource = CheckpointSource | TracedModule;

/** What reads texts and stands in a folder of sentence-transformers. */
export type Model = Chain | StaticEmbedder | SparseStaticEmbedder;

/** A class of models that {@link openTraces} traces. */
export interface ChainClass {
  readonly kind: FolderKind;
  /** The model that lies in a folder. */
  open(home: Home, options: PreTrainedOptions): Promise<Model>;
}

/** Models of a class that {@link loadFrom} makes, whatever their folder. */
export const chains = (Class: { readonly kind: FolderKind }): ChainClass => ({
  kind: Class.kind,
  open: async (home, options) => (await loadFrom(Class as unknown as ModelClass<PreTrainedModel>, home, options)) as Chain,
});

/** How a model is traced. */
interface TraceSettings {
  exact_padding?: boolean;
  /** Most tokens that texts may be asked to have, where that is more than the tokenizer says. */
  longest?: number;
}

type Settings = (model: Model) => TraceSettings;
type EncoderSettings = Pick<EncoderOptions, 'kernels' | 'threads' | 'signal'>;

/** Texts of a call at most; longer lists take several. */
const MOST_TEXTS = 64;
const DUMMY = 'Who was Jim Henson? Jim Henson was a puppeteer.';

/** A trace, and those of all routes where the folder has a Router. */
export type Traces = [traced: TracedModule, routes?: Routes];

/** The traces of a source. Throws the errors of `from_pretrained`, `jit.load` and `jit.trace`, and a `config` error for a trace of another kind. */
export async function openTraces(
  what: string,
  Class: ChainClass,
  source: EncoderSource,
  given: EncoderOptions = {},
  settings: Settings = () => ({}),
): Promise<Traces> {
  const { kernels, threads, ...options } = proved(what, given ?? {}, { ...OBJECT, expected: 'options in an object' }) as EncoderOptions;
  const running = { kernels, threads, signal: options.signal };
  if (isTraced(source)) return opened(what, Class.kind, source as TracedModule, running);
  if ((typeof source === 'string' || isUrl(source)) && isArchive(String(source)))
    return opened(what, Class.kind, await load(source, { ...options, kernels, threads } as JitLoadOptions), running, true);
  const home = await openHome(source as CheckpointSource, readingIn(what, options));
  const open = async (text: ReadText): Promise<TracedModule> => {
    const model = await Class.open({ ...home, beside: { ...home.beside, text } }, { torchscript: true, ...options });
    return traceOf(what, model, { ...running, ...settings(model) });
  };
  const router = await routerIn(home.beside.text);
  if (!router) return [await open(home.beside.text)];
  return openRoutes(what, router, open);
}

/** A trace for each route that texts may take. Throws a `config` error where they may take none. */
async function openRoutes(what: string, router: Router, open: (text: ReadText) => Promise<TracedModule>): Promise<Traces> {
  const names = routesOfTexts(router);
  if (names.length === 0)
    throw new TraceletError('config', { what, expected: 'a Router with a route for texts', got: [...router.routes.keys()].join(', ') });
  const traces = new Map<string, TracedModule>();
  try {
    for (const name of names) traces.set(name, await open(router.routes.get(name) as ReadText));
  } catch (error) {
    for (const traced of traces.values()) traced.dispose();
    throw error;
  }
  const routes = new Routes(traces, router);
  return [routes.usual, routes];
}

/** A trace of a kind with those that it holds, which are let go of as files where the trace is `ours`. */
async function opened(what: string, kind: FolderKind, traced: TracedModule, running: LoadOptions, ours = false): Promise<Traces> {
  try {
    ofKind(what, kind, traced);
    const found = await routesHeld(traced, running);
    if (!found) return [traced];
    for (const each of found.routes.traces.values()) ofKind(what, kind, each);
    if (ours) for (const name of found.held) (traced.files as Map<string, Uint8Array>).delete(name);
    return [traced, found.routes];
  } catch (error) {
    if (ours) traced.dispose();
    throw error;
  }
}

/** A model traced for any number of texts of any length. */
async function traceOf(what: string, model: Model, { longest = 0, ...settings }: TraceSettings & EncoderSettings): Promise<TracedModule> {
  const { config, input_names } = model;
  const tokenizer = readable(what, model.tokenizer);
  const sequence = [1, Math.min(config.most_tokens(), Math.max(longest, tokenizer.model_max_length))] as const;
  const inputs = dummies(input_names, tokenizer, sequence[1]);
  return trace<ModelOutput>(model as (...given: Tensor[]) => ModelOutput, inputs, {
    dynamic: { batch: [1, MOST_TEXTS], sequence },
    check_trace: false,
    ...settings,
  });
}

function readable(what: string, tokenizer: PreTrainedTokenizerFast | undefined): PreTrainedTokenizerFast {
  if (tokenizer) return tokenizer;
  throw new TraceletError('source', { what: `${what}: the tokenizer of the folder`, expected: 'files of one that runs here', got: 'none' });
}

function ofKind(what: string, kind: FolderKind, traced: TracedModule): void {
  const { model_type } = traced.reader.sentence ?? {};
  if (model_type === kind) return;
  throw new TraceletError('config', {
    what,
    expected: `a trace of a ${kind}`,
    got: model_type ? `one of a ${model_type}` : 'one of another model',
    cure: model_type && `${model_type}.from_pretrained takes it`,
  });
}

function dummies(names: readonly string[], tokenizer: PreTrainedTokenizerFast, most: number): Record<string, Tensor> {
  const { input_ids } = tokenizer.encode_plus(DUMMY, null, { truncation: true, max_length: most });
  const row = (values: ArrayLike<number>): Tensor => new Tensor('int32', [1, input_ids.length], Int32Array.from(values));
  const ones = row(input_ids.map(() => 1));
  const known: Record<string, Tensor> = { input_ids: row(input_ids), token_type_ids: row(input_ids.map(() => 0)), [MASK]: ones };
  if (names.includes(POOLING_MASK)) known[POOLING_MASK] = ones;
  return Object.fromEntries(Object.entries(known).filter(([name]) => names.includes(name)));
}
