import { openArchive, readScript } from './archive.ts';
import { ScriptModule } from './module.ts';

export { type ExampleInput, ScriptModule } from './module.ts';

/** How a module of an archive is opened. */
export interface OpenScriptOptions {
  /** What its inputs are called, by position, if not as in its code. */
  input_names?: readonly string[];
}

/** The module in the bytes of an archive of PyTorch. Throws `format`, `unsupported` and `version` errors that call it `name`. */
export function openScript(bytes: Uint8Array, name: string, { input_names }: OpenScriptOptions = {}): ScriptModule {
  return new ScriptModule(readScript(openArchive(bytes, name)), input_names);
}
