import { openExported } from '#exported';
import { openArchive, readScript } from './archive.ts';
import type { ScriptModule } from './module.ts';
import { PrintedModule } from './printed.ts';

/** How a module of an archive is opened. */
export interface OpenOptions {
  /** What its inputs are called, by position, if not as in its code. */
  input_names?: readonly string[];
}

/** The module in the bytes of an archive of PyTorch. Throws `format`, `unsupported` and `version` errors that call it `name`. */
export async function openScript(bytes: Uint8Array, name: string, { input_names }: OpenOptions = {}): Promise<ScriptModule> {
  const archive = openArchive(bytes, name);
  if (archive.kind === 'script') return new PrintedModule(readScript(archive), input_names);
  return openExported(archive, input_names);
}
