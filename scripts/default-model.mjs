/**
 * Makes models/all-MiniLM-L6-v2/model.tracelet from a directory with the all-MiniLM-L6-v2 checkpoint:
 *
 *   node scripts/default-model.mjs DIRECTORY
 *
 * One text of up to 128 tokens a call; int8 weights with a scale a row; tokenizer, pooling and normalisation inside.
 */
import { BertTokenizer, jit, quantize, SentenceEmbedder } from 'tracelet';

const SEQUENCE = 128;
const [directory] = process.argv.slice(2);
if (!directory) throw new Error('usage: node scripts/default-model.mjs DIRECTORY');

const tokenizer = await BertTokenizer.from_pretrained(directory);
const model = quantize(await SentenceEmbedder.from_pretrained(directory, { torchscript: true }));
const { input_ids, token_type_ids, attention_mask } = tokenizer.encode_plus('One text in, one vector out.', undefined, {
  padding: 'max_length',
  max_length: SEQUENCE,
  truncation: true,
  return_tensors: true,
});
const traced = await jit.trace(model, { input_ids, token_type_ids, attention_mask }, { tokenizer });
await jit.save(traced, new URL('../models/all-MiniLM-L6-v2/model.tracelet', import.meta.url).pathname);
