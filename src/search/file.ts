import { TraceletError } from '../base/error.ts';
import { describe, isObject } from '../base/json.ts';
import { formatError as bad } from '../formats/extents.ts';
import { encodeHeader, expectEnd, type Header, readHeader } from '../formats/safetensors.ts';
import type { ByteSource } from '../platform/platform.ts';
import { DTYPES } from '../tensor/dtype.ts';
import { PRECISION, type Precision } from '../text/precision.ts';
import { RowForm } from './forms.ts';
import type { Scanner } from './scanner.ts';
import { SCORE_FUNCTION, type ScoreFunction } from './search.ts';
import type { Matrix } from './vectors.ts';

/** The file of a folder that holds vectors. */
export const INDEX_NAME = 'vectors.safetensors';

const TENSOR = 'vectors';
const METADATA = 'tracelet.vectors';

/** Bytes of rows that are read or written at once, and of one row, at most. */
const STEP_BYTES = 1 << 22;
const MOST_BYTES = 1 << 26;

const stepOf = ({ width, itemBytes }: RowForm): number => Math.max(1, Math.floor(STEP_BYTES / (width * itemBytes)));

/** What a file says of its vectors. */
export interface Told {
  precision: Precision;
  score_function?: ScoreFunction;
}

/** A safetensors file with the first `rows` rows, in pieces. */
export function* pieces(scanner: Scanner, rows: number, score_function: ScoreFunction): Generator<Uint8Array> {
  const { form } = scanner;
  const told: Told = { precision: form.precision, score_function };
  const { bytes } = encodeHeader([{ name: TENSOR, dtype: form.dtype, shape: [rows, form.width] }], { [METADATA]: JSON.stringify(told) });
  yield bytes;
  for (let row = 0; row < rows; row += stepOf(form)) yield scanner.read(row, Math.min(rows, row + stepOf(form)));
}

/** What the header of a file says: its rows, and how they are compared. Throws `format` errors for a file of anything else. */
export async function readForm(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<{ header: Header; form: RowForm; rows: number; score_function?: ScoreFunction }> {
  const { name } = source;
  const header = await readHeader(source, { signal });
  const { tensors, foreign, metadata } = header;
  const [info] = tensors;
  const held = [...tensors, ...foreign].map((each) => `${each.dtype} [${each.shape}]`).join(', ');
  if (tensors.length !== 1 || foreign.length > 0 || info.shape.length !== 2 || info.shape[1] === 0)
    throw bad(name, 'one tensor [vectors, numbers]', held || 'none', 'VectorIndex.save writes such a file');
  const { precision, score_function } = told(metadata[METADATA], info.dtype, name);
  const form = new RowForm(precision, info.shape[1]);
  if (form.stride > MOST_BYTES) throw bad(name, `vectors of at most ${MOST_BYTES} bytes`, `${info.shape[1]} numbers`);
  if (info.dtype !== form.dtype) throw bad(name, `${form.dtype}, as ${precision} vectors are`, info.dtype);
  return { header, form, rows: info.shape[0], score_function };
}

/** What metadata say, or what follows of the dtype where they say nothing. */
function told(json: string | undefined, dtype: string, name: string): Told {
  const what = `${METADATA} of ${name}`;
  if (json === undefined) {
    const precision = PRECISION.read(dtype);
    if (precision === undefined) throw bad(name, 'float32, int8 or uint8', dtype);
    return { precision };
  }
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw bad(what, 'JSON', describe(json));
  }
  if (!isObject(value)) throw bad(what, 'an object', describe(value));
  const { precision, score_function } = value as Record<string, unknown>;
  const [known, scores] = [PRECISION.read(precision), SCORE_FUNCTION.read(score_function)];
  if (known === undefined || scores === undefined)
    throw bad(what, `precision ${PRECISION.expected} and score_function ${SCORE_FUNCTION.expected}`, describe(value));
  return { precision: known, score_function: scores };
}

/** Reads all rows of a file into a scanner of their form. Throws `format` errors for a file that ends early, and `value` errors for numbers that are not finite. */
export async function readRows(source: ByteSource, header: Header, scanner: Scanner, rows: number, signal?: AbortSignal): Promise<void> {
  const { form } = scanner;
  const { array } = DTYPES[form.dtype];
  for (let row = 0; row < rows; row += stepOf(form)) {
    signal?.throwIfAborted();
    const count = Math.min(stepOf(form), rows - row);
    const bytes = new Uint8Array(count * form.width * form.itemBytes);
    if ((await source.read(bytes)) < bytes.length)
      throw new TraceletError('format', { what: source.name, expected: `${rows} rows`, got: 'fewer', cure: 'The file is cut short' });
    scanner.reserve(row + count);
    const data = new array(bytes.buffer) as Matrix['data'];
    scanner.write(row, { data, dtype: form.dtype, rows: count, cols: form.width }, source.name, row);
  }
  await expectEnd(source, header);
}
