import { vectors } from '../asks.ts';
import { OLLAMA } from '../dialect.ts';
import { limited, route } from '../route.ts';
import { COUNT, either, FILLED, flag, list, NUMBER, object, orNull, SIZE, text } from '../schema.ts';

const VECTOR = list(NUMBER);
const MODEL = text('The name of a model; where one is served that makes vectors, any');
const nanoseconds = (since: number): number => Math.round(1e6 * (performance.now() - since));

export const OLLAMA_ROUTES = [
  route<{ model: string; input: string | string[]; truncate?: boolean; dimensions?: number | null }>({
    method: 'POST',
    paths: ['/api/embed'],
    dialect: OLLAMA,
    summary: 'A vector for each text, as Ollama answers',
    ability: 'embed',
    anyType: true,
    body: object({
      model: MODEL,
      input: either(text('Nothing is answered to an empty one'), list(text())),
      'truncate?': flag(true),
      'dimensions?': orNull(SIZE),
    }),
    example: { model: 'model', input: 'A cat sleeps.' },
    answer: object({
      model: text(),
      embeddings: list(VECTOR),
      total_duration: COUNT,
      load_duration: COUNT,
      prompt_eval_count: COUNT,
    }),
    async run(call, { model: name, input, truncate = call.options.auto_truncate, dimensions }) {
      const since = performance.now();
      const model = call.models.find('embed', name);
      const texts = limited(call, input === '' ? [] : [input].flat(), 'input');
      const embeddings = await vectors(call, model, texts, { truncate, normalize: true, dimensions: dimensions ?? undefined });
      const total_duration = nanoseconds(since);
      return { model: model.name, embeddings, total_duration, load_duration: 0, prompt_eval_count: call.tokens };
    },
  }),
  route<{ model: string; prompt: string }>({
    method: 'POST',
    paths: ['/api/embeddings'],
    dialect: OLLAMA,
    summary: 'A vector for a text, as older versions of Ollama answer',
    ability: 'embed',
    anyType: true,
    body: object({ model: MODEL, prompt: FILLED }),
    answer: object({ embedding: VECTOR }),
    async run(call, { model: name, prompt }) {
      const options = { truncate: call.options.auto_truncate, normalize: true };
      const [vector] = await vectors(call, call.models.find('embed', name), [prompt], options);
      return { embedding: vector };
    },
  }),
];
