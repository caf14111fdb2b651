import { type CureOf, curesIn } from '../base/options.ts';
import { FLAG, oneOf } from '../base/schema.ts';

const FLOAT = 'All is computed in float32: quantize(traced) makes weights of 8 or 4 bits';
const CPU = 'All runs where the program runs: leave it out';
const MEMORY = 'Leave it out: weights are read once, to where they stay';
const ATTENTION = 'There is one attention, that of eager: leave it out';
const FORMAT = 'Checkpoints are safetensors or of torch.save: leave it out';
const FOLDER = 'Put it behind the source, as in "models/name/folder"';
const FILE = 'Name the .safetensors or .bin file itself as the source, with { config }';
const SHAPES = 'Give the config of the checkpoint, such as its num_labels';

/** Options of `from_pretrained` in transformers that are taken where they say what is so here in any case. */
export const FOREIGN = {
  dtype: oneOf(['float32'], FLOAT),
  torch_dtype: oneOf(['float32'], FLOAT),
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
