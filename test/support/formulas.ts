type Values = ArrayLike<number>;
export type Operands = Record<string, Values>;
export type Numbers = Record<string, number>;

export const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
export const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0);
export const rowsOf = (x: Values, cols: number): number[][] =>
  range(cols ? x.length / cols : 0).map((r) => range(cols).map((c) => x[r * cols + c]));

/** erfc by its series below 2 and its continued fraction above; relative error below 1e-13. */
function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 0) return 2 - erfc(-x);
  if (x === Infinity) return 0;
  if (x < 2) {
    let term = x;
    let total = x;
    for (let n = 1; n < 80; n++) {
      term *= (-x * x) / n;
      total += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * total;
  }
  let fraction = x;
  for (let n = 120; n > 0; n--) fraction = x + n / 2 / fraction;
  return Math.exp(-x * x) / Math.sqrt(Math.PI) / fraction;
}

export type Scalar = (x: number) => number;

/** erf by its series near 0, where 1 - erfc(x) would keep few digits. */
export function erf(x: number): number {
  if (!(Math.abs(x) < 1)) return 1 - erfc(x);
  let [term, total] = [x, x];
  for (let n = 1; n < 40; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

export const ACTIVATION: Record<string, Scalar> = {
  none: (x) => x,
  gelu: (x) => 0.5 * x * erfc(-x / Math.SQRT2),
  gelu_new: (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  relu: (x) => Math.max(x, 0),
  silu: (x) => x / (1 + Math.exp(-x)),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};

const gelu = ACTIVATION.gelu;

/** Activations that are no epilogues. */
export const UNFUSED: Record<string, Scalar> = {
  quick_gelu: (x) => x / (1 + Math.exp(-1.702 * x)),
  mish: (x) => x * Math.tanh(Math.log1p(Math.exp(x))),
  relu6: (x) => Math.min(Math.max(x, 0), 6),
  gelu_10: (x) => Math.min(Math.max(gelu(x), -10), 10),
};

export function softmaxOf(row: number[]): number[] {
  const peak = Math.max(...row);
  const exps = row.map((v) => Math.exp(v - peak));
  const total = sum(exps);
  return exps.map((e) => e / total);
}

export function normalise(rows: number[][], magnitudes: number[][], weight: Values, bias: Values, eps: number) {
  const values: number[] = [];
  const sizes: number[] = [];
  rows.forEach((row, r) => {
    const mean = sum(row) / row.length;
    const scale = 1 / Math.sqrt(sum(row.map((v) => (v - mean) ** 2)) / row.length + eps);
    const largest = Math.max(...magnitudes[r]);
    row.forEach((v, c) => {
      values.push((v - mean) * scale * weight[c] + bias[c]);
      sizes.push(2 * largest * scale * Math.abs(weight[c]) * (1 + Math.abs(v - mean) * scale) + Math.abs(bias[c]));
    });
  });
  return { values, sizes };
}

/** A masked score in PyTorch's models. */
export const LEFT_OUT = -3.4028234663852886e38;

/** Calls `visit` with the probabilities of each query, the magnitude of its scores, and these. */
export function eachQuery(
  q: Values,
  k: Values,
  stride: number,
  { mask, starts }: Operands,
  numbers: Numbers,
  visit: (b: number, h: number, row: number, p: number[], size: number, scores: number[]) => void,
) {
  const { batch, heads, head_dim, scale } = numbers;
  for (let b = 0; b < batch; b++)
    for (let h = 0; h < heads; h++)
      for (let row = starts[b]; row < starts[b + 1]; row++) {
        let size = 0;
        const scores: number[] = [];
        for (let key = starts[b]; key < starts[b + 1]; key++) {
          let score = 0;
          let magnitude = 0;
          for (let d = h * head_dim; d < (h + 1) * head_dim; d++) {
            const product = q[row * stride + d] * k[key * stride + d] * scale;
            score += product;
            magnitude += Math.abs(product);
          }
          size = Math.max(size, magnitude);
          scores.push(mask && mask[key] === 0 ? LEFT_OUT : score);
        }
        visit(b, h, row, softmaxOf(scores), size, scores);
      }
}

export function attend(q: Values, k: Values, v: Values, stride: number, operands: Operands, numbers: Numbers) {
  const { batch, longest, heads, head_dim } = numbers;
  const hidden = heads * head_dim;
  const values: number[] = new Array(batch * longest * hidden);
  const sizes: number[] = new Array(values.length);
  eachQuery(q, k, stride, operands, numbers, (b, h, row, p, size) => {
    for (let d = 0; d < head_dim; d++) {
      const at = row * hidden + h * head_dim + d;
      values[at] = 0;
      sizes[at] = 0;
      p.forEach((weight, j) => {
        const term = weight * v[(operands.starts[b] + j) * stride + h * head_dim + d];
        values[at] += term;
        sizes[at] += Math.abs(term) * (1 + 2 * size);
      });
    }
  });
  return { values, sizes };
}

/** A weight [n, k] in panels of 8 rows: element (row, c) at panel row / 8, line c, column row % 8. */
export function packed(x: Values, n: number, k: number): number[] {
  const out = new Array(Math.ceil(n / 8) * 8 * k).fill(0);
  for (let r = 0; r < n; r++) for (let c = 0; c < k; c++) out[(Math.floor(r / 8) * k + c) * 8 + (r % 8)] = x[r * k + c];
  return out;
}

/** Columns of activations that integer products quantise together. */
const STRETCH = 384;

/** The whole numbers of an integer weight: int8 as they are, nibbles with a step for each 32 as ⌊(q · step + 16) / 32⌋. */
export function integersOf({ weight, table, steps }: Operands): number[] {
  const stored = Array.from(weight ?? table);
  if (!steps) return stored;
  return Array.from(steps).flatMap((step, group) =>
    range(32).map((i) => {
      const byte = stored[group * 16 + (i % 16)] & 255;
      return Math.floor((((i < 16 ? byte % 16 : byte >> 4) - 8) * step + 16) / 32);
    }),
  );
}

/** scale · Σ of each row of whole numbers, a line a stretch. */
export function stretchSums(integers: number[], scale: Values): number[] {
  const rows = rowsOf(integers, integers.length / scale.length);
  return range(Math.ceil(rows[0].length / STRETCH)).flatMap((stretch) =>
    rows.map((row, r) => Math.fround(sum(row.slice(stretch * STRETCH, (stretch + 1) * STRETCH)) * scale[r])),
  );
}

/**
 * (x · smooth) · (weight · scale)ᵀ + bias, and how far an integer product may be from it: half a step of x in each term, where a step
 * is a 127th of the range of a row's stretch, and rounding errors of float32 (`unit` each).
 */
export function integerProduct(operands: Operands, { m, n, k }: Numbers, unit: number) {
  const weights = rowsOf(integersOf(operands), k);
  const { scale, smooth, bias } = operands;
  const values: number[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < m; i++) {
    const x = range(k).map((c) => operands.x[i * k + c] * (smooth?.[c] ?? 1));
    const ranges = range(Math.ceil(k / STRETCH))
      .map((s) => x.slice(s * STRETCH, (s + 1) * STRETCH))
      .map((part) => Math.max(...part) - Math.min(...part));
    for (let j = 0; j < n; j++) {
      let [total, size, steps] = [bias?.[j] ?? 0, Math.abs(bias?.[j] ?? 0), 0];
      for (let c = 0; c < k; c++) {
        const weight = weights[j][c] * scale[j];
        total += x[c] * weight;
        size += (Math.abs(x[c]) + ranges[Math.floor(c / STRETCH)]) * Math.abs(weight);
        steps += (ranges[Math.floor(c / STRETCH)] / 127 / 2) * Math.abs(weight);
      }
      values.push(total);
      sizes.push(steps / unit + 16 * size);
    }
  }
  return { values, sizes };
}
