import { TraceletError } from '../base/error.ts';
import { hostRule, NO_ID } from '../graph/hostvalues.ts';
import { defaultInput, LIKE, nameInputs, toInt32 } from '../nn/inputs.ts';
import { type Bounds, type Dim, evaluateDim, type Sizes, shapeAt, showDim, symbolOf } from '../tensor/dim.ts';
import type { DType } from '../tensor/dtype.ts';
import type { Shape, Tensor } from '../tensor/tensor.ts';
import type { Program } from './program.ts';
import { sizesOf } from './sizes.ts';

/** An input or output of a trace. */
export interface Signature {
  name: string;
  dtype: DType;
  /** At the sizes of the dummy inputs. */
  shape: Shape;
  /** The shape in symbols, where it depends on any. */
  dims?: readonly Dim[];
  /** The id by which the program tells padding, where it does. */
  padding?: number;
}

/** What a program takes or answers, in order. */
export const signaturesOf = (program: Program, side: 'inputs' | 'outputs'): Signature[] =>
  program[side].map(({ name, value }) => {
    const { dtype, shape, dims } = program.values[value];
    const padding = side === 'inputs' ? paddingOf(program, name) : undefined;
    return { name, dtype, shape, ...(dims && { dims }), ...(padding !== undefined && { padding }) };
  });

function paddingOf({ hostValues }: Program, name: string): number | undefined {
  const { fill } = hostValues.find(({ rule, input }) => input === name && hostRule(rule).chooses) ?? {};
  return fill === NO_ID ? undefined : fill;
}

/**
 * The arguments of a call as a trace with these inputs takes them, by name; those left out take their defaults. Throws `value`, `shape` and
 * `dtype` errors.
 */
export function fitInputs(args: readonly unknown[], signatures: readonly Signature[], bounds: Bounds = {}): Record<string, Tensor> {
  const names = signatures.map(({ name }) => name);
  const named = nameInputs(args, names, 'trace');
  const sizes = sizesOf(signatures.map(({ name, dims }) => ({ dims, shape: named[name]?.shape ?? [] })));
  const anyGiven = Object.keys(named).length > 0;
  return Object.fromEntries(
    signatures.map((signature) => {
      const { name } = signature;
      const tensor = named[name] ?? named[LIKE[name]] ?? (anyGiven ? absentInput(signature, sizes) : undefined);
      if (!tensor) throw missing(signature);
      checkRank(tensor, signature);
      return [name, fitInput(tensor, signature, sizes, bounds)];
    }),
  );
}

/** The default of an input, where it has one and the inputs that are given say how large it is. */
function absentInput({ name, dtype, shape, dims = shape }: Signature, sizes: Sizes): Tensor | undefined {
  const isSized = dims.every((dim) => typeof dim === 'number' || (symbolOf(dim) ?? '') in sizes);
  return dtype === 'int32' && isSized ? defaultInput(name, shapeAt(dims, sizes)) : undefined;
}

const missing = (signature: Signature): TraceletError =>
  new TraceletError('value', {
    what: `trace: input "${signature.name}"`,
    expected: `${signature.dtype} ${showShape(signature)}, as when it was traced`,
    got: 'nothing',
  });

/** Dimensions as messages show them. */
export const showShape = ({ shape, dims = shape }: Pick<Signature, 'shape' | 'dims'>): string => `[${dims.map(showDim)}]`;

const tracedWith = (signature: Signature): string => `The trace was made with ${signature.name} ${showShape(signature)}`;

function checkRank(tensor: Tensor, signature: Signature): void {
  const rank = signature.shape.length;
  if (tensor.shape.length !== rank)
    throw new TraceletError('shape', {
      what: `input "${signature.name}"`,
      expected: `${rank} dimensions, ${showShape(signature)}`,
      got: `[${tensor.shape}]`,
      cure: tracedWith(signature),
    });
}

/** The tensor as a trace with this input takes it. Dimensions that are fixed throw the sentence that PyTorch's traces throw. */
function fitInput(tensor: Tensor, signature: Signature, sizes: Sizes, bounds: Bounds): Tensor {
  const { name, dtype, shape, dims = shape } = signature;
  dims.forEach((dim, axis) => {
    const got = tensor.shape[axis];
    const symbol = symbolOf(dim);
    if (symbol !== undefined) checkBounds(symbol, got, bounds[symbol], tensor, signature);
    const wanted = evaluateDim(dim, sizes);
    if (got === wanted) return;
    if (typeof dim === 'number') throw fixedSize(got, wanted, axis, tensor, signature);
    throw new TraceletError('shape', {
      what: `input "${name}", dimension ${axis}`,
      expected: `${showDim(dim)} = ${wanted}, as the inputs before it`,
      got: `${got}`,
      cure: tracedWith(signature),
    });
  });
  return dtype === 'int32' ? toInt32(tensor, name) : tensor.operand(dtype, `input "${name}"`);
}

function checkBounds(symbol: string, got: number, [low, high]: readonly [number, number], tensor: Tensor, signature: Signature): void {
  if (got >= low && got <= high) return;
  throw new TraceletError('shape', {
    what: `input "${signature.name}" [${tensor.shape}]: ${symbol}`,
    expected: `${low} to ${high}, the bounds of ${symbol} in this trace`,
    got: `${got}`,
    cure: `${tracedWith(signature)}: shorten or split the input, or trace again with wider bounds in dynamic`,
  });
}

const fixedSize = (got: number, wanted: number, axis: number, { shape }: Tensor, signature: Signature): TraceletError =>
  new TraceletError('shape', {
    sentence: `The expanded size of the tensor (${got}) must match the existing size (${wanted}) at non-singleton dimension ${axis}`,
    what: `${tracedWith(signature)} and called with [${shape}]`,
    cure:
      got < wanted
        ? 'Pad the input to the traced size, with an attention_mask: traced.pad(inputs) does it'
        : 'Trace the model again with dummy inputs at least as large as the largest input, or with dynamic sizes',
  });
