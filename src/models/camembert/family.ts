import type { Family } from '../family.ts';
import { ROBERTA } from '../roberta/family.ts';
import { CamembertConfig } from './config.ts';

export const CAMEMBERT: Family = { ...ROBERTA, Config: CamembertConfig };
