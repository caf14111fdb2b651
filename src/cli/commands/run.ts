import { Command } from 'commander';
import { TraceletError } from '../../base/error.ts';
import { describe, isObject, readJson } from '../../base/json.ts';
import { didYouMean } from '../../base/nearest.ts';
import { flattenOutputs, type Named } from '../../nn/outputs.ts';
import { type Signature, showShape } from '../../program/signature.ts';
import type { ThreadCount } from '../../runtime/threads/choose.ts';
import { tensor } from '../../tensor/creation.ts';
import type { Nested } from '../../tensor/nested.ts';
import { sameShape, type Tensor } from '../../tensor/tensor.ts';
import type { TracedModule } from '../../traced/traced.ts';
import { nameOf, readInput } from '../input.ts';
import { methodIn, openTrace } from '../model.ts';
import { examples, methodOption, threadsOption } from '../options.ts';
import { print } from '../output.ts';

interface RunOptions {
  input: string;
  output?: string[];
  truncate?: boolean;
  pad?: boolean;
  threads?: ThreadCount;
  method?: string;
}

/** `tracelet run` */
export const runCommand = (signal: AbortSignal): Command =>
  new Command('run')
    .description('run a trace on inputs given as JSON')
    .argument('<file>', 'a trace')
    .option('-i, --input <file>', 'JSON file, - for stdin', '-')
    .option('--output <names...>', 'outputs to print (default: all)')
    .option('--truncate', 'leave out what does not fit of a text that is too long (default: an error)')
    .option('--pad', 'fill inputs that are shorter than the traced ones up with padding')
    .addOption(methodOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
Input is one JSON value: an object of inputs by name, an array of them by position, or a text. Where they are left out, token_type_ids are 0,
an attention_mask 1 and position_ids 0, 1, 2, … .
  {"input_ids": [[101, 7592, 102]], "attention_mask": [[1, 1, 1]]}
  [[[101, 7592, 102]]]
  {"text": "Who was Jim Henson?", "pair": "Jim Henson was a puppeteer."}

Output is one JSON object: {"name": {"dtype": ..., "shape": [...], "data": nested arrays}, ...}, where null is not a finite number.
${examples(
  `echo '{"text": "Hello"}' | tracelet run minilm.tracelet --output sentence_embedding`,
  'tracelet run model.tracelet --input ids.json --pad',
)}`,
    )
    .action((file: string, options: RunOptions) => run(file, options, signal));

async function run(file: string, { input, output, truncate, pad, threads, method }: RunOptions, signal: AbortSignal): Promise<void> {
  const traced = methodIn(await openTrace(file, { signal, threads }), method);
  const chosen = chooseOutputs(traced, output);
  const what = nameOf(input);
  const given = readTensors(readJson(await readInput(input, signal), what), traced, what, truncate);
  const inputs = pad ? traced.pad(given) : checkLengths(given, traced);
  const { tensors } = flattenOutputs(await traced.run(inputs, { signal, outputs: chosen }));
  print(
    `{${tensors
      .filter(({ name }) => chosen.includes(name))
      .map(outputJson)
      .join(',')}}`,
  );
}

function chooseOutputs({ outputs }: TracedModule, wanted: readonly string[] | undefined): string[] {
  const names = outputs.map(({ name }) => name);
  const unknown = wanted?.find((name) => !names.includes(name));
  if (unknown !== undefined) throw unknownName('--output', unknown, names);
  return wanted ? [...wanted] : names;
}

function unknownName(what: string, name: string, names: readonly string[]): TraceletError {
  return new TraceletError('value', {
    what,
    expected: `one of ${names.join(', ')}`,
    got: describe(name),
    cure: didYouMean(name, names),
  });
}

/** Tensors by name from any of the forms of input. */
function readTensors(value: unknown, traced: TracedModule, what: string, truncate?: boolean): Record<string, Tensor> {
  if (isObject(value) && 'text' in value) return readText(value, traced, what, truncate);
  if (!isObject(value) && !Array.isArray(value))
    throw new TraceletError('format', { what, expected: 'an object or array of inputs, or {"text": ...}', got: describe(value) });
  const signatures = traced.inputs;
  const entries: [string, unknown][] = Array.isArray(value) ? byPosition(value, signatures, what) : Object.entries(value);
  return Object.fromEntries(
    entries.map(([name, nested]) => {
      const signature = signatures.find((candidate) => candidate.name === name);
      if (!signature)
        throw unknownName(
          `input ${describe(name)}`,
          name,
          signatures.map((candidate) => candidate.name),
        );
      return [name, readTensor(nested, signature)];
    }),
  );
}

function readText(value: Record<string, unknown>, traced: TracedModule, what: string, truncate?: boolean): Record<string, Tensor> {
  const { text, pair, ...others } = value;
  const sound = typeof text === 'string' && (pair === undefined || typeof pair === 'string') && Object.keys(others).length === 0;
  if (!sound)
    throw new TraceletError('format', {
      what,
      expected: '{"text": string, "pair": string if any}',
      got: describe(value),
    });
  return traced.encode_([text, pair, { truncate }]);
}

function byPosition(values: readonly unknown[], signatures: readonly Signature[], what: string): [string, unknown][] {
  if (values.length > signatures.length)
    throw new TraceletError('value', { what, expected: `at most ${signatures.length} inputs`, got: `${values.length}` });
  return values.map((value, i) => [signatures[i].name, value]);
}

function readTensor(value: unknown, { name, dtype }: Signature): Tensor {
  checkNumbers(value, `input "${name}"`);
  return tensor(value as Nested, dtype === 'float32' ? { dtype } : {});
}

function checkLengths(inputs: Record<string, Tensor>, traced: TracedModule): Record<string, Tensor> {
  for (const signature of traced.inputs) {
    const { name, shape, dims = shape } = signature;
    const given = inputs[name]?.shape ?? shape;
    const wanted = dims.map((dim, i) => (typeof dim === 'number' ? dim : given[i]));
    const shorter = given.length === shape.length && given.every((size, i) => size <= wanted[i]) && !sameShape(given, wanted);
    if (shorter)
      throw new TraceletError('shape', {
        what: `input "${name}"`,
        expected: showShape(signature),
        got: `[${given}]`,
        cure: 'Pass --pad to fill inputs up with padding',
      });
  }
  return inputs;
}

const MAX_DIMENSIONS = 8;

function checkNumbers(value: unknown, what: string, room = MAX_DIMENSIONS): void {
  if (Array.isArray(value) && room > 0) for (const element of value) checkNumbers(element, what, room - 1);
  else if (typeof value !== 'number' && typeof value !== 'boolean')
    throw new TraceletError('value', { what, expected: 'nested arrays of numbers', got: describe(value) });
}

/** Nine significant digits give every float32 back exactly. */
function outputJson({ name, tensor }: Named): string {
  const data = JSON.stringify(tensor.tolist(), (_, value) => (typeof value === 'number' ? Number(value.toPrecision(9)) : value));
  return `${JSON.stringify(name)}:{"dtype":"${tensor.dtype}","shape":[${tensor.shape}],"data":${data}}`;
}
