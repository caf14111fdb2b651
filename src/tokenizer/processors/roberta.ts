import type { Fields } from '../fields.ts';
import type { IdOf, PostProcessor } from '../interfaces.ts';
import { readFrame } from './bert.ts';
import { trimIn } from './bytelevel.ts';

/** `<s> A </s>`, and `<s> A </s></s> B </s>`, all of type 0. */
export const readRobertaProcessing = (fields: Fields): ((idOf: IdOf) => PostProcessor) => {
  const [frame, trims] = [readFrame(fields), trimIn(fields)];
  return (idOf) => {
    const [cls, sep] = frame(idOf).map((token) => ({ token, type: 0 }));
    const single = [cls, { sequence: 0, type: 0 }, sep] as const;
    return { single, pair: [...single, sep, { sequence: 1, type: 0, overflowType: 0 }, sep], ...trims };
  };
};
