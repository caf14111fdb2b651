import { archives } from './archives.ts';
import { safetensors } from './checkpoints.ts';
import { configs } from './configs.ts';
import { faults } from './faults.ts';
import { indexes } from './indexes.ts';
import type { Kind } from './kind.ts';
import { pickles } from './pickles.ts';
import { tokenizers } from './tokenizers.ts';
import { traces } from './traces.ts';

/** Every kind of input that is fuzzed; `faults` shows that what is wrong is found. */
export const KINDS: Readonly<Record<string, Kind>> = { traces, configs, tokenizers, safetensors, pickles, archives, indexes, faults };
