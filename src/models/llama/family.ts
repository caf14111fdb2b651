import type { Family } from '../family.ts';
import { LLAMA_KIN } from '../llamafamily.ts';
import { LlamaConfig } from './config.ts';

export const LLAMA: Family = { ...LLAMA_KIN, Config: LlamaConfig };
