import { type OptionTable, SIGNAL } from '../base/options.ts';
import { COUNT, NAMES, POSITIVE } from '../base/schema.ts';
import { VARIANT } from '../kernels/binaries.ts';
import type { Variant } from '../platform/platform.ts';
import { TEXT_OPTIONS, type TextOptions } from '../text/encode.ts';

/** Options of a run that does not block; those of texts only where it is given texts. */
export interface RunOptions extends TextOptions {
  /** Stops the run between two instructions; the trace stays usable. */
  signal?: AbortSignal;
  /** The outputs that are wanted, by name, so that no others are computed; all unless given. */
  outputs?: readonly string[];
}

/** What each option of these calls may be. */
export const RUN_OPTIONS: OptionTable<RunOptions> = { signal: SIGNAL, outputs: NAMES, ...TEXT_OPTIONS };

export const PAD_OPTIONS: OptionTable<{ pad_token_id?: number }> = { pad_token_id: COUNT };
export const PROFILE_OPTIONS: OptionTable<{ seconds?: number; kernels?: Variant }> = { seconds: POSITIVE, kernels: VARIANT };
