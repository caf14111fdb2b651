import { Command, Option } from 'commander';
import type { InstructionProfile, Profile } from '../../inspect/profile.ts';
import type { IntegerForm } from '../../kernels/integers.ts';
import type { Variant } from '../../platform/platform.ts';
import type { ThreadCount } from '../../runtime/threads/choose.ts';
import { findTrace, methodIn, openTrace } from '../model.ts';
import { examples, integersOption, methodOption, seconds, threadsOption } from '../options.ts';
import { print, table } from '../output.ts';
import { placeFor, writeTo } from '../place.ts';

interface ProfileOptions {
  seconds: number;
  kernels?: Variant;
  integers?: IntegerForm;
  threads?: ThreadCount;
  each?: boolean;
  json?: boolean;
  chrome?: string;
  method?: string;
}

/** Instructions that are listed together. */
interface Line {
  name: string;
  count: number;
  ms: number;
  flops: number;
  moved: number;
  /** Share of what registers alone would reach. */
  peak: number;
}

/** `tracelet profile` */
export const profileCommand = (signal: AbortSignal): Command =>
  new Command('profile')
    .description('show where the time of a call goes')
    .argument('<file>', 'a trace')
    .option('--seconds <n>', 'how long to measure', seconds, 3)
    .addOption(
      new Option('--kernels <variant>', 'the kernels to run on (default: the fastest that the engine has)').choices([
        'baseline',
        'relaxed',
        'debug',
      ]),
    )
    .option('--each', 'a line for each instruction, instead of one for those of the same kind in all layers')
    .option('--json', 'print every instruction as JSON')
    .option('--chrome <file>', 'also write a call as a trace that chrome://tracing and Perfetto open')
    .addOption(methodOption())
    .addOption(integersOption())
    .addOption(threadsOption())
    .addHelpText(
      'after',
      `
GFLOP/s and GB/s follow from the traced dimensions: an instruction that leaves padding out shows more than it computes.
${examples('tracelet profile minilm.tracelet', 'tracelet profile minilm.tracelet --each --chrome call.json')}`,
    )
    .action((file: string, options: ProfileOptions) => profile(file, options, signal));

async function profile(file: string, options: ProfileOptions, signal: AbortSignal): Promise<void> {
  const chrome = options.chrome === undefined ? undefined : await placeFor(options.chrome, file, await findTrace(file));
  const say = chrome?.say ?? print;
  const { kernels: variant, integers: form, threads } = options;
  const traced = methodIn(await openTrace(file, { signal, kernels: variant, integers: form, threads }), options.method);
  const measured = traced.profile(undefined, { seconds: options.seconds });
  signal.throwIfAborted();
  if (chrome) await writeTo(chrome, chromeTrace(measured), signal);
  if (options.json) return say(JSON.stringify(measured));
  const { instructions, calls, kernels, integers, peaks } = measured;
  const total = instructions.reduce((sum, { ms }) => sum + ms, 0);
  const listed = options.each
    ? instructions.map((instruction, i) => lineOf(`${i} ${nameOf(instruction)}`, [instruction]))
    : byKind(instructions);
  say(report(listed, total));
  const slowest = instructions.reduce((a, b) => (b.ms > a.ms ? b : a));
  say(`\nslowest  instruction ${instructions.indexOf(slowest)}, ${nameOf(slowest)}: ${slowest.ms.toFixed(3)} of ${total.toFixed(2)} ms`);
  say(`medians  of ${calls} calls on the inputs stored in the trace, ${kernels} kernels${integers ? `, integers as ${integers}` : ''}`);
  const integer = peaks.integer ? `, ${(peaks.integer / 1e6).toFixed(1)} GOP/s for integer products` : '';
  say(`peak     ${(peaks.float / 1e6).toFixed(1)} GFLOP/s on registers alone${integer}`);
}

const nameOf = ({ op, path }: InstructionProfile): string => `${op} ${path}`.trim();

const lineOf = (name: string, own: readonly InstructionProfile[]): Line => {
  const sum = (column: 'ms' | 'flops' | 'moved'): number => own.reduce((total, instruction) => total + instruction[column], 0);
  const peak = own.reduce((total, instruction) => total + instruction.peak * instruction.ms, 0) / sum('ms');
  return { name, count: own.length, ms: sum('ms'), flops: sum('flops'), moved: sum('moved'), peak };
};

/** Instructions of one op and module, whatever their layer, longest first. */
function byKind(instructions: readonly InstructionProfile[]): Line[] {
  const kinds = new Map<string, InstructionProfile[]>();
  for (const instruction of instructions) {
    const kind = nameOf(instruction).replaceAll(/\.\d+(?=\.|$)/g, '.*');
    kinds.set(kind, [...(kinds.get(kind) ?? []), instruction]);
  }
  return [...kinds].map(([kind, own]) => lineOf(kind, own)).sort((a, b) => b.ms - a.ms);
}

function report(lines: readonly Line[], total: number): string {
  const rate = (amount: number, ms: number): string => (amount / ms / 1e6).toFixed(1);
  const rows = lines.map(({ name, count, ms, flops, moved, peak }) => [
    name,
    `${count}`,
    ms.toFixed(3),
    `${((100 * ms) / total).toFixed(1)} %`,
    flops ? rate(flops, ms) : '',
    moved ? rate(moved, ms) : '',
    flops ? `${(100 * peak).toFixed(0)} %` : '',
  ]);
  return table([['instruction', 'count', 'ms', 'share', 'GFLOP/s', 'GB/s', 'of peak'], ...rows], 'lrrrrrr');
}

/** One call as complete events of the Trace Event Format, microseconds from its start. */
function chromeTrace({ instructions, kernels }: Profile): Uint8Array[] {
  let at = 0;
  const traceEvents = instructions.map((instruction, i) => {
    const { op, path: module, shape, ms, flops, moved, peak } = instruction;
    const event = {
      name: op,
      cat: module,
      ph: 'X',
      pid: 1,
      tid: 1,
      ts: 1000 * at,
      dur: 1000 * ms,
      args: { instruction: i, module, shape, flops, moved, peak },
    };
    at += ms;
    return event;
  });
  return [new TextEncoder().encode(JSON.stringify({ traceEvents, otherData: { kernels } }))];
}
