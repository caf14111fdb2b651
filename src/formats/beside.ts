import { TextEncoder } from '../base/globals.ts';
import type { ByteSource } from '../platform/platform.ts';
import { bytesOfTensor, checkHash, FILES, readExactly, readTraceHeader, tensorFor } from './trace.ts';

/** Extra files of a trace, by name. */
export type ExtraFiles = Readonly<Record<string, string | Uint8Array>>;

/** Extra files as they travel. */
export const textFiles = (files: ExtraFiles): Map<string, Uint8Array> =>
  new Map(
    Object.entries(files).map(([name, content]) => [name, typeof content === 'string' ? new TextEncoder().encode(content) : content]),
  );

const SKIP = 1 << 20;

/** The extra files of a trace by name, checked against their hashes; weights are passed over, and the source is closed. */
export async function readExtraFiles(source: ByteSource, options: { signal?: AbortSignal } = {}): Promise<Map<string, Uint8Array>> {
  try {
    const { header, hashes, aliases } = await readTraceHeader(source, options);
    const files = new Map<string, Uint8Array>();
    const skipped = new Uint8Array(SKIP);
    for (const info of header.tensors) {
      options.signal?.throwIfAborted();
      const names = [info.name, ...(aliases.get(info.name) ?? [])].filter((name) => name.startsWith(FILES));
      const bytes = info.end - info.begin;
      if (names.length === 0) {
        for (let left = bytes; left > 0; left -= SKIP) await readExactly(source, skipped.subarray(0, Math.min(left, SKIP)), info.name);
        continue;
      }
      const content = bytesOfTensor(tensorFor(info));
      await readExactly(source, content, info.name);
      await checkHash(content, info.name, hashes);
      for (const name of names) files.set(name.slice(FILES.length), content);
    }
    return files;
  } finally {
    await source.close();
  }
}
