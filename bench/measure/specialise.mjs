/**
 * What it costs to bind a trace of twelve layers to sizes that it has not met: shapes, numbers and places of all instructions.
 *
 *   node bench/measure/specialise.mjs [--rounds N]
 */
import { parseArgs } from 'node:util';
import { BertConfig, BertModel, jit, ones } from '../../dist/index.js';
import { begin, digits, table } from './report.mjs';
import { summarise } from './stats.mjs';

const { values: options } = parseArgs({ options: { rounds: { type: 'string', default: '400' } } });
const WARM = 200;
const dynamic = /** @type {const} */ ({ batch: [1, 64], sequence: [1, 512] });
const sizes = { vocab_size: 1000, hidden_size: 48, num_hidden_layers: 12, num_attention_heads: 12, intermediate_size: 96 };

begin('a trace of twelve layers at new sizes');
const inputs = Object.fromEntries(
  ['input_ids', 'token_type_ids', 'attention_mask'].map((name) => [name, ones([1, 8], { dtype: 'int32' })]),
);
const { instance } = await jit.trace(new BertModel(new BertConfig(sizes)), inputs, { dynamic });
const microseconds = [];
for (let i = 0; i < WARM + Number(options.rounds); i++) {
  const [batch, sequence] = [1 + (i % 64), 1 + ((i * 7) % 512)];
  const since = performance.now();
  instance.specialise({ batch, sequence, tokens: batch * sequence - (i % batch) });
  if (i >= WARM) microseconds.push(1000 * (performance.now() - since));
}
const { median, min, low, high } = summarise(microseconds);
table(
  ['instructions', 'µs', 'min', 'quartiles'],
  [[String(instance.proved.instructions.length), digits(median), digits(min), `${digits(low)}–${digits(high)}`]],
);
