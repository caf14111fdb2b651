/** The smallest ONNX graph of a matrix product, as bytes of its protocol buffer. */
import { GraphWriter } from '../onnx/graph.mjs';

/** y = x times `w` [inner, cols], which the graph holds. @param {import('./inputs.mjs').Sizes} sizes @param {Float32Array} w */
export function productGraph({ rows, inner, cols }, w) {
  const graph = new GraphWriter();
  graph.input({ name: 'x', shape: [rows, inner] });
  const y = graph.node('MatMul', ['x', graph.constant('float32', [inner, cols], w)]);
  graph.output(y, { name: 'y', shape: [rows, cols] });
  return graph.bytes();
}
