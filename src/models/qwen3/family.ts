import type { Family } from '../family.ts';
import { LLAMA_KIN } from '../llamafamily.ts';
import { Qwen3Config } from './config.ts';

export const QWEN3: Family = { ...LLAMA_KIN, Config: Qwen3Config };
