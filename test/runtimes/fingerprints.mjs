/** What traces answer, in hashes: the same in every runtime where that is promised. */

const ZOO = [
  'bert-BertModel',
  'bert-odd-BertModel',
  'bert-relu-BertModel',
  'bert-gelu_new-BertModel',
  'bert-BertForMaskedLM',
  'bert-BertForPreTraining',
  'bert-BertForSequenceClassification',
  'bert-BertForTokenClassification',
  'bert-BertForQuestionAnswering',
  'bert-BertForNextSentencePrediction',
  'bert-BertForMultipleChoice',
];
const TEXTS = ['How do I trace a model?', 'Ein Größenvergleich: naïve façade, 東京タワー!', ''];
const LENGTHS = [17, 11, 5];
const LONGEST = 17;

/** Inputs for the rows whose lengths are given, each filled up to `longest`. */
function inputsOf(tensor, rows, longest = LONGEST, seeds = rows.map((_, i) => i)) {
  const made = (value) => tensor(rows.map((length, r) => Array.from({ length: longest }, (_, i) => value(i, r, i < length))));
  return {
    input_ids: made((i, r, real) => (real ? 1 + ((7 * i + 31 * seeds[r]) % 90) : 0)),
    token_type_ids: made((i, _r, real) => (real && i > 3 ? 1 : 0)),
    attention_mask: made((_i, _r, real) => (real ? 1 : 0)),
  };
}

const choices = (inputs) => Object.fromEntries(Object.entries(inputs).map(([name, each]) => [name, each.reshape([1, ...each.shape])]));

async function modelOf({ tracelet, bytes, TextDecoder = globalThis.TextDecoder }, name) {
  const text = new TextDecoder().decode(await bytes(`zoo/${name}/config.json`));
  const config = new tracelet.BertConfig({ ...JSON.parse(text), torchscript: true });
  const weights = await bytes(`zoo/${name}/model.safetensors`);
  return tracelet.architecture(name.split('-').at(-1)).from_pretrained(weights, { config });
}

const tensorsOf = (output) => (output.data ? [output] : [...output].flatMap((each) => tensorsOf(each)));
const floatsOf = (output) => Float32Array.from(tensorsOf(output).flatMap(({ data }) => [...data]));

function differenceOf(a, b) {
  let most = 0;
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i] - b[i]));
  return most;
}

/** One line: hashes of what both kernels answer, and how far apart they are. */
async function line({ digest }, trace, quantised, baseline, standard) {
  const hash = await digest(baseline);
  return { trace, quantised, baseline: hash, default: await digest(standard), difference: differenceOf(baseline, standard) };
}

async function both(context, { trace, quantised, file, call }) {
  const answers = [];
  for (const options of [{ kernels: 'baseline' }, {}]) {
    const loaded = await context.tracelet.jit.load(file, options);
    answers.push(floatsOf(await call(loaded)));
    loaded.dispose();
  }
  return line(context, trace, quantised, ...answers);
}

/** The bytes of the file of a trace. */
export async function fileOf(tracelet, traced) {
  const pieces = [...(await tracelet.jit.serialize(traced))];
  const file = new Uint8Array(pieces.reduce((size, { length }) => size + length, 0));
  let at = 0;
  for (const piece of pieces) {
    file.set(piece, at);
    at += piece.length;
  }
  return file;
}

function expectSame(what, got, want) {
  if (got.length !== want.length) throw new Error(`${what}: ${got.length} numbers, expected ${want.length}`);
  const at = want.findIndex((value, i) => !Object.is(value, got[i]));
  if (at >= 0) throw new Error(`${what}: number ${at} is ${got[at]}, expected ${want[at]}`);
}

/** A row's answer depends on nothing beside it: not on the batch, not on the padding. */
export async function checkRows(context, kernels) {
  const { tensor, jit } = context.tracelet;
  const model = await modelOf(context, 'bert-BertModel');
  const batch = await jit.trace(model, inputsOf(tensor, LENGTHS), { kernels });
  const rows = batch(inputsOf(tensor, LENGTHS)).last_hidden_state;
  const width = rows.shape[2];
  for (const [r, length] of LENGTHS.entries()) {
    const row = rows.data.subarray(r * LONGEST * width, (r + 1) * LONGEST * width).slice(0, length * width);
    for (const longest of [LONGEST, length]) {
      const inputs = inputsOf(tensor, [length], longest, [r]);
      const alone = (await jit.trace(model, inputs, { kernels }))(inputs).last_hidden_state.data.slice(0, length * width);
      expectSame(`row ${r} alone, ${longest} long, ${kernels}`, alone, row);
    }
  }
}

async function* zoo(context) {
  const { tracelet } = context;
  for (const name of ZOO) {
    const plain = inputsOf(tracelet.tensor, LENGTHS);
    const inputs = name.endsWith('MultipleChoice') ? choices(plain) : plain;
    const traced = await tracelet.jit.trace(await modelOf(context, name), inputs, { kernels: 'baseline' });
    const call = (loaded) => loaded(inputs);
    yield await both(context, { trace: name, quantised: false, file: await fileOf(tracelet, traced), call });
  }
}

/** Of a size that 4 bits in groups of 32 fit. */
async function* quantised(context) {
  const { tracelet, quantize } = context;
  const sizes = { vocab_size: 1100, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 96 };
  const inputs = inputsOf(tracelet.tensor, LENGTHS);
  const model = new tracelet.BertModel(new tracelet.BertConfig(sizes), { seed: 3 });
  const traced = await tracelet.jit.trace(model, inputs, { kernels: 'baseline' });
  for (const bits of [8, 4]) {
    const { traced: small } = await quantize(traced, { bits, calibrate: [inputs] });
    const call = (loaded) => loaded(inputs);
    yield await both(context, { trace: `fresh BertModel, int${bits}`, quantised: true, file: await fileOf(tracelet, small), call });
  }
}

/** Every trace in turn. */
export async function* fingerprints(context) {
  yield* zoo(context);
  yield* quantised(context);
  const file = await context.bytes('model.tracelet');
  const call = (loaded) => loaded.embed(TEXTS);
  yield await both(context, { trace: 'all-MiniLM-L6-v2, int8', quantised: true, file, call });
}

const MIXED = [
  'a cat',
  'a dog sat on a mat',
  'How do I trace a model?',
  'x',
  'one more line of words '.repeat(9),
  'Hm.',
  'a cat',
  'the last one',
];
const WIDE = 80;

/** The texts side by side, padded to WIDE tokens, with a row of nothing but padding between. */
async function embedWide({ tensor }, loaded) {
  const rows = MIXED.map((text) => [...loaded.encode(text).input_ids.data]);
  rows.splice(3, 0, []);
  const made = (value) => tensor(rows.map((ids) => Array.from({ length: WIDE }, (_, i) => value(ids, i))));
  const inputs = {
    input_ids: made((ids, i) => ids[i] ?? 0),
    token_type_ids: made(() => 0),
    attention_mask: made((ids, i) => Number(i < ids.length)),
  };
  const { data, shape } = (await loaded.run(inputs)).sentence_embedding;
  return [...data].filter((_, i) => Math.floor(i / shape[1]) !== 3);
}

const embedAll = async (loaded, options) => [...(await loaded.embed(MIXED, options)).data];

/** What must not change the answer to a text, and how to have it so; `needs` says which runtimes can. */
const WAYS = [
  { way: 'one text a call', call: (_, loaded) => embedAll(loaded, { batchTokens: 1 }) },
  { way: 'all in one call', call: (_, loaded) => embedAll(loaded) },
  { way: 'padded, beside an empty row', call: embedWide },
  { way: '2 threads', needs: 'threads', options: { threads: 2 }, call: (_, loaded) => embedAll(loaded) },
  { way: '3 threads', needs: 'threads', options: { threads: 3 }, call: (_, loaded) => embedAll(loaded) },
  { way: '2 workers', needs: 'threads', options: { workers: 2 }, call: (_, loaded) => embedAll(loaded, { batchTokens: 16 }) },
];

/** A line for each way and kind of weights, with a hash that is the same for all ways. */
export async function* ways(context) {
  const { tracelet, bytes, digest } = context;
  const int8 = await bytes('model.tracelet');
  const sizes = { vocab_size: 30522, hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4, intermediate_size: 96 };
  const model = new tracelet.SentenceEmbedder(new tracelet.BertConfig(sizes), { seed: 3 });
  const { tokenizer } = await tracelet.jit.load(int8);
  const inputs = tokenizer('a cat', undefined, { return_tensors: true });
  const dynamic = { batch: [1, 16], sequence: [1, 128] };
  const traced = await tracelet.jit.trace(model, inputs, { tokenizer, dynamic, check_trace: false });
  const files = { int8, float32: await fileOf(tracelet, traced) };
  for (const { way, needs, options, call } of WAYS) {
    if (needs && !context[needs]) continue;
    const line = { way };
    for (const [kind, file] of Object.entries(files)) {
      const loaded = await tracelet.jit.load(file, { kernels: 'baseline', ...options });
      line[kind] = await digest(Float32Array.from(await call(tracelet, loaded)));
      loaded.dispose();
    }
    yield line;
  }
}
