import { kind } from '../field.ts';
import type { IntegerForm } from '../integers.ts';
import { proved } from '../options.ts';
import type { Variant } from '../platform/platform.ts';
import { isMap } from '../realm.ts';
import type { Instance } from './instance.ts';
import type { Named } from './outputs.ts';

/** What a trace is made of besides its program and weights. */
export interface Contents {
  /** Extra files by name. */
  files: Map<string, Uint8Array>;
  golden: { inputs: Named[]; outputs: Named[] };
  /** The kernels to run on; the fastest that the engine has unless given. */
  kernels?: Variant;
  /** How quantised programs multiply integers; the fastest way that the kernels have here unless given. */
  integers?: IntegerForm;
}

/** The parts of a trace, proved to be some. Throws `value` errors. */
export function proveContents(instance: Instance | undefined, contents: Contents): Contents {
  const isWhole = () => instance?.program !== undefined && isMap(contents?.files);
  proved('new TracedModule', instance, kind('what jit.trace and jit.load make', isWhole, 'Call one of them'));
  return contents;
}
