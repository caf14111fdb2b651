import { openModule } from '#scripts';
import { checkOptions, type OptionTable } from '../base/options.ts';
import { kind } from '../base/schema.ts';
import { SOURCE_OPTIONS, type SourceOptions } from '../sources/options.ts';
import type { Source } from '../sources/source.ts';
import type { ScriptModule } from '../torchscript/module.ts';

/** Options of {@link open_script}. */
export interface OpenScriptOptions extends SourceOptions {
  /** What the inputs are called, by position, where the names in the archive are others. Padding is told by the name `attention_mask`. */
  input_names?: readonly string[];
}

/** What `input_names` may be. */
export const INPUT_NAMES = kind<readonly string[]>(
  'a list of names',
  (value) => Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== ''),
);

const OPTIONS: OptionTable<OpenScriptOptions> = { ...SOURCE_OPTIONS, input_names: INPUT_NAMES };

/**
 * The module that PyTorch saved with `torch.jit.save` (.pt) or `torch.export.save` (.pt2), of a path, an address, bytes, a response or a stream: its
 * parameters by name, its code, and a forward pass for {@link jit.trace}. Nothing in the file is run but ops that are known here. Throws `source`,
 * `format`, `unsupported` and `version` errors.
 */
export async function open_script(source: Source, options: OpenScriptOptions = {}): Promise<ScriptModule> {
  const checked = checkOptions('jit.open_script', options, OPTIONS);
  return openModule(source, checked);
}
