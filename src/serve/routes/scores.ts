import { labelOf } from '../../tasks/facts.ts';
import { SCORES, sigmoid } from '../../tasks/scores.ts';
import { functionFor } from '../../tasks/textclassification.ts';
import { type Asked, logits, type Reading } from '../asks.ts';
import type { Call } from '../call.ts';
import { TEI } from '../dialect.ts';
import type { ServedModel } from '../model.ts';
import { shortest } from '../numbers.ts';
import { limited, ranked, route } from '../route.ts';
import { COUNT, either, FILLED, flag, list, NUMBER, object, text } from '../schema.ts';
import { CUTTING, type Cutting, readingOf } from './tei.ts';

/** How much each text says about a query, between 0 and 1 unless they are wanted as the model has them. */
export async function rankings(
  call: Call,
  model: ServedModel,
  { query, texts, isRaw = false, ...reading }: { query: string; texts: readonly string[]; isRaw?: boolean } & Reading,
): Promise<number[]> {
  const pairs = texts.map((each) => [query, each] as const);
  const scores = await logits(call, model, pairs, reading);
  return scores.map(([score]) => shortest(isRaw ? score : Math.fround(sigmoid(score))));
}

interface Labelled {
  score: number;
  label: string;
}

/** A text, one with its pair, or a list of these, each in a list of its own. */
type Sequences = string | string[] | string[][];

const PREDICTIONS = list(object({ score: NUMBER, label: text() }));
const SEQUENCE = list(FILLED, { minItems: 1, maxItems: 2, description: 'A text, or two of which one is the pair of the other' });

/** The labels of a text with their scores, the best first. */
function labelled(model: ServedModel, given: Float32Array, isRaw: boolean): Labelled[] {
  const scores = Array.from(isRaw ? given : SCORES[functionFor(model.facts, given.length)](given), Math.fround);
  return ranked(scores).map((id) => ({ score: shortest(scores[id]), label: labelOf(model.facts, id) }));
}

export const TEI_SCORES = [
  route<{ inputs: Sequences; raw_scores?: boolean } & Cutting>({
    method: 'POST',
    paths: ['/predict'],
    dialect: TEI,
    summary: 'The labels of texts or pairs, with their scores',
    ability: 'predict',
    body: object({
      inputs: either(FILLED, SEQUENCE, list(SEQUENCE, { minItems: 1 })),
      ...CUTTING,
      'raw_scores?': flag(false, 'Scores as the model has them'),
    }),
    example: { inputs: 'I like it.' },
    answer: either(PREDICTIONS, list(PREDICTIONS)),
    async run(call, { inputs, raw_scores = false, ...reading }) {
      const model = call.models.find('predict');
      const isBatch = Array.isArray(inputs) && Array.isArray(inputs[0]);
      const sequences = (isBatch ? inputs : [inputs]) as (string | readonly string[])[];
      const texts = limited(call, sequences, 'inputs').map((each) => (each.length === 1 ? each[0] : each) as Asked);
      const answers = (await logits(call, model, texts, readingOf(call, reading))).map((scores) => labelled(model, scores, raw_scores));
      return isBatch ? answers : answers[0];
    },
  }),
  route<{ query: string; texts: string[]; raw_scores?: boolean; return_text?: boolean } & Cutting>({
    method: 'POST',
    paths: ['/rerank'],
    dialect: TEI,
    summary: 'Texts by what they say about a query',
    ability: 'rerank',
    body: object({
      query: FILLED,
      texts: list(FILLED, { minItems: 1 }),
      ...CUTTING,
      'raw_scores?': flag(false, 'Scores as the model has them'),
      'return_text?': flag(false),
    }),
    example: { query: 'Who naps?', texts: ['Shares fell.', 'A kitten naps.'] },
    answer: list(object({ index: COUNT, score: NUMBER, 'text?': text() })),
    async run(call, { query, texts, raw_scores, return_text, ...reading }) {
      const model = call.models.find('rerank');
      const asked = { query, texts: limited(call, texts, 'texts'), isRaw: raw_scores, ...readingOf(call, reading) };
      const scores = await rankings(call, model, asked);
      return ranked(scores).map((index) => ({ index, ...(return_text && { text: texts[index] }), score: scores[index] }));
    },
  }),
];
