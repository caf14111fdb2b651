import { describe } from '../base/json.ts';
import { type CureOf, curesIn } from '../base/options.ts';
import { FLAG, type Kind, oneOf } from '../base/schema.ts';

const FLOAT = 'quantize(traced) makes weights of 8 or 4 bits';

/** Names of the dtypes that weights may be kept in, the first of each being that of PyTorch. */
const STORED = {
  auto: ['auto'],
  float32: ['float32', 'f32'],
  float16: ['float16', 'f16'],
  bfloat16: ['bfloat16', 'bf16'],
} as const;

/** The dtype to keep weights in, or `auto` for that of the checkpoint. */
export type Wanted = keyof typeof STORED;
/** The same by any of its names. */
export type WantedName = (typeof STORED)[Wanted][number];

const WANTED: Kind<Wanted> = {
  expected: `one of ${Object.values(STORED).flat().map(describe).join(', ')}`,
  read: (value) => (Object.keys(STORED) as Wanted[]).find((dtype) => (STORED[dtype] as readonly unknown[]).includes(value)),
  cure: FLOAT,
};

const CPU = 'All runs where the program runs: leave it out';
const MEMORY = 'Leave it out: weights are read once, to where they stay';
const ATTENTION = 'There is one attention, that of eager: leave it out';
const FORMAT = 'Checkpoints are safetensors or of torch.save: leave it out';
const FOLDER = 'Put it behind the source, as in "models/name/folder"';
const FILE = 'Name the .safetensors or .bin file itself as the source, with { config }';
const SHAPES = 'Give the config of the checkpoint, such as its num_labels';

/** Options of `from_pretrained` in transformers; most are taken where they say what is so here in any case. */
export const FOREIGN = {
  dtype: WANTED,
  torch_dtype: WANTED,
  attn_implementation: oneOf(['eager'], ATTENTION),
  trust_remote_code: oneOf([false], 'No code that comes with a checkpoint runs here'),
  use_safetensors: oneOf([true], FORMAT),
  from_tf: oneOf([false], FORMAT),
  from_flax: oneOf([false], FORMAT),
  ignore_mismatched_sizes: oneOf([false], SHAPES),
  low_cpu_mem_usage: FLAG,
};

/** What takes the place of other options of transformers and transformers.js. */
const CURES: Readonly<Record<string, string>> = {
  use_auth_token: 'Did you mean token?',
  cache_dir: 'Did you mean cache?',
  force_download: 'Pass { cache: false } to read anew',
  resume_download: 'Leave it out: an interrupted download goes on where it stopped',
  proxies: 'Pass the address of a mirror as endpoint, or tell the runtime of the proxy',
  mirror: 'Did you mean endpoint?',
  device: CPU,
  device_map: CPU,
  max_memory: MEMORY,
  offload_folder: MEMORY,
  subfolder: FOLDER,
  variant: FILE,
  model_file_name: FILE,
  gguf_file: FORMAT,
  state_dict: 'Pass the bytes of a safetensors file as the source',
  output_loading_info: 'Leave it out: errors name tensors that are missing, and onwarn hears of the others',
  load_in_8bit: FLOAT,
  load_in_4bit: FLOAT,
  quantized: FLOAT,
  return_unused_kwargs: 'Leave it out: every option is known, or refused',
};

/** What to do instead of giving an option that other libraries have. */
export const cureOfForeign: CureOf = curesIn(CURES);
