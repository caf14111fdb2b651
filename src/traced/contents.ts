import { proved } from '../base/options.ts';
import { isMap } from '../base/realm.ts';
import { kind } from '../base/schema.ts';
import type { Named } from '../nn/outputs.ts';
import type { Runner } from './runner.ts';
import type { TracedModule } from './traced.ts';

/** What a trace is made of besides its program and weights. */
export interface Contents {
  /** Extra files by name. */
  files: Map<string, Uint8Array>;
  golden: { inputs: Named[]; outputs: Named[] };
  /** Other methods by name. */
  methods?: ReadonlyMap<string, TracedModule<unknown>>;
}

/** Throws a `value` error unless a trace can be made of these. */
export function proveTraceable(runner: Runner | undefined, contents: Contents): void {
  const isWhole = () => runner?.local?.instance?.program !== undefined && isMap(contents?.files);
  proved('new TracedModule', runner, kind('what jit.trace and jit.load make', isWhole, 'Call one of them'));
}
