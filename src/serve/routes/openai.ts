import { TextDecoder, TextEncoder } from '../../base/globals.ts';
import { type Asked, vectors } from '../asks.ts';
import { OPENAI } from '../dialect.ts';
import { route } from '../route.ts';
import { COUNT, either, list, NUMBER, object, oneOf, orNull, SIZE, text } from '../schema.ts';
import { INPUTS, textsOf } from './tei.ts';

interface Given {
  input: string | number[] | (string | number[])[];
  model?: string | null;
  encoding_format?: 'float' | 'base64' | null;
  dimensions?: number | null;
}

const LETTERS = new TextEncoder().encode('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');
const FILLER = '='.charCodeAt(0);

/** Bytes in base64. */
function encoded(bytes: Uint8Array): string {
  const letters = new Uint8Array(4 * Math.ceil(bytes.length / 3));
  for (let from = 0, at = 0; from < bytes.length; from += 3) {
    const three = (bytes[from] << 16) | (bytes[from + 1] << 8) | bytes[from + 2];
    for (let shift = 18; shift >= 0; shift -= 6) letters[at++] = LETTERS[(three >> shift) & 63];
  }
  letters.fill(FILLER, letters.length - ((3 - (bytes.length % 3)) % 3));
  return new TextDecoder().decode(letters);
}

/** Float32 of the least significant byte first, as base64. */
function base64(vector: Float32Array): string {
  const view = new DataView(new ArrayBuffer(4 * vector.length));
  for (let i = 0; i < vector.length; i++) view.setFloat32(4 * i, vector[i], true);
  return encoded(new Uint8Array(view.buffer));
}

const ENCODINGS = { float: (vector: Float32Array) => vector, base64 } as const;
const MODEL = object({ id: text(), object: text(), created: COUNT, owned_by: text() });

interface Description {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
}

const described = (id: string): Description => ({ id, object: 'model', created: 0, owned_by: 'tracelet' });

export const OPENAI_ROUTES = [
  route<Given>({
    method: 'POST',
    paths: ['/v1/embeddings', '/embeddings'],
    dialect: OPENAI,
    summary: 'A vector for each text, as OpenAI answers',
    ability: 'embed',
    body: object({
      input: INPUTS,
      'model?': orNull(text('The name of a model; where one is served that makes vectors, any')),
      'encoding_format?': orNull(oneOf('float', 'base64')),
      'dimensions?': orNull(SIZE),
      'user?': orNull(text()),
    }),
    example: { model: 'model', input: ['A cat sleeps.', 'Shares fell.'] },
    answer: object({
      object: oneOf('list'),
      data: list(object({ object: oneOf('embedding'), index: COUNT, embedding: either(list(NUMBER), text('float32 as base64')) })),
      model: text(),
      usage: object({ prompt_tokens: COUNT, total_tokens: COUNT }),
    }),
    async run(call, { input, model: name, encoding_format, dimensions }) {
      const model = call.models.find('embed', name ?? undefined);
      const texts: readonly Asked[] = textsOf(call, input, 'input');
      const options = { truncate: call.options.auto_truncate, normalize: true, dimensions: dimensions ?? undefined };
      const encode = ENCODINGS[encoding_format ?? 'float'];
      const data = (await vectors(call, model, texts, options)).map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: encode(vector),
      }));
      return { object: 'list', data, model: model.name, usage: { prompt_tokens: call.tokens, total_tokens: call.tokens } };
    },
  }),
  route({
    method: 'GET',
    paths: ['/v1/models'],
    dialect: OPENAI,
    summary: 'The models that are served',
    answer: object({ object: oneOf('list'), data: list(MODEL) }),
    run: ({ models: { models } }) => ({ object: 'list', data: models.map(({ name }) => described(name)) }),
  }),
  route({
    method: 'GET',
    paths: ['/v1/models/{model}'],
    dialect: OPENAI,
    summary: 'A model that is served',
    answer: MODEL,
    run: ({ models, rest }) => described(models.named(rest).name),
  }),
];
