import type { Family } from '../family.ts';
import { LLAMA_KIN } from '../llamafamily.ts';
import { MistralConfig } from './config.ts';

export const MISTRAL: Family = { ...LLAMA_KIN, Config: MistralConfig };
