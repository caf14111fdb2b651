/** A checkpoint of seeded weights whose header and offsets are the ones that an ONNX graph points into. */
import { open, readFile, rename } from 'node:fs/promises';
import { normal } from '../../dist/base/random.js';

/** @typedef {{ dtype: 'F32' | 'I64', shape: number[], data_offsets: [number, number] }} Entry */

const STD = 0.02;
const SEED = 1;

/** The header, filled up with spaces to the length that the graph counts on. @param {{ header_bytes: number, header: object }} layout */
function headerBytes({ header_bytes, header }) {
  const text = JSON.stringify(header).padEnd(header_bytes, ' ');
  if (Buffer.byteLength(text) !== header_bytes) throw new Error(`the header has ${Buffer.byteLength(text)} bytes, not ${header_bytes}`);
  const bytes = Buffer.alloc(8 + header_bytes);
  bytes.writeBigUInt64LE(BigInt(header_bytes));
  bytes.write(text, 8);
  return bytes;
}

/** Matrices are normal, norms the identity, biases zero: how a fresh BERT starts. @param {string} name @param {Entry} entry */
function values(name, { dtype, shape }) {
  const count = shape.reduce((product, size) => product * size, 1);
  if (dtype === 'I64') return BigInt64Array.from({ length: count }, (_, i) => BigInt(i));
  const out = new Float32Array(count);
  if (name.endsWith('LayerNorm.weight')) return out.fill(1);
  return name.endsWith('bias') ? out : normal(out, STD, SEED, name);
}

/** Writes the checkpoint, under another name until it is whole. @param {string} layoutFile @param {string} file */
export async function writeWeights(layoutFile, file) {
  const layout = JSON.parse(await readFile(layoutFile, 'utf8'));
  const head = headerBytes(layout);
  const part = await open(`${file}.part`, 'w');
  try {
    await part.write(head, 0, head.length, 0);
    for (const [name, entry] of Object.entries(layout.header)) {
      if (name === '__metadata__') continue;
      const [from, to] = entry.data_offsets;
      const data = values(name, entry);
      if (data.byteLength !== to - from) throw new Error(`${name} has ${data.byteLength} bytes, its place ${to - from}`);
      await part.write(new Uint8Array(data.buffer), 0, data.byteLength, head.length + from);
    }
  } finally {
    await part.close();
  }
  await rename(`${file}.part`, file);
}
