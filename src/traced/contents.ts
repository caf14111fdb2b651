import { proved } from '../base/options.ts';
import { isMap } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import type { IntegerForm } from '../kernels/integers.ts';
import type { Named } from '../nn/outputs.ts';
import type { Variant } from '../platform/platform.ts';
import type { Instance } from '../runtime/instance.ts';

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
