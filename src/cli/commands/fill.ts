import { Command } from 'commander';
import { TraceletError } from '../../base/error.ts';
import type { ModelOutput } from '../../nn/outputs.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { PreTrainedTokenizerFast } from '../../tokenizer/index.ts';
import { findTrace, openModel, openTrace } from '../model.ts';
import { examples, whole } from '../options.ts';
import { print, printJson, table } from '../output.ts';

interface FillOptions {
  model: string;
  top: number;
  json?: boolean;
}

interface Answer {
  input_ids: Tensor;
  output: ModelOutput;
  tokenizer: PreTrainedTokenizerFast;
}

interface Candidate {
  token: string;
  id: number;
  probability: number;
}

/** `tracelet fill` */
export const fillCommand = (signal: AbortSignal): Command =>
  new Command('fill')
    .description('predict the masked words of a text')
    .argument('<text>', 'a text with [MASK] for each word to predict')
    .requiredOption('-m, --model <model>', 'a transformers directory with a masked-word head, or a trace of one')
    .option('--top <n>', 'words to show for each mask', whole(1000), 5)
    .option('--json', 'print JSON: for each mask an array of {"token", "id", "probability"}')
    .addHelpText(
      'after',
      examples(
        'tracelet fill "Paris is the [MASK] of France." -m bert-base-uncased/',
        'tracelet fill "[MASK] is the [MASK] of France." -m masked.tracelet --top 3 --json',
      ),
    )
    .action((text: string, options: FillOptions) => fill(text, options, signal));

async function fill(text: string, { model, top, json }: FillOptions, signal: AbortSignal): Promise<void> {
  const isModel = (await findTrace(model)) === undefined;
  const { input_ids, output, tokenizer } = await (isModel ? askModel : askTrace)(model, text, signal);
  const logits = logitsOf(output, tokenizer, model);
  const { mask_token, mask_token_id } = tokenizer;
  const ids = input_ids.data.subarray(0, input_ids.shape[1]);
  const masks = Array.from(ids, Number).flatMap((id, at) => (id === mask_token_id ? [at] : []));
  if (masks.length === 0)
    throw new TraceletError('value', {
      what: `text ${JSON.stringify(text)}`,
      expected: `${mask_token} among its first ${ids.length} tokens`,
      got: 'none',
    });
  const answers = masks.map((at) => best(logits, at, top, tokenizer));
  if (json) printJson(answers);
  else print(answers.map((candidates, i) => listing(candidates, masks.length > 1 ? `${mask_token} ${i + 1}` : undefined)).join('\n\n'));
}

async function askModel(directory: string, text: string, signal: AbortSignal): Promise<Answer> {
  const { model, tokenizer, withoutTexts } = await openModel(directory, { head: 'mlm', signal });
  if (!tokenizer) throw withoutTexts;
  const { config, input_names } = model;
  const encoded = Object.entries(tokenizer.encode_plus(text, null, { return_tensors: true }));
  const inputs = Object.fromEntries(encoded.filter(([name]) => input_names.includes(name))) as Record<string, Tensor>;
  const { input_ids } = inputs;
  const [tokens, most] = [input_ids.shape[1], config.most_tokens()];
  if (tokens > most)
    throw new TraceletError('value', { what: 'the text', expected: `at most ${most} tokens, which the model takes`, got: `${tokens}` });
  return { input_ids, output: model(inputs), tokenizer };
}

async function askTrace(path: string, text: string, signal: AbortSignal): Promise<Answer> {
  const traced = await openTrace(path, { signal });
  const inputs = traced.encode_([text]);
  return { input_ids: inputs.input_ids, output: await traced.run(inputs, { signal }), tokenizer: traced.tokenizer };
}

/** The output that has a score for every token at every position. */
function logitsOf(output: ModelOutput, { vocab_size }: PreTrainedTokenizerFast, model: string): Tensor {
  const outputs = ['prediction_logits', 'logits'].map((name) => output[name]);
  const found = outputs.find((tensor?: Tensor) => tensor?.shape.length === 3 && tensor.shape[2] >= vocab_size);
  if (found) return found;
  throw new TraceletError('value', {
    what: model,
    expected: 'logits [batch, sequence, vocabulary]',
    got: 'other outputs',
    cure: 'Trace the model with --head mlm',
  });
}

/** The likeliest tokens at a position of the first row. Ids that no token has count towards the sum alone. */
function best({ data, shape }: Tensor, at: number, top: number, tokenizer: PreTrainedTokenizerFast): Candidate[] {
  const vocabulary = shape[2];
  const row = Array.from(data.subarray(at * vocabulary, (at + 1) * vocabulary), Number);
  const peak = row.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const total = row.reduce((sum, logit) => sum + Math.exp(logit - peak), 0);
  return [...tokenizer.get_vocab().values()]
    .filter((id) => id < vocabulary)
    .map((id) => ({ id, probability: Math.exp(row[id] - peak) / total }))
    .sort((a, b) => b.probability - a.probability || a.id - b.id)
    .slice(0, top)
    .map(({ id, probability }) => ({ token: tokenizer.convert_ids_to_tokens(id), id, probability }));
}

function listing(candidates: readonly Candidate[], title: string | undefined): string {
  const rows = candidates.map(({ token, probability }) => [token, `${(100 * probability).toFixed(2)} %`]);
  return [...(title ? [title] : []), table(rows, 'lr')].join('\n');
}
