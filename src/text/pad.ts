import { TraceletError } from '../base/error.ts';
import { sequenceOfInput } from '../graph/sequences.ts';
import { defaultInput, MASK, nameInputs, toInt32 } from '../nn/inputs.ts';
import type { Signature } from '../program/signature.ts';
import { type Bounds, symbolOf } from '../tensor/dim.ts';
import { type Shape, sameShape, Tensor } from '../tensor/tensor.ts';

/** What a trace takes. */
export interface CallSignature {
  inputs: readonly Signature[];
  dynamic: Bounds;
}

/** The least and the largest size of a dimension that a trace takes. */
export function endsOf({ shape, dims = shape }: Signature, axis: number, bounds: Bounds): readonly [low: number, high: number] {
  const symbol = symbolOf(dims[axis]);
  return symbol === undefined ? [shape[axis], shape[axis]] : bounds[symbol];
}

/** Inputs of ids. */
const IDS = /^(decoder_)?input_ids$/;

/** `inputs` [batch, sequence] filled up to their signatures; what is added is padding, ruled out by the attention_mask. */
export function padInputs(
  inputs: Record<string, Tensor>,
  { inputs: signatures, dynamic }: CallSignature,
  padToken?: number,
): Record<string, Tensor> {
  const byName = new Map(signatures.map((signature) => [signature.name, signature]));
  const named = nameInputs([inputs], [...byName.keys()], 'pad');
  const given = Object.entries(named).map(([name, tensor]) => ({
    signature: byName.get(name) as Signature,
    tensor: toInt32(tensor, name),
  }));
  if (given.length === 0) throw new TraceletError('value', { what: 'pad', expected: 'at least one input', got: 'none' });
  const firsts = new Map<string, Tensor>();
  for (const { tensor, signature } of given) {
    const sequence = sequenceOfInput(signature.name);
    const first = firsts.get(sequence) ?? tensor;
    firsts.set(sequence, first);
    checkSide(tensor, signature, first);
  }
  const grows = given.some(({ tensor, signature }) => !sameShape(tensor.shape, paddedShape(tensor.shape, signature, dynamic)));
  if (grows && !signatures.some(({ name }) => name === MASK)) throw withoutMask('pad');
  for (const signature of signatures) {
    const first = firsts.get(sequenceOfInput(signature.name));
    const tensor = named[signature.name] || !first ? undefined : defaultInput(signature.name, first.shape);
    if (tensor) given.push({ signature, tensor });
  }
  return Object.fromEntries(
    given.map(({ signature, tensor }) => {
      const { name, padding = 0 } = signature;
      return [name, padTo(tensor, name, paddedShape(tensor.shape, signature, dynamic), IDS.test(name) ? (padToken ?? padding) : 0)];
    }),
  );
}

/** What `what` throws where it would have to pad. */
export const withoutMask = (what: string): TraceletError =>
  new TraceletError('value', {
    what,
    expected: 'a trace made with an attention_mask',
    got: 'one without',
    cure: 'Trace again with attention_mask among the dummy inputs',
  });

/** Inputs of one sequence, which lie side by side, have the dimensions of the first; one row may stand for all where it was traced so. */
function checkSide({ shape }: Tensor, signature: Signature, first: Tensor): void {
  const alone = signature.shape[0] === 1 && shape[0] === 1;
  if (shape.length !== first.shape.length || shape.at(-1) !== first.shape.at(-1) || (shape[0] !== first.shape[0] && !alone))
    throw new TraceletError('shape', { what: `pad: input "${signature.name}"`, expected: `[${first.shape}]`, got: `[${shape}]` });
}

/** The dimensions that the trace fixes, and the others as they are, or as small as it takes them. */
const paddedShape = (shape: Shape, signature: Signature, dynamic: Bounds): Shape =>
  signature.shape.map((fixed, axis) => {
    const symbol = signature.dims && symbolOf(signature.dims[axis]);
    return symbol === undefined ? fixed : Math.max(shape[axis], dynamic[symbol][0]);
  });

function padTo(tensor: Tensor, name: string, shape: Shape, filler: number): Tensor {
  const [rows, cols] = tensor.shape;
  if (tensor.shape.length !== 2 || shape.length !== 2 || rows > shape[0] || cols > shape[1])
    throw new TraceletError('shape', {
      what: `pad: input "${name}"`,
      expected: `[batch, sequence] of at most [${shape}]`,
      got: `[${tensor.shape}]`,
      cure: 'Shorten it, or trace again with larger dummy inputs',
    });
  const padded = new Int32Array(shape[0] * shape[1]).fill(filler);
  for (let row = 0; row < rows; row++) padded.set((tensor.data as Int32Array).subarray(row * cols, (row + 1) * cols), row * shape[1]);
  return new Tensor('int32', shape, padded);
}
