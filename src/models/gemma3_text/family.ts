import type { Family } from '../family.ts';
import { LLAMA_KIN } from '../llamafamily.ts';
import { Gemma3TextConfig } from './config.ts';

export const GEMMA3: Family = { ...LLAMA_KIN, Config: Gemma3TextConfig };
