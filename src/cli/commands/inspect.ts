import { stat } from 'node:fs/promises';
import { Command } from 'commander';
import { TraceletError } from '../../base/error.ts';
import type { Sizes } from '../../tensor/dim.ts';
import type { TracedModule } from '../../traced/traced.ts';
import { engineVariants, findTrace, methodIn, openTrace } from '../model.ts';
import { examples, memory, methodOption, whole } from '../options.ts';
import { bytes, flops, whole as grouped, note, print, printJson, table, typeOf } from '../output.ts';
import { STATUS } from '../status.ts';
import { countParameters, countWeights, type WeightCount } from '../weights.ts';

interface InspectOptions {
  graph?: boolean;
  code?: boolean;
  plan?: boolean;
  files?: boolean;
  json?: boolean;
  batch?: number;
  sequence?: number;
  tokens?: number;
  fit?: number;
  method?: string;
}

/** `tracelet inspect` */
export const inspectCommand = (signal: AbortSignal): Command =>
  new Command('inspect')
    .description('show what is in a trace')
    .argument('<file>', 'a trace')
    .option('--graph', 'the graph: an instruction a line, with shapes and module paths')
    .option('--code', 'the flat instruction buffer')
    .option('--plan', 'for each instruction its place in the arena, operations and bytes moved')
    .option('--batch <n>', 'plan for so many texts a call', whole(1 << 24))
    .option('--sequence <n>', 'plan for texts of so many tokens', whole(1 << 24))
    .option('--tokens <n>', 'plan for so many tokens in all that are not padding', whole(1 << 24))
    .option('--fit <memory>', 'say whether a call fits in so much memory, such as 128MB; if not, the exit code is 1', memory)
    .option('--files', 'the files that travel in the trace')
    .addOption(methodOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'tracelet inspect minilm.tracelet',
        'tracelet inspect minilm.tracelet --graph',
        'tracelet inspect minilm.tracelet --plan --json',
        'tracelet inspect minilm.tracelet --plan --batch 8 --sequence 128 --fit 128MB',
      ),
    )
    .action((file: string, options: InspectOptions) => inspect(file, options, signal));

async function inspect(file: string, options: InspectOptions, signal: AbortSignal): Promise<void> {
  const { json, fit } = options;
  const traced = methodIn(await openTrace(file, { signal }), options.method);
  const sizes = sizesOf(options, traced);
  const plans = options.plan || fit !== undefined || Object.keys(sizes).length > 0;
  const wanted = { ...options, plan: plans };
  const views = Object.entries(VIEWS).filter(([name]) => wanted[name as keyof typeof VIEWS]);
  if (views.length === 0) {
    const summary = await summarise(traced, (await findTrace(file)) ?? file);
    if (json) printJson(summary);
    else print(summaryText(summary));
  } else if (json) printJson(Object.fromEntries(views.map(([name, view]) => [name, view.data(traced, sizes)])));
  else print(views.map(([, view]) => view.text(traced, sizes)).join('\n\n'));
  if (fit !== undefined) checkFit(traced, sizes, fit);
}

/** The sizes to plan for, by the symbols of traces. Throws a `value` error for those that the trace fixes. */
function sizesOf({ batch, sequence, tokens }: InspectOptions, { dynamic }: TracedModule): Sizes {
  const fixed = Object.entries({ batch, sequence }).find(([symbol, size]) => size !== undefined && !(symbol in dynamic));
  if (fixed)
    throw new TraceletError('value', {
      what: `--${fixed[0]}`,
      expected: 'a trace that leaves its sizes open',
      got: 'one with fixed ones',
      cure: 'Trace it again with --dynamic',
    });
  const given = Object.entries({ batch, sequence, tokens }).filter((entry): entry is [string, number] => entry[1] !== undefined);
  return Object.fromEntries(given);
}

function checkFit(traced: TracedModule, sizes: Sizes, fit: number): void {
  const needed = traced.plan(sizes).memory;
  const fits = needed <= fit;
  note(`tracelet: a call needs ${bytes(needed)} of wasm memory, which ${fits ? 'fits' : 'does not fit'} in ${bytes(fit)}`);
  if (!fits) process.exitCode = STATUS.no;
}

interface View {
  data(traced: TracedModule, sizes: Sizes): unknown;
  text(traced: TracedModule, sizes: Sizes): string;
}

const VIEWS: Record<'graph' | 'code' | 'plan' | 'files', View> = {
  graph: { data: ({ graph }) => graph.split('\n'), text: ({ graph }) => graph },
  code: { data: ({ code }) => code.split('\n'), text: ({ code }) => code },
  plan: { data: planData, text: planText },
  files: { data: filesOf, text: (traced) => fileList(filesOf(traced)) },
};

function filesOf({ files }: TracedModule): { name: string; bytes: number }[] {
  return [...files].map(([name, { length }]) => ({ name, bytes: length }));
}

function fileList(files: readonly { name: string; bytes: number }[]): string {
  return files.length === 0
    ? 'none'
    : table(
        files.map(({ name, bytes: size }) => [name, grouped(size), 'bytes']),
        'lrl',
      );
}

function planData(traced: TracedModule, sizes: Sizes) {
  const plan = traced.plan(sizes);
  const { ms, instructions } = traced.estimate(sizes);
  return { ...plan, ms, instructions: plan.instructions.map((instruction, i) => ({ ...instruction, ms: instructions[i] })) };
}

function planText(traced: TracedModule, sizes: Sizes): string {
  const { weights, arena, memory: needed, flops: all, ms, instructions } = planData(traced, sizes);
  const head = ['', 'op', 'result', 'offset', 'bytes', 'FLOPs', 'moved', 'ms', 'module'];
  const rows = instructions.map(({ op, path, shape, offset, bytes: size, flops: operations, moved, ms: time }, i) => [
    `${i}`,
    op,
    `[${shape.join(', ')}]`,
    ...[offset, size, operations, moved].map(grouped),
    time.toFixed(3),
    path,
  ]);
  const memories = `weights ${grouped(weights)} bytes, arena ${grouped(arena)} bytes, memory ${grouped(needed)} bytes`;
  return `${table([head, ...rows], 'rllrrrrrl')}\n${memories}\n${flops(all)}, about ${ms.toFixed(2)} ms here`;
}

type Summary = Awaited<ReturnType<typeof summarise>>;

async function summarise(traced: TracedModule, file: string) {
  const { instructions, weights: inMemory, arena, memory: needed, flops: operations } = traced.plan();
  const ops: Record<string, { count: number; flops: number }> = {};
  for (const { op, flops } of instructions) {
    ops[op] ??= { count: 0, flops: 0 };
    ops[op].count++;
    ops[op].flops += flops;
  }
  const weights = countWeights(traced);
  return {
    file,
    bytes: await sizeOf(file),
    inputs: traced.inputs,
    outputs: traced.outputs,
    instructions: instructions.length,
    ops,
    parameters: countParameters(weights),
    weights,
    flops: operations,
    memory: { weights: inMemory, arena, total: needed },
    dynamic: traced.dynamic,
    methods: Array.from(traced.methods, ([name, method]) => ({ name, inputs: method.inputs, outputs: method.outputs })),
    files: filesOf(traced),
    kernels: engineVariants(),
  };
}

const sizeOf = (file: string): Promise<number | null> =>
  stat(file).then(
    ({ size }) => size,
    () => null,
  );

function summaryText(summary: Summary): string {
  const { file, bytes: size, inputs, outputs, ops, weights, parameters, memory, files, kernels } = summary;
  const named = (signatures: Summary['inputs']): string =>
    table(
      signatures.map((signature) => [signature.name, typeOf(signature)]),
      'll',
    );
  const sections = {
    file: size === null ? file : `${file}, ${bytes(size)} (${grouped(size)} bytes)`,
    inputs: named(inputs),
    outputs: named(outputs),
    weights: table(weightRows(weights, parameters), 'lrl'),
    ...dynamicText(summary.dynamic),
    ...methodsText(summary.methods),
    'a call': `${summary.instructions} instructions, ${flops(summary.flops)}`,
    memory: `weights ${bytes(memory.weights)}, arena ${bytes(memory.arena)}, in all ${bytes(memory.total)}`,
    files: fileList(files),
    kernels: kernels.join(', '),
  };
  const general = Object.entries(sections).flatMap(([title, text]) => text.split('\n').map((line, i) => [i === 0 ? title : '', line]));
  const share = (value: number): string => (value === 0 ? '' : `${((100 * value) / summary.flops).toFixed(1)} %`);
  const counts = Object.entries(ops).map(([op, { count, flops: operations }]) => [op, `${count}`, share(operations)]);
  return `${table(general, 'll')}\n\n${table([['op', 'count', 'FLOPs'], ...counts], 'lrr')}`;
}

const dynamicText = (dynamic: Summary['dynamic']): Record<string, string> => {
  const symbols = Object.entries(dynamic).map(([symbol, [low, high]]) => `${symbol} ${low} to ${high}`);
  return symbols.length > 0 ? { dynamic: symbols.join(', ') } : {};
};

const methodsText = (methods: Summary['methods']): Record<string, string> => {
  const named = (signatures: Summary['inputs']): string =>
    signatures.map((signature) => `${signature.name} ${typeOf(signature)}`).join(', ');
  const lines = methods.map(({ name, inputs, outputs }) => `${name}: ${named(inputs)} -> ${named(outputs)}`);
  return lines.length > 0 ? { methods: lines.join('\n') } : {};
};

function weightRows(weights: Record<string, WeightCount>, parameters: number): string[][] {
  const rows = Object.entries(weights).map(([dtype, count]) => [
    dtype,
    grouped(count.parameters),
    `parameters in ${count.tensors} tensors, ${bytes(count.bytes)}`,
  ]);
  return rows.length > 1 ? [...rows, ['in all', grouped(parameters), 'parameters']] : rows;
}
