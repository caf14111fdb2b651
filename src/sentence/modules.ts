import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject } from '../base/json.ts';
import { nearest } from '../base/nearest.ts';
import { COUNT, FLAG, type Kind, kind, LAYER_COUNT, nullAs, oneOf, orNull, PROBABILITY, SIZE, TEXT } from '../base/schema.ts';
import { LENGTHS, type Lengths } from './lengths.ts';

/**
 * How `sentence_transformers` makes one vector of the tokens of a text, in the order in which vectors follow one another, by what the switches of older
 * configs end with.
 */
const MODES = {
  cls_token: 'cls',
  max_tokens: 'max',
  mean_tokens: 'mean',
  mean_sqrt_len_tokens: 'mean_sqrt_len_tokens',
  weightedmean_tokens: 'weightedmean',
  lasttoken: 'lasttoken',
} as const;
export type PoolingMode = (typeof MODES)[keyof typeof MODES];
const POOLING_MODES = Object.values(MODES);
const SWITCHES = Object.entries(MODES).map(([end, mode]) => [`pooling_mode_${end}`, mode] as const);

/** What modules hand on: a vector for each token, one for the text, and scores of a head. */
const FEATURES = ['token_embeddings', 'sentence_embedding', 'scores'] as const;
export type Feature = (typeof FEATURES)[number];

/** What a Transformer may be asked for: its head, which output of it, and what modules call that. */
export const TASKS = {
  'feature-extraction': { head: 'Model', answers: 'last_hidden_state', makes: 'token_embeddings' },
  'fill-mask': { head: 'ForMaskedLM', answers: 'logits', makes: 'token_embeddings' },
  'sequence-classification': { head: 'ForSequenceClassification', answers: 'logits', makes: 'scores' },
} as const satisfies Record<string, { head: string; answers: string; makes: Feature }>;
export type Task = keyof typeof TASKS;
const TASK = oneOf(Object.keys(TASKS) as Task[]);

export type SpladeStrategy = 'max' | 'sum';
export type SpladeActivation = 'relu' | 'log1p_relu';

/** What the config of each module says, checked. */
export interface ModuleFields {
  Transformer: { max_seq_length: number | null; do_lower_case: boolean; transformer_task?: Task } & Lengths;
  StaticEmbedding: Record<never, never>;
  SparseStaticEmbedding: Record<never, never>;
  SpladePooling: { pooling_strategy: SpladeStrategy; activation_function: SpladeActivation };
  MultiVectorMask: { skiplist_words: readonly string[]; skiplist_tasks: readonly string[]; keep_only_token_ids: readonly number[] | null };
  Pooling: { embedding_dimension: number; pooling_mode: readonly PoolingMode[]; include_prompt: boolean };
  WeightedLayerPooling: { embedding_dimension: number; num_hidden_layers: number; layer_start: number };
  Dense: {
    in_features: number;
    out_features: number;
    bias: boolean;
    /** The class of PyTorch, without its module. */
    activation_function: string;
    use_residual: boolean;
    module_input_name: Feature;
    module_output_name: Feature;
  };
  LayerNorm: { dimension: number };
  Normalize: { module_input_name: Feature; module_output_name: Feature };
  Dropout: { dropout: number };
}
export type ModuleType = keyof ModuleFields;
/** Those of which a bundle need not know. */
export type LaterType = 'SpladePooling' | 'MultiVectorMask' | 'SparseStaticEmbedding';

/** A module of a folder: its type, the path of its files, and what its config says. */
export type SentenceModule<Type extends ModuleType = ModuleType> = { [T in Type]: { type: T; path: string } & ModuleFields[T] }[Type];

export interface ModuleKind<Type extends ModuleType> {
  /** Names that its config may have. */
  configs: readonly string[];
  /** Every key that is known in it. */
  fields: Readonly<Record<string, Kind<unknown>>>;
  read(given: JsonObject, what: string): ModuleFields[Type];
}

/** Arguments for loading that change no number here. */
const LOADING = ['trust_remote_code', 'add_pooling_layer', 'attn_implementation', 'dtype', 'torch_dtype'];
const loading = kind<JsonObject>(
  `an object of ${LOADING.join(', ')} alone`,
  (value) => isObject(value) && Object.keys(value).every((name) => LOADING.includes(name)),
);
const textForward = kind<JsonObject>('an output of forward for text', (value) => {
  const { text } = isObject(value) ? value : {};
  const outputs: unknown[] = Object.values(TASKS).map(({ answers }) => answers);
  return isObject(text) && text.method === 'forward' && outputs.includes(text.method_output_name);
});
const nothing = orNull(kind<object>('an empty object', (value) => isObject(value) && Object.keys(value).length === 0));
const feature = oneOf<Feature>(FEATURES);
/** One way of pooling, or several. */
export const POOLING = kind<PoolingMode | PoolingMode[]>(`one of ${POOLING_MODES.join(', ')}, or several`, (value) => {
  const list = [value].flat();
  return list.length > 0 && list.length <= POOLING_MODES.length && list.every((mode) => POOLING_MODES.includes(mode as PoolingMode));
});

/** How wide the vectors of tokens are, by its name and that of older configs. */
const WIDTH = { embedding_dimension: SIZE, word_embedding_dimension: SIZE };

const BERT_CONFIGS = ['bert', 'roberta', 'distilbert', 'camembert', 'albert', 'xlm-roberta', 'xlnet'];

/** Modules of one vector a text; `more.ts` adds the others. */
const KINDS: { readonly [Type in Exclude<ModuleType, LaterType>]: ModuleKind<Type> } = {
  Transformer: {
    configs: BERT_CONFIGS.map((family) => `sentence_${family}_config.json`),
    fields: {
      max_seq_length: orNull(SIZE),
      do_lower_case: nullAs(false, FLAG),
      transformer_task: TASK,
      modality_config: textForward,
      module_output_name: oneOf<Feature>(['token_embeddings', 'scores']),
      unpad_inputs: orNull(FLAG),
      ...Object.fromEntries(
        ['model', 'tokenizer', 'processor', 'config']
          .flatMap((of) => [`${of}_args`, `${of}_kwargs`])
          .map((name) => [name, orNull(loading)]),
      ),
      processing_kwargs: nothing,
      ...Object.fromEntries(LENGTHS.map((name) => [name, oneOf([null])])),
      tokenizer_name_or_path: oneOf([null]),
    },
    read({ max_seq_length = null, do_lower_case = false, ...given }, what) {
      const task = taskIn(given, what);
      const lengths = LENGTHS.filter((name) => (given[name] ?? null) !== null).map((name) => [name, given[name]]);
      return {
        max_seq_length,
        do_lower_case,
        ...(task && { transformer_task: task }),
        ...Object.fromEntries(lengths),
      } as ModuleFields['Transformer'];
    },
  },
  StaticEmbedding: { configs: [], fields: {}, read: () => ({}) },
  Pooling: {
    configs: ['config.json'],
    fields: {
      ...WIDTH,
      pooling_mode: orNull(POOLING),
      include_prompt: FLAG,
      ...Object.fromEntries(SWITCHES.map(([name]) => [name, nullAs(false, FLAG)])),
    },
    read({ pooling_mode, include_prompt = true, ...given }, what) {
      const on = SWITCHES.flatMap(([name, mode]) => (given[name] ? [mode] : []));
      const chosen = pooling_mode ? [pooling_mode].flat() : on;
      return {
        embedding_dimension: widthIn(given, what),
        pooling_mode: (chosen.length ? chosen : ['mean']) as PoolingMode[],
        include_prompt: include_prompt as boolean,
      };
    },
  },
  WeightedLayerPooling: {
    configs: ['config.json'],
    fields: { ...WIDTH, num_hidden_layers: LAYER_COUNT, layer_start: COUNT },
    read: ({ num_hidden_layers = 12, layer_start = 4, ...given }, what) =>
      ({ embedding_dimension: widthIn(given, what), num_hidden_layers, layer_start }) as ModuleFields['WeightedLayerPooling'],
  },
  Dense: {
    configs: ['config.json'],
    fields: {
      in_features: SIZE,
      out_features: SIZE,
      bias: FLAG,
      activation_function: TEXT,
      use_residual: FLAG,
      module_input_name: feature,
      module_output_name: orNull(feature),
    },
    read(given, what) {
      const { bias = true, activation_function = 'torch.nn.modules.activation.Tanh', use_residual = false } = given;
      const name = activation_function as string;
      if (!name.startsWith('torch.')) throw bad(`activation_function of ${what}`, 'torch.nn', describe(name));
      return {
        in_features: needed(given.in_features, 'in_features', what),
        out_features: needed(given.out_features, 'out_features', what),
        bias,
        activation_function: lastName(name),
        use_residual,
        ...passed(given),
      } as ModuleFields['Dense'];
    },
  },
  LayerNorm: {
    configs: ['config.json'],
    fields: { dimension: SIZE },
    read: ({ dimension }, what) => ({ dimension: needed(dimension, 'dimension', what) }),
  },
  Normalize: {
    configs: ['config.json'],
    fields: { module_input_name: feature, module_output_name: orNull(feature) },
    read: passed,
  },
  Dropout: {
    configs: ['config.json'],
    fields: { dropout: PROBABILITY },
    read: ({ dropout = 0.2 }) => ({ dropout }) as ModuleFields['Dropout'],
  },
};

/** Every module that is known. */
export const MODULE_KINDS = KINDS as { readonly [Type in ModuleType]: ModuleKind<Type> };

/** What a Transformer is asked for, unless it is the last hidden state. Throws a `config` error where its config contradicts itself. */
function taskIn({ transformer_task: task, modality_config, module_output_name: made }: JsonObject, what: string): Task | undefined {
  const answer = (modality_config as { text: JsonObject } | undefined)?.text.method_output_name;
  const fits = (name: Task): boolean =>
    (task ?? name) === name && (answer ?? TASKS[name].answers) === TASKS[name].answers && (made ?? TASKS[name].makes) === TASKS[name].makes;
  const found = (Object.keys(TASKS) as Task[]).find(fits);
  if (!found) throw bad(`transformer_task of ${what}`, 'one whose outputs are those of modality_config', `${task}, ${answer}, ${made}`);
  return found === 'feature-extraction' ? undefined : found;
}

function passed({ module_input_name = 'sentence_embedding', module_output_name }: JsonObject): ModuleFields['Normalize'] {
  return { module_input_name, module_output_name: module_output_name ?? module_input_name } as ModuleFields['Normalize'];
}

/** What follows the last dot of a dotted name of Python; the whole name where it has none. */
export const lastName = (dotted: string): string => dotted.slice(dotted.lastIndexOf('.') + 1);

const bad = (what: string, expected: string, got: string, cure?: string): TraceletError =>
  new TraceletError('config', { what, expected, got, cure });

function needed(value: unknown, name: string, what: string): number {
  if (value !== undefined) return value as number;
  throw bad(`${name} of ${what}`, SIZE.expected, 'nothing');
}

const widthIn = ({ embedding_dimension, word_embedding_dimension }: JsonObject, what: string): number =>
  needed(embedding_dimension ?? word_embedding_dimension, 'embedding_dimension', what);

/** The keys of an object, each of which has to be known and of its kind. Throws `config` errors. */
export function readFields(given: JsonObject, fields: Readonly<Record<string, Kind<unknown>>>, what: string): JsonObject {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      if (!Object.hasOwn(fields, name)) {
        const meant = nearest(name, Object.keys(fields));
        const cure = `${meant ? `Is ${meant} meant? ` : ''}What is not known might change the vectors`;
        throw bad(`${describe(name)} in ${what}`, `one of ${Object.keys(fields).join(', ')}`, 'another name', cure);
      }
      const known = fields[name].read(value);
      if (known === undefined) throw bad(`${name} of ${what}`, fields[name].expected, describe(value), fields[name].cure);
      return [name, known];
    }),
  );
}

const ENTRY = {
  idx: COUNT,
  name: TEXT,
  path: TEXT,
  type: TEXT,
  kwargs: orNull(kind<unknown[]>('an empty array', (value) => Array.isArray(value) && !value.length)),
};

/** An entry of modules.json: the type of the module and the path of its files. */
export interface ModuleEntry {
  type: ModuleType;
  path: string;
}

/** The entry number `index` of a modules.json. Throws `config` errors for what does not run here. */
export function readEntry(value: unknown, index: number, what: string): ModuleEntry {
  const entry = `module ${index} of ${what}`;
  if (!isObject(value)) throw bad(entry, 'an object', describe(value));
  const { type, path } = readFields(value, ENTRY, entry);
  const name = lastName(String(type)).replace(/^MLM/, '');
  if (!/^sentence_transformers\.[\w.]+$/.test(String(type)) || !Object.hasOwn(MODULE_KINDS, name))
    throw bad(
      entry,
      `one of sentence_transformers' ${Object.keys(MODULE_KINDS).join(', ')}`,
      describe(type),
      'Choose another architecture, such as BertModel for the encoder alone',
    );
  const place = (path as string | undefined) ?? (name === 'Transformer' ? '' : `${index}_${name}`);
  if (/^[/\\]|\\|:|\0/.test(place) || place.split('/').includes('..'))
    throw bad(`path of ${entry}`, 'a folder within that of the model', describe(place));
  let end = place.length;
  while (place[end - 1] === '/') end--;
  return { type: name as ModuleType, path: place.slice(0, end) };
}
