import type { Family } from '../family.ts';
import { XLM } from '../xlm/family.ts';
import { FlaubertConfig } from './config.ts';

export const FLAUBERT: Family = { ...XLM, Config: FlaubertConfig };
