import { quoteList } from '../base/json.ts';
import type { Folder } from '../sources/folder.ts';

const NAMED = 'Name the file itself';
const BELOW = 'Name the folder in which it is, or the file itself';
const INDEX = 'The index that says which tensors are in them is missing: fetch that as well, such as pytorch_model.bin.index.json';
const FROM = 'load it in Python and save it once more with save_pretrained, or name the repository that it was made from';

/** Files that hold weights in ways that are not looked for, and what can be done about each. */
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)adapter_model\.(safetensors|bin)$/, 'These are adapters: merge them into their model (merge_and_unload of peft), and save that'],
  [/(^|\/)(model\.[\w-]+\.safetensors|pytorch_model\.[\w-]+\.bin)(\.index\.json)?$/, NAMED],
  [/^[^/]+-of-\d+\.(safetensors|bin)$/, INDEX],
  [/^[^/]+\.(safetensors|tracelet)$/, NAMED],
  [/\.(safetensors|tracelet)$/, BELOW],
  [/(^|\/)pytorch_model[^/]*\.bin$/, BELOW],
  [/\.onnx$/, `ONNX graphs are not read: ${FROM}`],
  [/\.(h5|msgpack|ot|tflite)$/, `Weights of TensorFlow, Flax and Rust are not read: ${FROM}`],
  [/\.gguf$/, `GGUF is not read: ${FROM}`],
  [/^(?!(training_args|optimizer|scheduler|scaler|rng_state)[^/]*$)[^/]+\.(bin|pt|pth|ckpt)$/, NAMED],
];

/** What messages say of a folder in which no checkpoint was found, and what can be done. */
export async function insteadOfCheckpoint(folder: Folder): Promise<{ got: string; cure?: string }> {
  const names = await folder.contents();
  for (const [pattern, cure] of FORMATS) {
    const found = names.filter((name) => pattern.test(name));
    if (found.length > 0) return { got: `only ${listed(found)}`, cure: cure === NAMED ? `${NAMED}: ${folder.at(found[0])}` : cure };
  }
  return { got: names.length > 0 ? `neither among ${quoteList(names)}` : 'neither', cure: folder.cure };
}

const listed = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
