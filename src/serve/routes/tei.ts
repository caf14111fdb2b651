import { similarity } from '../../text/similarity.ts';
import type { Asked, Reading } from '../asks.ts';
import { sparseVectors, tokenVectors, vectors } from '../asks.ts';
import type { Call } from '../call.ts';
import { TEI } from '../dialect.ts';
import { shortest } from '../numbers.ts';
import { limited, route } from '../route.ts';
import { either, FILLED, flag, ID, list, NUMBER, object, oneOf, orNull, type Schema, SIZE, text } from '../schema.ts';

const IDS = list(ID, { minItems: 1 });
/** A text, ids of its tokens, or a list of these. */
export const INPUTS: Schema = either(FILLED, IDS, list(either(FILLED, IDS), { minItems: 1 }));

export const CUTTING = {
  'truncate?': orNull({ type: 'boolean', description: 'Leaves out tokens that do not fit; as the server says unless given' }),
  'truncation_direction?': oneOf('Right', 'right', 'Left', 'left'),
};
const READING = { ...CUTTING, 'prompt_name?': orNull(text('The name of a prompt of the model')) };

export interface Cutting {
  truncate?: boolean | null;
  truncation_direction?: string;
}

interface Given extends Cutting {
  inputs: string | number[] | (string | number[])[];
  prompt_name?: string | null;
}

/** How the texts of a request are read. */
export const readingOf = (
  { options }: Call,
  { truncate, truncation_direction, prompt_name }: Cutting & { prompt_name?: string | null },
): Reading => ({
  truncate: truncate ?? options.auto_truncate,
  fromLeft: truncation_direction?.toLowerCase() === 'left',
  prompt_name: prompt_name ?? undefined,
});

/** The texts of a request as a list. */
export function textsOf(call: Call, inputs: Given['inputs'], param = 'inputs'): readonly Asked[] {
  const isOne = typeof inputs === 'string' || typeof inputs[0] === 'number';
  return limited(call, (isOne ? [inputs] : inputs) as Asked[], param);
}

const VECTORS = list(list(NUMBER));

export const TEI_VECTORS = [
  route<Given & { normalize?: boolean; dimensions?: number | null }>({
    method: 'POST',
    paths: ['/embed'],
    dialect: TEI,
    summary: 'A vector for each text',
    ability: 'embed',
    body: object({
      inputs: INPUTS,
      ...READING,
      'normalize?': flag(true, 'Scales vectors to length 1'),
      'dimensions?': orNull({ ...SIZE, description: 'How many numbers of each vector are kept' }),
    }),
    example: { inputs: 'A cat sleeps.' },
    answer: VECTORS,
    async run(call, { inputs, normalize = true, dimensions, ...reading }) {
      const model = call.models.find('embed');
      const options = { ...readingOf(call, reading), normalize, dimensions: dimensions ?? undefined };
      return vectors(call, model, textsOf(call, inputs), options);
    },
  }),
  route<Given>({
    method: 'POST',
    paths: ['/embed_all'],
    dialect: TEI,
    summary: 'A vector for each token of each text',
    ability: 'embed_all',
    body: object({ inputs: INPUTS, ...READING }),
    example: { inputs: 'A cat sleeps.' },
    answer: list(VECTORS),
    run: (call, { inputs, ...reading }) =>
      tokenVectors(call, call.models.find('embed_all'), textsOf(call, inputs), readingOf(call, reading)),
  }),
  route<Given>({
    method: 'POST',
    paths: ['/embed_sparse'],
    dialect: TEI,
    summary: 'The words that count for each text, with their weights',
    ability: 'embed_sparse',
    body: object({ inputs: INPUTS, ...READING }),
    example: { inputs: 'A cat sleeps.' },
    answer: list(list(object({ index: ID, value: NUMBER }))),
    async run(call, { inputs, ...reading }) {
      const answers = await sparseVectors(call, call.models.find('embed_sparse'), textsOf(call, inputs), readingOf(call, reading));
      return answers.map(({ indices, values }) => Array.from(indices, (index, i) => ({ index, value: shortest(values[i]) })));
    },
  }),
  route<{ inputs: { source_sentence: string; sentences: string[] }; parameters?: (Cutting & { prompt_name?: string | null }) | null }>({
    method: 'POST',
    paths: ['/similarity'],
    dialect: TEI,
    summary: 'How alike sentences are to another one, as the cosine of their vectors',
    ability: 'embed',
    body: object({
      inputs: object({ source_sentence: FILLED, sentences: list(FILLED, { minItems: 1 }) }),
      'parameters?': orNull(object(READING)),
    }),
    example: { inputs: { source_sentence: 'A cat sleeps.', sentences: ['A kitten naps.', 'Shares fell.'] } },
    answer: list(NUMBER),
    async run(call, { inputs: { source_sentence, sentences }, parameters }) {
      const texts = [source_sentence, ...limited(call, sentences, 'inputs.sentences')];
      const options = { ...readingOf(call, parameters ?? {}), normalize: true };
      const [source, ...others] = await vectors(call, call.models.find('embed'), texts, options);
      return others.map((vector) => shortest(similarity(source, vector)));
    },
  }),
];
