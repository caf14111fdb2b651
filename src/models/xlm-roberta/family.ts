import type { Family } from '../family.ts';
import { ROBERTA } from '../roberta/family.ts';
import { XLMRobertaConfig } from './config.ts';

export const XLM_ROBERTA: Family = { ...ROBERTA, Config: XLMRobertaConfig };
