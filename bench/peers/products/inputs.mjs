import { normal } from '../../../dist/base/random.js';

/** @typedef {{ rows: number, inner: number, cols: number }} Sizes of x [rows, inner] times the transpose of w [cols, inner] */

/** @param {Sizes} sizes */
export const productInputs = ({ rows, inner, cols }) => ({
  x: normal(new Float32Array(rows * inner), 1, 1, 'x'),
  w: normal(new Float32Array(cols * inner), inner ** -0.5, 1, 'w'),
});

/** The transpose of `values` [rows, cols]. @param {Float32Array} values @param {number} rows @param {number} cols */
export function transposed(values, rows, cols) {
  const out = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) for (let col = 0; col < cols; col++) out[col * rows + row] = values[row * cols + col];
  return out;
}
