/** What PyTorch answers for programs that it saved, asked of every runtime; imports nothing of any of them. */

const RUN = [
  ...[
    't12-bert.pt',
    't14-hidden.pt',
    'ptt1.2-torch2.2-distilbert.pt',
    'hf4.57-torch2.2-bert-optimized.pt',
    'hf4.57-torch2.2-embedder-sdpa.pt',
  ],
  ...[
    'hf4.57-torch2.2-roberta-mlm.pt',
    'hf4.57-torch2.2-own-mlp-script.pt',
    'hf5.23-torch2.15-bert-extra-files.pt',
    'hf5.23-torch2.15-bert-half.pt',
  ],
  ...['hf5.23-torch2.15-gpt2.pt', 'hf5.23-torch2.15-modernbert.pt', 'hf5.23-torch2.15-t5-encoder.pt'],
  ...['hf5.23-torch2.15-bert-sdpa-dynamic.pt2', 'hf5.23-torch2.15-roberta-static.pt2'],
];
const REFUSED = ['hf5.23-torch2.15-own-branch.pt', 'hf5.23-torch2.15-own-loop.pt', 'hf5.23-torch2.15-own-lstm.pt'];

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

async function programAgrees(context, name) {
  const { program, inputs, outputs } = await read(context, name);
  const traced = await context.tracelet.jit.load(program, { inputs, exact_padding: true });
  const answers = flat(traced(...inputs));
  if (answers.length !== outputs.length) throw new Error(`${name}: got ${answers.length} tensors, PyTorch answered ${outputs.length}`);
  for (const [i, { data }] of answers.entries()) {
    const want = Array.from(outputs[i].data, Number);
    const tolerance = (name.includes('half') ? HALVES : TOLERANCE) * want.reduce((most, each) => Math.max(most, Math.abs(each)), 1);
    const at = want.findIndex((each, place) => !(Math.abs(data[place] - each) <= tolerance));
    if (at >= 0) throw new Error(`${name}: got ${data[at]} as number ${at} of output ${i}, PyTorch answered ${want[at]}`);
  }
  traced.dispose();
}

async function programIsRefused(context, name) {
  const { program, inputs } = await read(context, name);
  const message = await context.tracelet.jit.load(program, { inputs }).then(
    () => 'nothing',
    (error) => (error.code ? error.message : `${error.stack ?? error}`),
  );
  if (!/\.py, line \d+/.test(message)) throw new Error(`${name}: expected an error with file and line, got ${message}`);
}

const cases = (names, agrees, what) => names.map((name) => [`${name} ${what}`, (context) => agrees(context, name)]);

/** A case for each program. */
export const PROGRAMS = Object.fromEntries([
  ...cases(RUN, programAgrees, 'answers as PyTorch does'),
  ...cases(REFUSED, programIsRefused, 'is refused with file and line'),
]);
