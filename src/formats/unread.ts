import { quoteList } from '../base/json.ts';
import type { Folder } from '../sources/folder.ts';

const NAMED = 'Name the file itself';
const FROM = 'load it in Python and save it once more with save_pretrained, or name the repository that it was made from';

/** Files that hold weights in ways that are not looked for, and what can be done about each. */
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [
    /(^|\/)pytorch_model[^/]*\.bin(\.index\.json)?$/,
    'Save the model once more with safe_serialization: save_pretrained of transformers does so by itself',
  ],
  [/(^|\/)adapter_model\.(safetensors|bin)$/, 'These are adapters: merge them into their model (merge_and_unload of peft), and save that'],
  [/(^|\/)model\.[\w-]+\.safetensors(\.index\.json)?$/, NAMED],
  [/^(?!.*-of-\d+)[^/]+\.(safetensors|tracelet)$/, NAMED],
  [/\.(safetensors|tracelet)$/, 'Name the folder in which it is, or the file itself'],
  [/\.onnx$/, `ONNX graphs are not read: ${FROM}`],
  [/\.(h5|msgpack|ot|tflite)$/, `Weights of TensorFlow, Flax and Rust are not read: ${FROM}`],
  [/\.gguf$/, `GGUF is not read: ${FROM}`],
  [/\.(bin|pt|pth|ckpt)$/, 'Save the model once more as model.safetensors'],
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
