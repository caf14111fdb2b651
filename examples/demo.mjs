/** Walks through the TorchScript guide on the real all-MiniLM-L6-v2, then embeds a few sentences. */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { minilm } from '@tracelet/all-minilm-l6-v2';
import { BertModel, BertTokenizer, bestVariant, jit, tensor } from 'tracelet';

const MODEL = fileURLToPath(new URL('.', minilm));

const heading = (text) => console.log(`\n${text}\n${'─'.repeat(text.length)}`);
const ms = (since) => `${(performance.now() - since).toFixed(1)} ms`;
const shape = ({ shape }) => `[${shape.join(', ')}]`;

heading('The default model');
let since = performance.now();
const embedder = await jit.load(minilm);
console.log(`loaded in ${ms(since)}, ${bestVariant()} kernels`);

heading('Tokenizing input text');
const enc = await BertTokenizer.from_pretrained(MODEL);
const text = '[CLS] Who was Jim Henson ? [SEP] Jim Henson was a puppeteer [SEP]';
const tokenized_text = enc.tokenize(text);
const masked_index = 8;
tokenized_text[masked_index] = '[MASK]';
const indexed_tokens = enc.convert_tokens_to_ids(tokenized_text);
const segments_ids = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1];
console.log(tokenized_text.join(' '));
console.log(indexed_tokens.join(' '));

const tokens_tensor = tensor([indexed_tokens]);
const segments_tensors = tensor([segments_ids]);

heading('Creating the trace');
since = performance.now();
const model = await BertModel.from_pretrained(MODEL, { torchscript: true });
model.eval();
console.log(`model loaded in ${ms(since)}`);
since = performance.now();
const traced_model = await jit.trace(model, [tokens_tensor, segments_tensors]);
const { weights, arena, instructions } = traced_model.plan();
console.log(`traced and checked in ${ms(since)}`);
console.log(`${instructions.length} instructions, ${(traced_model.flops() / 1e6).toFixed(0)} MFLOP a call`);
console.log(`${(weights / 2 ** 20).toFixed(1)} MiB of weights, ${(arena / 1024).toFixed(0)} KiB of activations`);
console.log('%s', traced_model.graph.split('\n').slice(0, 6).join('\n'), '\n  …');

heading('Saving and loading');
const file = join(tmpdir(), `traced_bert-${process.pid}.tracelet`);
try {
  since = performance.now();
  await jit.save(traced_model, file);
  console.log(`saved in ${ms(since)}`);
  since = performance.now();
  const loaded_model = (await jit.load(file)).eval();
  console.log(`loaded in ${ms(since)}`);

  heading('Using the traced model for inference');
  const dummy_input = [tokens_tensor, segments_tensors];
  const [all_encoder_layers, pooled_output] = loaded_model(dummy_input);
  console.log(`all_encoder_layers ${shape(all_encoder_layers)}, pooled_output ${shape(pooled_output)}`);
  const eager = model(dummy_input);
  console.log(`largest difference from the eager model: ${largestDifference(eager[0], all_encoder_layers)}`);
  console.log(`eager  ${median(() => model(dummy_input)).toFixed(2)} ms a call`);
  console.log(`traced ${median(() => loaded_model(dummy_input)).toFixed(2)} ms a call`);
  try {
    loaded_model(tensor([[101, 7592, 102]]), tensor([[0, 0, 0]]));
  } catch (error) {
    console.log(`three tokens instead of fourteen: ${error.message}`);
  }
} finally {
  await rm(file, { force: true });
}

heading('Sentences and their similarities');
const sentences = [
  'A man is eating food.',
  'Someone is having a meal.',
  'The girl plays the violin.',
  'A musician performs on stage.',
  'Stocks fell sharply on Monday.',
];
since = performance.now();
const vectors = (await embedder.embed(sentences)).tolist();
console.log(`${sentences.length} sentences in ${ms(since)}\n`);
for (const [i, sentence] of sentences.entries()) {
  const row = vectors.map((vector) => dot(vectors[i], vector).toFixed(2).padStart(6)).join('');
  console.log(`${row}  ${sentence}`);
}

function dot(a, b) {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function largestDifference(a, b) {
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i])), 0);
}

function median(run, rounds = 15) {
  const times = Array.from({ length: rounds }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[rounds >> 1];
}
