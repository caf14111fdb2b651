import { repeat } from '../base/clock.ts';
import { TraceletError } from '../base/error.ts';
import { oneOf } from '../base/schema.ts';
import { OPS } from '../ops/table.ts';
import type { Variant } from '../platform/platform.ts';
import { allocateMemory, instantiate, type Kernel, kernelModule, MEMORY_BASE } from './binaries.ts';

/**
 * How integers are multiplied, by the number that kernels know it by (assembly/lib/dots.ts), and the kernels that have it. All forms
 * give the same bits.
 */
export const INTEGER_FORMS = {
  dot16: { number: 0, kernels: 'baseline' },
  dot8: { number: 1, kernels: 'relaxed' },
  pairs: { number: 2, kernels: 'relaxed' },
} as const satisfies Record<string, { number: number; kernels: Variant }>;

export type IntegerForm = keyof typeof INTEGER_FORMS;

const FORMS = Object.keys(INTEGER_FORMS) as IntegerForm[];

/** What may be given as one. */
export const INTEGER_FORM = oneOf(FORMS);

/** The form for programs on these kernels: `wanted`, or the fastest here; only relaxed kernels leave a choice. Throws a `kernels` error. */
export function formFor(kernels: Variant, wanted?: IntegerForm): IntegerForm {
  const possible = kernels === 'relaxed' ? trials().map(({ form }) => form) : FORMS.slice(0, 1);
  if (wanted === undefined) return possible.length > 1 ? fastestForm() : possible[0];
  if (possible.includes(wanted)) return wanted;
  throw new TraceletError('kernels', {
    what: `integer form ${wanted} on ${kernels} kernels`,
    expected: `one of ${possible.join(', ')}`,
    cure: 'Leave the option out: the fastest form of this engine is chosen',
  });
}

/** The forms that this engine runs, and runs right. */
export const integerForms = (): IntegerForm[] => trials().map(({ form }) => form);

interface Trial {
  form: IntegerForm;
  kernel: Kernel;
  args: readonly number[];
}

const [M, N, K] = [11, 24, 384];
const BUDGET_MS = 0.25;
let tried: Trial[] | undefined;
let fastest: IntegerForm | undefined;

/**
 * A small product in each form, ready to be timed. Those that give other bits than the first are left out: some engines have had
 * faults in new instructions.
 */
function trials(): Trial[] {
  if (tried) return tried;
  const memory = allocateMemory(4 * MEMORY_BASE, 'trial of integer forms');
  const { args, out } = placeProduct(memory);
  const answerOf = ({ kernel, args }: Trial): string => {
    kernel(...args);
    return new Uint32Array(memory.buffer, out, M * N).join();
  };
  const possible = FORMS.filter((form) => kernelModule(INTEGER_FORMS[form].kernels)).map((form): Trial => {
    const { kernels, number } = INTEGER_FORMS[form];
    return { form, kernel: instantiate(kernels, memory).linear_i8, args: args(number) };
  });
  const right = answerOf(possible[0]);
  tried = possible.filter((trial) => answerOf(trial) === right);
  return tried;
}

/** Operands of a product, and the kernel's arguments for a form. */
function placeProduct(memory: WebAssembly.Memory): { args: (form: number) => number[]; out: number } {
  const { scratch = 0 } = OPS.linear_i8.infer({ x: [M, K], weight: [N, K], scale: [N], sums: [1, N] }, {});
  let top = MEMORY_BASE;
  const [x, weight, scale, sums, work, out] = [4 * M * K, N * K, 4 * N, 4 * N, scratch, 4 * M * N].map((bytes) => {
    const at = top;
    top += Math.ceil(bytes / 64) * 64;
    return at;
  });
  new Float32Array(memory.buffer, x, M * K).set(Array.from({ length: M * K }, (_, i) => Math.sin(i)));
  new Int8Array(memory.buffer, weight, N * K).set(Array.from({ length: N * K }, (_, i) => ((i * 37) % 129) - 64));
  new Float32Array(memory.buffer, scale, N).fill(1);
  return { args: (form) => [out, x, weight, scale, sums, 0, 0, work, form, M, N, K, N], out };
}

/** What the kernel `lowering` answers where one form is known to be fastest. */
const BY_LOWERING: Readonly<Record<number, IntegerForm>> = { 1: 'pairs', 2: 'dot8' };

/**
 * Engines run new code unoptimised, which hides what an instruction costs: so the form is told by how the engine computes the
 * relaxed dot product, and timed (less than a millisecond in all) only where that leaves a doubt.
 */
function fastestForm(): IntegerForm {
  if (fastest) return fastest;
  const { lowering } = instantiate('relaxed', allocateMemory(MEMORY_BASE, 'trial of integer forms'));
  const told = BY_LOWERING[lowering() as number];
  fastest = trials().some(({ form }) => form === told) ? told : timeTrials();
  return fastest;
}

const timeTrials = (): IntegerForm =>
  trials()
    .map((trial) => ({ form: trial.form, ms: bestTime(trial) }))
    .reduce((a, b) => (b.ms < a.ms ? b : a)).form;

function bestTime({ kernel, args }: Trial): number {
  let best = Number.POSITIVE_INFINITY;
  repeat(BUDGET_MS, () => {
    const since = performance.now();
    kernel(...args);
    best = Math.min(best, performance.now() - since);
  });
  return best;
}
