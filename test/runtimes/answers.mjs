/** How what pipelines answer is compared with what those of Python did; imports nothing of any runtime. */

const TOLERANCE = 1e-4;

/** Offsets in UTF-16 units of `text` by their numbers in code points. */
export function unitsIn(text) {
  const units = [0];
  for (const character of text) units.push(units[units.length - 1] + character.length);
  return (codePoint) => units[codePoint];
}

/** Python cuts these in silence, which is asked for here; its batches are none of the caller's business here. */
const asked = (task, { batch_size: _, ...kwargs }) =>
  ['token-classification', 'zero-shot-classification'].includes(task) && kwargs.stride === undefined
    ? { truncation: true, ...kwargs }
    : kwargs;

/** What Python answered, with places in the text as strings are indexed here. */
function inUnits(output, text) {
  if (Array.isArray(output)) return output.map((each) => inUnits(each, text));
  const at = unitsIn(text);
  return { ...output, start: at(output.start), end: at(output.end) };
}

function wanted({ inputs, output }) {
  const texts = [inputs].flat().map((each) => each?.context ?? each);
  const hasPlaces = JSON.stringify(output).includes('"start":');
  if (!hasPlaces) return output;
  return Array.isArray(inputs) ? output.map((each, i) => inUnits(each, texts[i])) : inUnits(output, texts[0]);
}

/** The shapes that Python's answers have in their own way: one answer of several is none of a list, features are lists of lists. */
function shaped(task, got, { inputs, output }) {
  if (typeof got.tolist === 'function')
    return Array.isArray(inputs) ? got.tolist().map((rows, i) => [rows.slice(0, output[i][0].length)]) : got.tolist();
  const isOne = !Array.isArray(output) || (Array.isArray(inputs) && !Array.isArray(output[0]));
  if (task === 'question-answering' && isOne && Array.isArray(got) && !Array.isArray(inputs)) return got.length === 1 ? got[0] : got;
  return got;
}

/**
 * How far scores and numbers in lists are from those of Python at most, of their size where it is above 1. Throws where that is more than the
 * tolerance, or where anything else is not equal.
 */
export function apart(got, want, what = 'answer') {
  const differs = (mine, theirs, shown = JSON.stringify) => new Error(`${what}: got ${shown(mine)}, Python answered ${shown(theirs)}`);
  if (typeof want === 'number' && /score|\[\d+\]$/.test(what)) {
    const off = Math.abs(got - want) / Math.max(1, Math.abs(want));
    if (!(off < TOLERANCE)) throw differs(got, want);
    return off;
  }
  if (typeof want !== 'object' || want === null) {
    if (got !== want) throw differs(got, want);
    return 0;
  }
  const mine = typeof got?.tolist === 'function' ? got.tolist() : got;
  const keysOf = (value) => Object.keys(value ?? {}).sort();
  if (keysOf(mine).join() !== keysOf(want).join())
    throw differs(mine, want, (value) => (Array.isArray(value) ? `${value.length} of them` : keysOf(value).join(' ')));
  return keysOf(want).reduce(
    (most, key) => Math.max(most, apart(mine[key], want[key], Array.isArray(want) ? `${what}[${key}]` : `${what}.${key}`)),
    0,
  );
}

/** Answers `apart` for a call, `ask(inputs, options)` being what answers it. Throws unless it fails where Python's does. */
export async function callApart(task, ask, call) {
  const answer = async () => ask(call.inputs, asked(task, call.kwargs));
  if (!call.error) return apart(shaped(task, await answer(), call), wanted(call));
  const code = await answer().then(
    () => 'no error',
    (error) => error.code,
  );
  if (code !== 'value') throw new Error(`expected a value error as Python's ${call.error}, got ${code}`);
  return 0;
}
