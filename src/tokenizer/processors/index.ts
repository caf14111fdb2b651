import { TraceletError } from '../../base/error.ts';
import { type Fields, partOf, partsIn, type Registry } from '../fields.ts';
import type { IdOf, PostProcessor, Trim } from '../interfaces.ts';
import { readBertProcessing } from './bert.ts';
import { NOTHING_ADDED } from './nothing.ts';
import { readTemplateProcessing } from './template.ts';

/** Readers of post-processors by their types: BERT's, and all of them with `tokenizer/all.ts`. */
export const PROCESSORS: Registry<(idOf: IdOf) => PostProcessor> = {
  BertProcessing: readBertProcessing,
  Sequence: readSequence,
  TemplateProcessing: readTemplateProcessing,
};

/** The post-processor of tokenizer.json. Throws `config`, `format` and `unsupported` errors. */
export const processorOf = (value: unknown, idOf: IdOf): PostProcessor =>
  value === null || value === undefined ? NOTHING_ADDED : partOf('post_processor', value, PROCESSORS)(idOf);

/** At most one of them adds tokens. */
function readSequence(fields: Fields): (idOf: IdOf) => PostProcessor {
  const steps = partsIn(fields, 'processors', (name, value) => partOf(name, value, PROCESSORS));
  return (idOf) => {
    const all = steps.map((step) => step(idOf));
    const adding = all.filter(({ single }) => single !== NOTHING_ADDED.single);
    if (adding.length > 1)
      throw new TraceletError('unsupported', {
        what: fields.name,
        expected: 'one processor that adds special tokens',
        got: `${adding.length}`,
      });
    const trims = all.flatMap(({ trim }) => trim ?? []);
    return { ...(adding[0] ?? NOTHING_ADDED), ...(trims.length > 0 && { trim: chained(trims) }) };
  };
}

/** What the first leaves of a token's offsets is trimmed by the next. */
const chained =
  (trims: readonly Trim[]): Trim =>
  (token, text, start, end, isFirst) =>
    trims.reduce<[number, number]>(([from, to], trim) => trim(token, text, from, to, isFirst), [start, end]);
