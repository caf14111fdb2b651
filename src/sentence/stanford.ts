import { parseObject } from '../base/json.ts';
import { FLAG, oneOf, orNull, SIZE, TEXT } from '../base/schema.ts';
import { CONFIG, MODULES } from './config.ts';
import { readFields } from './modules.ts';
import { chainOf, overlaid, PUNCTUATION, promptsFor, QUERY_LENGTH, type ReadText, scoring } from './view.ts';

const METADATA = 'artifact.metadata';
const ARCHITECTURE = 'HF_ColBERT';
/** What the projection is called in the checkpoint, beside the encoder. */
export const PROJECTION = 'linear.weight';
const MARKERS = { query: '[unused0]', document: '[unused1]' };

/** What of the metadata counts; the rest is of training and indexing. */
const FIELDS = {
  query_token_id: orNull(TEXT),
  doc_token_id: orNull(TEXT),
  query_maxlen: orNull(SIZE),
  doc_maxlen: orNull(SIZE),
  attend_to_mask_tokens: orNull(FLAG),
  mask_punctuation: orNull(FLAG),
  similarity: orNull(oneOf(['cosine'], 'Vectors are compared by their products, which l2 is not')),
  interaction: orNull(oneOf(['colbert'], 'Scores are sums of the largest products')),
};
interface Says {
  query_token_id?: string | null;
  doc_token_id?: string | null;
  query_maxlen?: number | null;
  doc_maxlen?: number | null;
  attend_to_mask_tokens?: boolean | null;
  mask_punctuation?: boolean | null;
}

/** Whether a folder is one that Stanford's ColBERT wrote. */
export async function isStanford(read: ReadText): Promise<boolean> {
  const [modules, config] = await Promise.all([read(MODULES), read('config.json')]);
  if (modules !== undefined || config === undefined) return false;
  const { architectures } = parseObject(config, 'config.json');
  return Array.isArray(architectures) && architectures.includes(ARCHITECTURE);
}

/** A folder of Stanford's ColBERT, whose projection is [dim, hidden], as sentence-transformers would write it. Throws `config` and `format` errors. */
export async function asStanford(read: ReadText, [dim, hidden]: readonly number[]): Promise<ReadText> {
  const text = await read(METADATA);
  const metadata = text === undefined ? {} : parseObject(text, METADATA);
  const own = Object.fromEntries(Object.entries(metadata).filter(([name]) => Object.hasOwn(FIELDS, name)));
  const says = readFields(own, FIELDS, METADATA) as Says;
  const attend = says.attend_to_mask_tokens ?? false;
  const lengths = {
    query_expansion: { strategy: 'fixed', attend, length: says.query_maxlen ?? QUERY_LENGTH },
    document_length: says.doc_maxlen ?? null,
  };
  const dense = {
    in_features: hidden,
    out_features: dim,
    bias: false,
    activation_function: 'torch.nn.Identity',
    module_input_name: 'token_embeddings',
  };
  const chain = [
    { type: 'Transformer', path: '' },
    { type: 'Dense', path: '1_Dense', says: dense },
  ];
  const markers = { query: says.query_token_id || MARKERS.query, document: says.doc_token_id || MARKERS.document };
  return overlaid(read, {
    ...chainOf([...chain, ...scoring(chain.length, (says.mask_punctuation ?? true) ? PUNCTUATION : [])]),
    'sentence_bert_config.json': lengths,
    [CONFIG]: { model_type: 'MultiVectorEncoder', prompts: promptsFor(markers), markers },
  });
}
