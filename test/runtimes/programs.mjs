/** What PyTorch answers for programs that it saved, asked of every runtime; imports nothing of any of them. */

const TOLERANCE = 2e-5;
/** Where PyTorch computed in 16 bits. */
const HALVES = 2e-2;

const flat = (answer) => ('shape' in answer ? [answer] : Array.from(answer).flatMap(flat));

/** The program, the tensors that it was called with, and what it answered. */
async function read({ tracelet: { openCheckpoint }, bytes }, name) {
  const { tensors } = await openCheckpoint(await bytes(`programs/${name.replace(/\.pt2?$/, '.safetensors')}`));
  const listed = (side) => [...tensors.keys()].filter((key) => key.startsWith(side)).map((_, i) => tensors.get(`${side}${i}`));
  return { program: await bytes(`programs/${name}`), inputs: listed('in.'), outputs: listed('out.') };
}

async function answers(context, { name, said: { dtype } }) {
  const { program, inputs, outputs } = await read(context, name);
  const traced = await context.tracelet.jit.load(program, { inputs, exact_padding: true });
  const got = flat(traced(...inputs));
  if (got.length !== outputs.length) throw new Error(`${name}: got ${got.length} tensors, PyTorch answered ${outputs.length}`);
  for (const [i, { data }] of got.entries()) {
    const want = Array.from(outputs[i].data, Number);
    const relative = /^b?float16$/.test(dtype) ? HALVES : TOLERANCE;
    const tolerance = relative * want.reduce((most, each) => Math.max(most, Math.abs(each)), 1);
    const at = want.findIndex((each, place) => !(Math.abs(Number(data[place]) - each) <= tolerance));
    if (at >= 0) throw new Error(`${name}: got ${data[at]} as number ${at} of output ${i}, PyTorch answered ${want[at]}`);
  }
  traced.dispose();
}

async function isRefused(context, { name }) {
  const { program, inputs } = await read(context, name);
  const message = await context.tracelet.jit.load(program, { inputs }).then(
    () => 'nothing',
    (error) => (error.code ? error.message : `${error.stack ?? error}`),
  );
  if (!/\.py, line \d+/.test(message)) throw new Error(`${name}: expected an error with file and line, got ${message}`);
}

/** A case for each of the programs of a context. */
export const programCases = ({ programs }) =>
  Object.fromEntries(
    programs.map((program) =>
      program.said.expect === 'refuse'
        ? [`${program.name} is refused with file and line`, (context) => isRefused(context, program)]
        : [`${program.name} answers as PyTorch does`, (context) => answers(context, program)],
    ),
  );
