import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import { COHERE, JINA } from '../dialect.ts';
import { limited, ranked, route } from '../route.ts';
import { COUNT, either, FILLED, flag, list, NUMBER, object, orNull, SIZE, text } from '../schema.ts';
import { rankings } from './scores.ts';

type Document = string | { text: string };

interface Given {
  model: string;
  query: string;
  documents: Document[];
  top_n?: number | null;
  return_documents?: boolean;
}

const DOCUMENTS = list(either(FILLED, object({ text: FILLED })), { minItems: 1 });
const MODEL = text('The name of a model; where one is served that ranks, any');
const EXAMPLE = { model: 'model', query: 'Who naps?', documents: ['Shares fell.', 'A kitten naps.'] };
const RESULT = { index: COUNT, relevance_score: NUMBER };

/** Documents of a unit that Cohere counts. */
const UNIT = 100;

/** A text without what stands behind so many of its tokens. */
function cutTo(tokenizer: PreTrainedTokenizerFast, given: string, most: number): string {
  const options = { add_special_tokens: false, truncation: false, return_offsets_mapping: true, offset_unit: 'utf16' } as const;
  const { offset_mapping = [] } = tokenizer.encode_plus(given, options);
  return offset_mapping.length > most ? given.slice(0, offset_mapping[most - 1][1]) : given;
}

const textIn = (document: Document): string => (typeof document === 'string' ? document : document.text);

export const RERANK_ROUTES = [
  route<Given>({
    method: 'POST',
    paths: ['/v1/rerank'],
    dialect: JINA,
    summary: 'Documents by what they say about a query, as Jina answers',
    ability: 'rerank',
    body: object({ model: MODEL, query: FILLED, documents: DOCUMENTS, 'top_n?': orNull(SIZE), 'return_documents?': flag(true) }),
    example: EXAMPLE,
    answer: object({
      model: text(),
      object: text(),
      usage: object({ total_tokens: COUNT, prompt_tokens: COUNT }),
      results: list(object({ ...RESULT, 'document?': object({ text: text() }) })),
    }),
    async run(call, { model: name, query, documents, top_n, return_documents = true }) {
      const model = call.models.find('rerank', name);
      const texts = limited(call, documents, 'documents').map(textIn);
      const scores = await rankings(call, model, { query, texts, truncate: call.options.auto_truncate });
      const results = ranked(scores).map((index) => ({
        index,
        relevance_score: scores[index],
        ...(return_documents && { document: { text: texts[index] } }),
      }));
      const usage = { total_tokens: call.tokens, prompt_tokens: call.tokens };
      return { model: model.name, object: 'list', usage, results: results.slice(0, top_n ?? undefined) };
    },
  }),
  route<Omit<Given, 'return_documents'> & { max_tokens_per_doc?: number | null }>({
    method: 'POST',
    paths: ['/v2/rerank'],
    dialect: COHERE,
    summary: 'Documents by what they say about a query, as Cohere answers',
    ability: 'rerank',
    body: object({
      model: MODEL,
      query: FILLED,
      documents: DOCUMENTS,
      'top_n?': orNull(SIZE),
      'max_tokens_per_doc?': orNull(SIZE),
    }),
    example: EXAMPLE,
    answer: object({
      id: text(),
      results: list(object(RESULT)),
      meta: object({ api_version: object({ version: text() }), billed_units: object({ search_units: COUNT }) }),
    }),
    async run(call, { model: name, query, documents, top_n, max_tokens_per_doc: most }) {
      const model = call.models.find('rerank', name);
      const whole = limited(call, documents, 'documents').map(textIn);
      const texts = most ? whole.map((each) => cutTo(model.traced.tokenizer, each, most)) : whole;
      const scores = await rankings(call, model, { query, texts, truncate: call.options.auto_truncate });
      const results = ranked(scores).map((index) => ({ index, relevance_score: scores[index] }));
      const meta = { api_version: { version: '2' }, billed_units: { search_units: Math.ceil(texts.length / UNIT) } };
      return { id: crypto.randomUUID(), results: results.slice(0, top_n ?? undefined), meta };
    },
  }),
];
