import { platform } from '#platform';
import { bytesOfTensor, checkHash, FILES, readExactly, readTraceHeader, TRACE_NAME, tensorFor } from './file.ts';

/** The trace that `path` names: a .tracelet file, or the one in a directory. */
export async function traceAt(path: string): Promise<string | undefined> {
  if (path.endsWith('.tracelet')) return path;
  const inside = `${path.replace(/[/\\]+$/, '')}/${TRACE_NAME}`;
  return (await platform.exists(inside)) ? inside : undefined;
}

const SKIP = 1 << 20;

/** The extra files of the trace at `path` by name, checked against their hashes; weights are passed over. */
export async function readExtraFiles(path: string, options: { signal?: AbortSignal } = {}): Promise<Map<string, Uint8Array>> {
  const source = await platform.open(path);
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
