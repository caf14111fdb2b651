import { DEBERTA } from '../deberta/family.ts';
import type { Family } from '../family.ts';
import { DebertaV2Config } from './config.ts';

export const DEBERTA_V2: Family = { ...DEBERTA, Config: DebertaV2Config };
