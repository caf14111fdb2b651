import { cacheOf, type Folder, folderOf, OFFLINE, type SourceOptions } from './folder.ts';
import { type RemoteOptions, remoteFile, there } from './remote.ts';

const CURE = 'The server asks who you are: fetch the file yourself and pass the Response';

/** Names that models have in other formats, for which addresses are asked where a checkpoint is looked for in vain. */
export const OTHER_FORMATS: readonly string[] = [
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
  'tf_model.h5',
  'flax_model.msgpack',
  'model.fp16.safetensors',
  'model.onnx',
  'onnx/model.onnx',
  'onnx/model_quantized.onnx',
  'adapter_model.safetensors',
];

/** What is below an address. */
export function addressed(base: string, options: SourceOptions): Folder {
  const at = (file: string): string => new URL(file, base).href;
  const cached = options.cache ? cacheOf(options.cache) : undefined;
  const about = async (file: string): Promise<RemoteOptions> => ({
    ...options,
    name: base,
    file: file.split('/').at(-1) ?? file,
    cache: await cached,
    cure: CURE,
    lenient: true,
  });
  return folderOf({
    name: base,
    cure: options.local_files_only ? OFFLINE : undefined,
    at,
    seek: async (file) => remoteFile(at(file), await about(file)),
    contents: () => there(OTHER_FORMATS, at, { ...options, lenient: true }),
  });
}
