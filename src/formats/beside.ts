import { TextEncoder } from '../base/globals.ts';
import type { ByteSource } from '../platform/platform.ts';
import { bytesOfTensor, type TensorInfo } from './safetensors.ts';
import { checkHash, FILES, readTraceHeader, tensorFor } from './trace.ts';
import { readTensors } from './walker.ts';

/** Extra files of a trace, by name. */
export type ExtraFiles = Readonly<Record<string, string | Uint8Array>>;

/** Extra files as they travel. */
export const textFiles = (files: ExtraFiles): Map<string, Uint8Array> =>
  new Map(
    Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? new TextEncoder().encode(content) : content]),
  );

/** The extra files of a trace by name, checked against their hashes; weights are passed over, and the source is closed. */
export async function readExtraFiles(source: ByteSource, { signal }: { signal?: AbortSignal } = {}): Promise<Map<string, Uint8Array>> {
  try {
    const { header, hashes, aliases } = await readTraceHeader(source, { signal });
    const files = new Map<string, Uint8Array>();
    const namesOf = ({ name }: TensorInfo) => [name, ...(aliases.get(name) ?? [])].filter((each) => each.startsWith(FILES));
    const placeOf = (info: TensorInfo) => (namesOf(info).length > 0 ? bytesOfTensor(tensorFor(info)) : undefined);
    const done = async (info: TensorInfo, content: Uint8Array) => {
      await checkHash(content, info.name, hashes);
      for (const name of namesOf(info)) files.set(name.slice(FILES.length), content);
    };
    await readTensors(source, header.tensors, placeOf, { signal, done });
    return files;
  } finally {
    await source.close();
  }
}
