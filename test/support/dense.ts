/** Tensors as rows of numbers, and what ops of PyTorch make of them by their definitions: nothing here is shared with `src/aten`. */

export interface Dense {
  shape: readonly number[];
  at: (index: readonly number[]) => number;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** Every index of a shape in row-major order. */
export function* indicesOf(shape: readonly number[]): Generator<number[]> {
  for (let i = 0; i < sizeOf(shape); i++) {
    let rest = i;
    yield shape.map((_, dim) => {
      const step = sizeOf(shape.slice(dim + 1));
      const at = Math.floor(rest / step);
      rest -= at * step;
      return at;
    });
  }
}

/** Elements of `of`, each computed once. */
export function dense(shape: readonly number[], of: (index: readonly number[]) => number): Dense {
  const values = Float64Array.from(indicesOf(shape), of);
  const place = (index: readonly number[]): number => index.reduce((sum, at, dim) => sum * shape[dim] + at, 0);
  return { shape, at: (index) => values[place(index)] };
}

export const valuesOf = ({ shape, at }: Dense): number[] => [...indicesOf(shape)].map(at);

export const denseOf = (shape: readonly number[], values: ArrayLike<number>): Dense => {
  let i = 0;
  return dense(shape, () => values[i++]);
};

const scalar = (value: number): Dense => ({ shape: [], at: () => value });

/** What an op is given: tensors, numbers and lists of them. */
export type Given = Dense | number | boolean | string | null | undefined | readonly Given[];

const isDense = (value: Given): value is Dense => typeof value === 'object' && value !== null && 'at' in value && 'shape' in value;
const lift = (value: Given): Dense => (isDense(value) ? value : scalar(Number(value)));

function broadcast(shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map(({ length }) => length));
  return Array.from({ length: rank }, (_, i) => Math.max(...shapes.map((shape) => shape[shape.length - rank + i] ?? 1)));
}

/** `x` at an index of a shape that it is repeated to. */
const repeatedAt = ({ shape, at }: Dense, index: readonly number[]): number =>
  at(shape.map((size, dim) => (size === 1 ? 0 : index[index.length - shape.length + dim])));

const elementwise =
  (compute: (...values: number[]) => number) =>
  (...given: Given[]): Dense => {
    const operands = given.map(lift);
    return dense(broadcast(operands.map(({ shape }) => shape)), (index) => compute(...operands.map((x) => repeatedAt(x, index))));
  };

const dimOf = (dim: number, rank: number): number => (dim < 0 ? dim + rank : dim);

function reshape(x: Given, wanted: Given): Dense {
  const from = lift(x);
  const known = (wanted as number[]).reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  const shape = (wanted as number[]).map((dim) => (dim === -1 ? sizeOf(from.shape) / known : dim));
  return denseOf(shape, valuesOf(from));
}

function permute(x: Given, dims: Given): Dense {
  const from = lift(x);
  const order = (dims as number[]).map((dim) => dimOf(dim, from.shape.length));
  return dense(
    order.map((dim) => from.shape[dim]),
    (index) => from.at(from.shape.map((_, dim) => index[order.indexOf(dim)])),
  );
}

function transpose(x: Given, a: Given, b: Given): Dense {
  const rank = lift(x).shape.length;
  const [first, second] = [dimOf(a as number, rank), dimOf(b as number, rank)];
  return permute(
    x,
    Array.from({ length: rank }, (_, dim) => (dim === first ? second : dim === second ? first : dim)),
  );
}

function slice(x: Given, along: Given, begin: Given, end: Given, step: Given = 1): Dense {
  const from = lift(x);
  const dim = dimOf(along as number, from.shape.length);
  const [first, by] = [begin as number, step as number];
  const count = Math.ceil((Math.min(end as number, from.shape[dim]) - first) / by);
  return dense(from.shape.with(dim, count), (index) => from.at(index.with(dim, first + index[dim] * by)));
}

function expand(x: Given, sizes: Given): Dense {
  const from = lift(x);
  const lead = (sizes as number[]).length - from.shape.length;
  return dense(
    (sizes as number[]).map((size, i) => (size === -1 ? from.shape[i - lead] : size)),
    (index) => repeatedAt(from, index),
  );
}

function matmul(x: Given, y: Given): Dense {
  const [a, b] = [lift(x), lift(y)];
  const [m, k] = a.shape.slice(-2);
  const n = b.shape.at(-1) as number;
  const lead = broadcast([a.shape.slice(0, -2), b.shape.slice(0, -2)]);
  return dense([...lead, m, n], (index) => {
    const [before, row, col] = [index.slice(0, -2), index.at(-2) as number, index.at(-1) as number];
    let sum = 0;
    for (let i = 0; i < k; i++)
      sum += repeatedAt({ ...a, shape: a.shape }, [...before, row, i]) * repeatedAt({ ...b, shape: b.shape }, [...before, i, col]);
    return sum;
  });
}

/** What `fold` makes of the elements along dims, all unless given. */
const reduction =
  (fold: (values: number[]) => number) =>
  (x: Given, dims?: Given, keepdim?: Given): Dense => {
    const from = lift(x);
    const rank = from.shape.length;
    const axes = dims === undefined || dims === null ? [...from.shape.keys()] : [dims].flat().map((dim) => dimOf(dim as number, rank));
    const kept = from.shape.map((size, dim) => (axes.includes(dim) ? 1 : size));
    const within = from.shape.map((size, dim) => (axes.includes(dim) ? size : 1));
    const all = dense(kept, (index) => fold([...indicesOf(within)].map((offset) => from.at(index.map((at, dim) => at + offset[dim])))));
    return keepdim
      ? all
      : reshape(
          all,
          from.shape.filter((_, dim) => !axes.includes(dim)),
        );
  };

const mean = (values: number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function softmax(x: Given, along: Given): Dense {
  const from = lift(x);
  const dim = dimOf(along as number, from.shape.length);
  const row = (index: readonly number[]): number[] => Array.from({ length: from.shape[dim] }, (_, i) => from.at(index.with(dim, i)));
  return dense(from.shape, (index) => {
    const values = row(index);
    const most = Math.max(...values);
    const exps = values.map((value) => Math.exp(value - most));
    return exps[index[dim]] / exps.reduce((a, b) => a + b, 0);
  });
}

/** The error function as the integral that it is, by Simpson's rule. */
function erf(x: number): number {
  const [steps, end] = [400, Math.max(-6, Math.min(6, x))];
  const at = (i: number): number => Math.exp(-(((i * end) / steps) ** 2));
  let sum = at(0) + at(steps);
  for (let i = 1; i < steps; i++) sum += (i % 2 === 1 ? 4 : 2) * at(i);
  return ((sum * end) / steps / 3) * (2 / Math.sqrt(Math.PI));
}

function embedding(table: Given, ids: Given): Dense {
  const [rows, at] = [lift(table), lift(ids)];
  return dense([...at.shape, rows.shape[1]], (index) => rows.at([at.at(index.slice(0, -1)), index.at(-1) as number]));
}

function cat(given: Given, along: Given = 0): Dense {
  const tensors = (given as Dense[]).map(lift);
  const dim = dimOf(along as number, tensors[0].shape.length);
  const total = tensors.reduce((sum, { shape }) => sum + shape[dim], 0);
  return dense(tensors[0].shape.with(dim, total), (index) => {
    let at = index[dim];
    const of = tensors.find(({ shape }) => {
      if (at < shape[dim]) return true;
      at -= shape[dim];
      return false;
    }) as Dense;
    return of.at(index.with(dim, at));
  });
}

function gather(x: Given, along: Given, ids: Given): Dense {
  const [from, at] = [lift(x), lift(ids)];
  const dim = dimOf(along as number, from.shape.length);
  return dense(at.shape, (index) => from.at(index.with(dim, at.at(index))));
}

function repeat(x: Given, counts: Given): Dense {
  const from = lift(x);
  return dense(
    from.shape.map((size, dim) => size * (counts as number[])[dim]),
    (index) => from.at(index.map((at, dim) => at % from.shape[dim])),
  );
}

function layerNorm(x: Given, _dims: Given, weight: Given, bias: Given, eps: Given): Dense {
  const centred = OPS.sub(x, OPS.mean(x, [-1], true));
  const variance = OPS.mean(OPS.mul(centred, centred), [-1], true);
  return OPS.add(OPS.mul(OPS.div(centred, OPS.sqrt(OPS.add(variance, eps))), weight), bias);
}

const linear = (x: Given, weight: Given, bias: Given): Dense => {
  const product = matmul(lift(x), transpose(weight, 0, 1));
  return bias === undefined || bias === null ? product : OPS.add(product, bias);
};

const unsqueeze = (x: Given, dim: Given): Dense => {
  const { shape } = lift(x);
  return reshape(x, shape.toSpliced(dimOf(dim as number, shape.length + 1), 0, 1));
};

function squeeze(x: Given): Dense {
  const from = lift(x);
  return reshape(
    from,
    from.shape.filter((size) => size !== 1),
  );
}

function flip(x: Given, dims: Given): Dense {
  const from = lift(x);
  return dense(from.shape, (index) => from.at(index.map((at, dim) => ((dims as number[]).includes(dim) ? from.shape[dim] - 1 - at : at))));
}

const same = (x: Given): Dense => lift(x);
const filled = (value: number) => (shape: Given) => dense(shape as number[], () => value);
const sum = reduction((values) => values.reduce((a, b) => a + b, 0));

/** Ops by the names that PyTorch has for them, of arguments in its order. */
export const OPS: Readonly<Record<string, (...given: Given[]) => Dense>> = {
  size: (x, dim) => lift(x).shape[dim as number] as unknown as Dense,
  reshape,
  view: reshape,
  permute,
  transpose,
  slice,
  expand,
  matmul,
  bmm: matmul,
  linear,
  unsqueeze,
  squeeze,
  flip,
  softmax,
  embedding,
  cat,
  sum,
  contiguous: same,
  clone: same,
  detach: same,
  dropout: same,
  to: same,
  mean: reduction(mean),
  amax: reduction((values) => Math.max(...values)),
  var: (x, dims, _unbiased, keepdim) => reduction((values) => mean(values.map((value) => (value - mean(values)) ** 2)))(x, dims, keepdim),
  add: elementwise((x, y) => x + y),
  sub: elementwise((x, y) => x - y),
  rsub: elementwise((x, y) => y - x),
  mul: elementwise((x, y) => x * y),
  div: elementwise((x, y) => x / y),
  pow: elementwise((x, y) => x ** y),
  maximum: elementwise((x, y) => Math.max(x, y)),
  sqrt: elementwise(Math.sqrt),
  rsqrt: elementwise((x) => 1 / Math.sqrt(x)),
  erf: elementwise(erf),
  tanh: elementwise(Math.tanh),
  exp: elementwise(Math.exp),
  neg: elementwise((x) => -x),
  sigmoid: elementwise((x) => 1 / (1 + Math.exp(-x))),
  relu: elementwise((x) => Math.max(x, 0)),
  gelu: elementwise((x) => 0.5 * x * (1 + erf(x / Math.SQRT2))),
  eq: elementwise((x, y) => Number(x === y)),
  ne: elementwise((x, y) => Number(x !== y)),
  lt: elementwise((x, y) => Number(x < y)),
  le: elementwise((x, y) => Number(x <= y)),
  gt: elementwise((x, y) => Number(x > y)),
  ge: elementwise((x, y) => Number(x >= y)),
  abs: elementwise(Math.abs),
  __and__: elementwise((x, y) => Number(x !== 0 && y !== 0)),
  where: elementwise((c, x, y) => (c !== 0 ? x : y)),
  masked_fill: elementwise((x, c, y) => (c !== 0 ? y : x)),
  clamp: elementwise((x, least, most = Number.POSITIVE_INFINITY) => Math.min(Math.max(x, least), most)),
  sign: elementwise(Math.sign),
  ceil: elementwise(Math.ceil),
  remainder: elementwise((x, y) => x - y * Math.floor(x / y)),
  floor_divide: elementwise((x, y) => Math.floor(x / y)),
  gather,
  repeat,
  arange: (end) => dense([end as number], ([i]) => i),
  zeros: filled(0),
  ones: filled(1),
  layer_norm: layerNorm,
  cos: elementwise(Math.cos),
  sin: elementwise(Math.sin),
  log: elementwise(Math.log),
  minimum: elementwise((x, y) => Math.min(x, y)),
  trunc: elementwise(Math.trunc),
  baddbmm: (x, a, b) => OPS.add(x, matmul(a, b)),
  addmm: (x, a, b) => OPS.add(x, matmul(a, b)),
  cumsum: (x, along) => {
    const from = lift(x);
    const dim = dimOf(along as number, from.shape.length);
    return dense(from.shape, (index) => {
      let total = 0;
      for (let i = 0; i <= index[dim]; i++) total += from.at(index.with(dim, i));
      return total;
    });
  },
};
