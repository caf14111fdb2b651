import { vectors } from '../asks.ts';
import { WORKERS_AI } from '../dialect.ts';
import { Fault } from '../fault.ts';
import { limited, ranked, route } from '../route.ts';
import { COUNT, either, FILLED, list, NUMBER, object, orNull, SIZE, text } from '../schema.ts';
import { rankings } from './scores.ts';

/** What is asked of a model that makes vectors, or of one that ranks. */
export type WorkersAIBody =
  | { text: string | string[]; pooling?: string | null }
  | { query: string; contexts: { text: string }[]; top_k?: number | null };

const VECTORS = object({ shape: list(COUNT), data: list(list(NUMBER)), pooling: text() });
const SCORES = object({ response: list(object({ id: COUNT, score: NUMBER })) });
const done = (result: unknown) => ({ result, success: true, errors: [], messages: [] });

export const WORKERS_AI_ROUTES = [
  route<WorkersAIBody>({
    method: 'POST',
    paths: ['/ai/run/{model}'],
    dialect: WORKERS_AI,
    summary: 'What `run` of Workers AI answers: vectors of texts, or scores of contexts for a query',
    body: either(
      object({ text: either(FILLED, list(FILLED, { minItems: 1 })), 'pooling?': orNull(text('That of the model')) }),
      object({ query: FILLED, contexts: list(object({ text: FILLED }), { minItems: 1 }), 'top_k?': orNull(SIZE) }),
    ),
    answer: object({
      result: either(VECTORS, SCORES),
      success: { type: 'boolean' },
      errors: { type: 'array' },
      messages: { type: 'array' },
    }),
    async run(call, body) {
      const { auto_truncate: truncate } = call.options;
      if ('query' in body) {
        const model = call.models.find('rerank', call.rest);
        const texts = limited(call, body.contexts, 'contexts').map((context) => context.text);
        const scores = await rankings(call, model, { query: body.query, texts, truncate });
        const response = ranked(scores).map((id) => ({ id, score: scores[id] }));
        return done({ response: response.slice(0, body.top_k ?? undefined) });
      }
      const model = call.models.find('embed', call.rest);
      const { pooling } = model;
      if ((body.pooling ?? pooling) !== pooling)
        throw new Fault('invalid', `\`pooling\`: expected ${pooling}, which is that of the model, got ${body.pooling}`, {
          param: 'pooling',
        });
      const data = await vectors(call, model, limited(call, [body.text].flat(), 'text'), { truncate, normalize: true });
      return done({ shape: [data.length, data[0].length], data, pooling });
    },
  }),
];
