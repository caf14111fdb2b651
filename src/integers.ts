import { platform } from '#platform';
import { TraceletError } from './error.ts';
import { allocateMemory, instantiate, type Kernel, MEMORY_BASE } from './kernels.ts';
import { OPS } from './ops.ts';
import type { Variant } from './platform/platform.ts';

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

/** The forms that this engine runs. */
export const integerForms = (): IntegerForm[] => FORMS.filter((form) => platform.kernelModule(INTEGER_FORMS[form].kernels));

/** The form for programs on these kernels: `wanted`, or the fastest here; only relaxed kernels leave a choice. Throws a `kernels` error. */
export function formFor(kernels: Variant, wanted?: IntegerForm): IntegerForm {
  const possible = kernels === 'relaxed' ? integerForms() : FORMS.slice(0, 1);
  if (wanted === undefined) return possible.length > 1 ? fastestForm(possible) : possible[0];
  if (possible.includes(wanted)) return wanted;
  throw new TraceletError('kernels', {
    what: `integer form ${wanted} on ${kernels} kernels`,
    expected: `one of ${possible.join(', ')}`,
    cure: 'Leave the option out: the fastest form of this engine is chosen',
  });
}

let fastest: IntegerForm | undefined;

const [M, N, K] = [12, 24, 384];
const BUDGET_MS = 0.3;

/** Times a small product in each form, for a third of a millisecond each; all that matters is which of them is one instruction here. */
function fastestForm(forms: readonly IntegerForm[]): IntegerForm {
  if (fastest) return fastest;
  const memory = allocateMemory(4 * MEMORY_BASE, 'timing of integer forms');
  const call = productCall();
  const timed = forms.map((form) => ({ form, ms: bestOf(instantiate(INTEGER_FORMS[form].kernels, memory).linear_i8, call(form)) }));
  fastest = timed.reduce((a, b) => (b.ms < a.ms ? b : a)).form;
  return fastest;
}

/** Arguments of a product over memory that is all zeros. */
function productCall(): (form: IntegerForm) => number[] {
  const shapes = { x: [M, K], weight: [N, K], scale: [N], sums: [1, N] };
  let top = MEMORY_BASE;
  const place = (bytes: number): number => {
    const at = top;
    top += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const { scratch = 0 } = OPS.linear_i8.infer(shapes);
  const [x, weight, scale, sums, work, out] = [4 * M * K, N * K, 4 * N, 4 * N, scratch, 4 * M * N].map(place);
  return (form) => [out, x, weight, scale, sums, 0, 0, work, INTEGER_FORMS[form].number, M, N, K];
}

function bestOf(kernel: Kernel, args: readonly number[]): number {
  let best = Number.POSITIVE_INFINITY;
  const start = performance.now();
  for (let since = start; since - start < BUDGET_MS; ) {
    kernel(...args);
    const now = performance.now();
    best = Math.min(best, now - since);
    since = now;
  }
  return best;
}
