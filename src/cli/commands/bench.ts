import { cpus, loadavg } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Command, Option } from 'commander';
import { costs } from '../../inspect/cost.ts';
import { explainThreads } from '../../inspect/explain.ts';
import type { IntegerForm } from '../../kernels/integers.ts';
import type { Variant } from '../../platform/platform.ts';
import type { ThreadCount } from '../../runtime/threads/choose.ts';
import type { TracedModule } from '../../traced/traced.ts';
import { engineVariants, methodIn, openTrace } from '../model.ts';
import { examples, integersOption, methodOption, seconds, threadsOption } from '../options.ts';
import { flops, note, print, table, typeOf } from '../output.ts';
import { version } from '../package.ts';
import { Progress } from '../progress.ts';
import { STATUS } from '../status.ts';
import { translated } from '../words.ts';

interface BenchOptions {
  seconds: number;
  kernels?: Variant;
  integers?: IntegerForm;
  threads?: ThreadCount;
  method?: string;
}

interface Contender {
  traced: TracedModule;
  times: number[];
}

const FEWEST_ROUNDS = 3;
const WARM_UP = 0.2;

/** `tracelet bench` */
export const benchCommand = (signal: AbortSignal): Command =>
  new Command('bench')
    .description('time the calls of a trace')
    .argument('<file>', 'a trace')
    .option('--seconds <n>', 'how long to measure', seconds, 3)
    .addOption(
      new Option('--kernels <variant>', 'only these kernels (default: all that the engine has)').choices(['baseline', 'relaxed', 'debug']),
    )
    .addOption(methodOption())
    .addOption(integersOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
Calls of the variants take turns, on the inputs stored in the trace; their answers are checked first. Spread is the middle half of
the times, as a share of the median. GFLOP/s follow from the median.
${examples('tracelet bench minilm.tracelet', 'tracelet bench minilm.tracelet --seconds 10 --kernels baseline')}`,
    )
    .action((file: string, options: BenchOptions) => bench(file, options, signal));

async function bench(file: string, options: BenchOptions, signal: AbortSignal): Promise<void> {
  const { seconds: duration, kernels, integers, threads, method } = options;
  const contenders: Contender[] = [];
  const variants = kernels ? [kernels] : engineVariants();
  for (const variant of variants) {
    const form = variant === variants.at(-1) ? integers : undefined;
    const traced = methodIn(await openTrace(file, { signal, kernels: variant, integers: form, threads }), method);
    if (!traced.verify().ok) {
      note(`tracelet: ${file} on ${traced.kernels} kernels: expected the outputs stored in it, got others`);
      process.exitCode = STATUS.no;
      return;
    }
    contenders.push({ traced, times: [] });
  }
  const progress = new Progress();
  try {
    await takeTurns(contenders, duration * WARM_UP, signal, () => progress.update('warming up'));
    for (const { times } of contenders) times.length = 0;
    await takeTurns(contenders, duration, signal, (left) => progress.update(`measuring, ${left.toFixed(0)} s to go`));
  } finally {
    progress.clear();
  }
  const [{ traced }] = contenders;
  print(surroundings(file, traced));
  print(`\n${results(contenders, costs(traced.instance, traced.instance.specialisation).flops)}`);
  if (!engineVariants().includes('relaxed'))
    note('tracelet: this engine has no relaxed SIMD, which makes traces faster: baseline kernels only');
}

async function takeTurns(
  contenders: readonly Contender[],
  duration: number,
  signal: AbortSignal,
  show: (left: number) => void,
): Promise<void> {
  const inputs = contenders.map(({ traced }) => Object.fromEntries(traced.golden.inputs.map(({ name, tensor }) => [name, tensor])));
  const end = performance.now() + 1000 * duration;
  for (let round = 0; round < FEWEST_ROUNDS || performance.now() < end; round++) {
    for (const [i, { traced, times }] of contenders.entries()) {
      const start = performance.now();
      traced(inputs[i]);
      times.push(performance.now() - start);
    }
    show(Math.max(0, end - performance.now()) / 1000);
    await setImmediate();
    signal.throwIfAborted();
  }
}

function surroundings(file: string, traced: TracedModule): string {
  const [processor] = cpus();
  const { node, bun, deno, v8 } = process.versions;
  const runtime = bun ? `Bun ${bun}` : deno ? `Deno ${deno}` : `Node ${node}`;
  const inputs = traced.inputs.map((input) => `${input.name} ${typeOf(input)}`).join(', ');
  return table(
    [
      ['trace', `${file}, ${flops(traced.flops())} a call`],
      ['inputs', inputs],
      [
        'machine',
        `${processor?.model.trim() || 'unknown'}, ${cpus().length} cores, ${process.platform} ${process.arch}, load ${loadavg()[0].toFixed(1)}`,
      ],
      ['threads', translated(explainThreads(traced.instance))],
      ['runtime', `${runtime}${v8 ? ` with V8 ${v8}` : ''}, tracelet ${version}`],
    ],
    'll',
  );
}

function results(contenders: readonly Contender[], operations: number): string {
  const rows = contenders.map(({ traced, times }) => {
    const sorted = times.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
    const median = at(0.5);
    return [
      traced.kernels,
      `${times.length}`,
      milliseconds(median),
      milliseconds(sorted[0]),
      `${((100 * (at(0.75) - at(0.25))) / median).toFixed(1)} %`,
      (operations / median / 1e6).toFixed(1),
    ];
  });
  return table([['kernels', 'calls', 'median', 'min', 'spread', 'GFLOP/s'], ...rows], 'lrrrrr');
}

const milliseconds = (value: number): string => `${value < 10 ? value.toFixed(3) : value.toFixed(1)} ms`;
