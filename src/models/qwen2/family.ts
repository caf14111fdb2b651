import type { Family } from '../family.ts';
import { LLAMA_KIN } from '../llamafamily.ts';
import { Qwen2Config } from './config.ts';

export const QWEN2: Family = { ...LLAMA_KIN, Config: Qwen2Config };
