import { TextDecoder } from '../base/globals.ts';
import type { ByteSource } from '../platform/platform.ts';
import { type Folder, folderOf } from '../sources/folder.ts';
import { peek } from '../sources/head.ts';
import { withoutQuery } from '../sources/place.ts';
import { fromBytes } from '../sources/stream.ts';
import { readExtraFiles } from './beside.ts';
import type { Checkpoint } from './checkpoint.ts';
import { bytesOfTensor } from './safetensors.ts';
import { FILES, FORMAT, TRACE_NAME } from './trace.ts';

type Files = ReadonlyMap<string, Uint8Array>;

/** A kind of file that holds a folder: config, tokenizer and whatever else lies beside weights. */
interface ArchiveKind {
  /** What a folder that stands for a model calls it. */
  name: string;
  /** How the names of such files end. */
  ending: string;
  /** Whether a file begins as one. */
  begins(head: Uint8Array): boolean;
  /** Its files by name; weights are passed over, and the source is closed. */
  files(source: ByteSource, options: { signal?: AbortSignal }): Promise<Files>;
  /** Its files among what was read of it as a checkpoint; undefined where the checkpoint is no such archive. */
  filesIn(checkpoint: Checkpoint): Files | undefined;
}

const HEADER = 8;

const TRACE: ArchiveKind = {
  name: TRACE_NAME,
  ending: '.tracelet',
  begins: (head) => new TextDecoder().decode(head.subarray(HEADER, HEADER + 1)) === '{',
  files: readExtraFiles,
  filesIn({ metadata, tensors }) {
    if (metadata.format !== FORMAT) return undefined;
    const files = [...tensors].filter(([name]) => name.startsWith(FILES));
    return new Map(files.map(([name, tensor]) => [name.slice(FILES.length), bytesOfTensor(tensor)]));
  },
};

/** Those that are known. A file that begins as none of them is read as the last one, whose reader says what is wrong. */
const KINDS: readonly ArchiveKind[] = [TRACE];
const HEAD_BYTES = 16;

/** Whether a file is an archive by its name. */
export const isArchive = (file: string): boolean => KINDS.some(({ ending }) => withoutQuery(file).endsWith(ending));

/** The folder of these files. */
function archived(name: string, files: Files): Folder {
  return folderOf({
    name,
    at: (file) => `${file} of ${name}`,
    async seek(file) {
      const bytes = files.get(file);
      return bytes ? { ...fromBytes(bytes), name: `${file} of ${name}` } : { absent: 'none' };
    },
    contents: async () => [...files.keys()],
  });
}

/** The folder in an archive. Throws `format`, `version` and `integrity` errors for what is none. */
export async function openArchive(source: ByteSource, options: { signal?: AbortSignal }): Promise<Folder> {
  const { head, whole } = await peek(source, HEAD_BYTES);
  const kind = KINDS.find(({ begins }) => begins(head)) ?? KINDS[KINDS.length - 1];
  return archived(source.name, await kind.files(whole, options));
}

/** The folder in the archive that lies in a folder, if one does. */
export async function archiveIn(folder: Folder, options: { signal?: AbortSignal }): Promise<Folder | undefined> {
  for (const { name } of KINDS) {
    const source = await folder.find(name);
    if (source) return openArchive(source, options);
  }
  return undefined;
}

/** The folder in the archive that was read as a checkpoint, if it is one. */
export function archiveOf(checkpoint: Checkpoint): Folder | undefined {
  for (const { filesIn } of KINDS) {
    const files = filesIn(checkpoint);
    if (files) return archived(checkpoint.name, files);
  }
  return undefined;
}
