/** What has to hold in every runtime; imports nothing of any of them. */
import { checkRows, fileOf, fingerprints, ways } from './fingerprints.mjs';
import { programCases } from './programs.mjs';
import { TASKS } from './tasks.mjs';
import { picklesAgree, tokenizersAgree } from './truth.mjs';

function expect(truth, what) {
  if (!truth) throw new Error(what);
}

const equal = (got, want, what) =>
  expect(JSON.stringify(got) === JSON.stringify(want), `${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);

async function fails(code, pattern, body) {
  try {
    await body();
  } catch (error) {
    expect(error.code === code && pattern.test(error.message), `expected ${code} ${pattern}, got ${error.code}: ${error.message}`);
    return;
  }
  throw new Error(`expected a ${code} error, got none`);
}

async function fresh({ tracelet: { BertConfig, BertModel, jit, tensor } }, options = {}) {
  const config = new BertConfig({
    vocab_size: 50,
    hidden_size: 32,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    intermediate_size: 64,
    max_position_embeddings: 32,
    ...options,
  });
  const input_ids = tensor([[1, 2, 3, 4, 5, 6]]);
  const inputs = { input_ids, attention_mask: tensor([[1, 1, 1, 1, 1, 1]]) };
  const model = new BertModel(config, { seed: 5 });
  return { model, traced: await jit.trace(model, inputs), inputs };
}

const numbers = (output) => [...output.last_hidden_state.data];

const streamed = (file) => [new Response(file), new Blob([file]).stream()];

const CASES = {
  async 'the kernels are the best that the engine has'({ tracelet, relaxed }) {
    equal(tracelet.bestVariant(), relaxed ? 'relaxed' : 'baseline', 'bestVariant()');
  },
  async 'a trace is called and run'(context) {
    const { traced, inputs } = await fresh(context);
    const want = numbers(traced(inputs));
    equal(numbers(await traced.run(inputs)), want, 'run');
    equal(numbers(await traced.run(inputs, { signal: new AbortController().signal })), want, 'run with a signal');
    traced.dispose();
    await fails('disposed', /dispose/, () => traced(inputs));
  },
  async 'a run that is stopped in its middle leaves the trace usable'({ tracelet: { jit }, bytes }) {
    const embedder = await jit.load(await bytes('model.tracelet'));
    const vector = () => [...embedder('a cat').sentence_embedding.data];
    const before = vector();
    const stop = new AbortController();
    const run = embedder.embed(new Array(500).fill('a cat sat on a mat'), { signal: stop.signal }).then(
      () => 'finished',
      (error) => error.name,
    );
    setTimeout(() => stop.abort(), 30);
    equal(await run, 'AbortError', 'run');
    equal(vector(), before, 'the next call');
    embedder.dispose();
  },
  async 'a trace is saved and loaded from bytes, a response and a stream'(context) {
    const { jit } = context.tracelet;
    const { traced, inputs } = await fresh(context);
    const file = await fileOf(context.tracelet, traced);
    for (const source of [file, file.buffer, ...(context.streamed ?? streamed)(file)])
      equal(numbers((await jit.load(source))(inputs)), numbers(traced(inputs)), 'loaded');
  },
  async 'a trace is loaded from an address, where these can be fetched'({ tracelet: { jit }, base }) {
    if (typeof fetch !== 'function') return;
    const { signal } = new AbortController();
    const embedder = await jit.load(`${base}/fixtures/model.tracelet`, { signal });
    equal(embedder('a cat').sentence_embedding.shape, [1, 384], 'shape');
    embedder.dispose();
  },
  async 'a trace verifies itself'(context) {
    const { traced } = await fresh(context);
    expect(traced.verify('baseline').exact, 'baseline kernels give other bits');
    expect(traced.verify().ok, 'kernels are out of tolerance');
  },
  async 'wrong dimensions get the sentence of PyTorch'(context) {
    const { traced } = await fresh(context);
    const pattern = /The expanded size of the tensor \(3\) must match the existing size \(6\) at non-singleton dimension 1/;
    await fails('shape', pattern, () => traced(context.tracelet.tensor([[1, 2, 3]])));
  },
  async 'damaged and newer files do not load'(context) {
    const { jit } = context.tracelet;
    const { TextDecoder = globalThis.TextDecoder } = context;
    const file = await fileOf(context.tracelet, (await fresh(context)).traced);
    const damaged = file.slice();
    damaged[damaged.length - 5] ^= 1;
    await fails('integrity', /./, () => jit.load(damaged));
    await fails('format', /./, () => jit.load(file.subarray(0, file.length - 1)));
    const newer = file.slice();
    const header = new TextDecoder('latin1').decode(file);
    newer[header.indexOf('"version":"') + '"version":"'.length] = '9'.charCodeAt(0);
    await fails('version', /./, () => jit.load(newer));
  },
  async 'no path is read without a file system'({ tracelet, files }) {
    await fails('source', files ? /nowhere/ : /a runtime without files/, () => tracelet.jit.load('nowhere/model.tracelet'));
  },
  async 'a trace is saved to a file, where there are files'(context) {
    const { jit } = context.tracelet;
    const { traced, inputs } = await fresh(context);
    const path = `saved-${Math.random().toString(36).slice(2)}.tracelet`;
    if (!context.files) return fails('source', /a runtime without files/, () => jit.save(traced, path));
    await jit.save(traced, path);
    equal(numbers((await jit.load(path))(inputs)), numbers(traced(inputs)), 'loaded');
  },
  async 'hard texts get the ids of the Rust tokenizers'({ tracelet: { BertTokenizer }, bytes, TextDecoder = globalThis.TextDecoder }) {
    const text = async (name) => new TextDecoder().decode(await bytes(`tokenizer/${name}`)).replace(/\n$/, '');
    const vocab = await text('vocab.txt');
    const made = new Map();
    for (const json of (await text('cases.jsonl')).split('\n')) {
      const { do_lower_case, strip_accents, fails: impossible, ...line } = JSON.parse(json);
      if (impossible) continue;
      const key = `${do_lower_case} ${strip_accents}`;
      if (!made.has(key)) made.set(key, BertTokenizer.from_files({ 'vocab.txt': vocab }, { do_lower_case, strip_accents }));
      const { truncation = false, max_length } = line;
      equal(made.get(key).encode_plus(line.text, line.pair, { truncation, max_length }).input_ids, line.input_ids, line.text);
    }
  },
  async 'traces are quantised'(context) {
    const { traced, inputs } = await fresh(context, { vocab_size: 1100, hidden_size: 64, intermediate_size: 96 });
    for (const bits of [8, 4]) {
      const { traced: small, report } = await context.quantize(traced, { bits, calibrate: [inputs] });
      expect(
        report.outputs.every(({ mean }) => mean > 0.9),
        JSON.stringify(report.outputs),
      );
      expect(small.verify().exact, `int${bits} gives other bits`);
    }
  },
  async 'short inputs are padded'(context) {
    const { traced } = await fresh(context);
    const { tensor } = context.tracelet;
    const padded = traced.pad({ input_ids: tensor([[1, 2]]) });
    equal(padded.attention_mask.tolist(), [[1, 1, 0, 0, 0, 0]], 'mask');
    equal(traced(padded).last_hidden_state.shape, [1, 6, 32], 'shape');
  },
  async 'a trace is profiled'(context) {
    const { instructions } = (await fresh(context)).traced.profile(undefined, { seconds: 0.01 });
    expect(instructions.length > 5, `${instructions.length} instructions`);
  },
  async 'several threads give the same bits, where there are any'({ tracelet: { jit }, bytes, threads }) {
    const file = await bytes('model.tracelet');
    const one = await jit.load(file);
    const several = await jit.load(file, { threads: 2 });
    const why = several.explain().split('\n').at(-1);
    expect(threads ? several.threads === 2 : /^1 thread: (edge workers have none|this scope cannot start workers)$/.test(why), why);
    for (const text of ['a cat', 'a cat sat on a mat '.repeat(20)])
      equal([...several(text).sentence_embedding.data], [...one(text).sentence_embedding.data], text);
    equal(several.verify().exact, true, 'verify');
    const stop = new AbortController();
    const run = several.embed(new Array(1000).fill('a cat'), { signal: stop.signal }).catch(({ name }) => name);
    setTimeout(() => stop.abort(), 20);
    equal(await run, 'AbortError', 'a run that is stopped');
    equal([...several('a dog').sentence_embedding.data], [...one('a dog').sentence_embedding.data], 'the next call');
    several.dispose();
    // Not disposed: whoever runs this waits for the process to end.
    await jit.load(file, { threads: 2 });
  },
  async 'sizes are chosen within bounds'(context) {
    const { F, jit, nn, tensor, full } = context.tracelet;
    const { model } = await fresh(context);
    const inputs = (batch, sequence) => ({
      input_ids: full([batch, sequence], 7, { dtype: 'int32' }),
      attention_mask: full([batch, sequence], 1, { dtype: 'int32' }),
    });
    const traced = await jit.trace(model, inputs(2, 5), { dynamic: { batch: [1, 9], sequence: [1, 32] } });
    const loaded = await jit.load(await fileOf(context.tracelet, traced));
    for (const [batch, sequence] of [
      [1, 1],
      [9, 32],
      [4, 11],
    ]) {
      const strict = await jit.trace(model, inputs(batch, sequence));
      equal(numbers(loaded(inputs(batch, sequence))), numbers(strict(inputs(batch, sequence))), `[${batch}, ${sequence}]`);
    }
    await fails('shape', /batch: expected 1 to 9, the bounds of batch in this trace, got 10/, () => loaded(inputs(10, 3)));
    const branch = new (class extends nn.Module {
      forward(x) {
        return x.shape[1] > 3 ? F.relu(x) : F.gelu(x);
      }
    })();
    const x = tensor([[1.5, 2, 3, 4]]);
    await fails('tracing', /depends on a dynamic size/, () => jit.trace(branch, [x], { dynamic: { sequence: [1, 8] } }));
  },
  async 'padding is left out, or computed as PyTorch does'(context) {
    const { jit, tensor } = context.tracelet;
    const { model } = await fresh(context);
    const inputs = { input_ids: tensor([[1, 2, 3, 0, 0]]), attention_mask: tensor([[1, 1, 1, 0, 0]]) };
    const short = { input_ids: tensor([[1, 2, 3]]), attention_mask: tensor([[1, 1, 1]]) };
    const real = numbers((await jit.trace(model, short))(short));
    equal(numbers((await jit.trace(model, inputs))(inputs)), [...real, ...new Array(64).fill(0)], 'left out');
    const exact = await jit.trace(model, inputs, { exact_padding: true });
    equal(numbers(exact(inputs)), numbers(model(inputs)), 'exact');
  },
  async 'many texts come in their order, long ones whole, cut or in parts'({ tracelet: { jit }, bytes }) {
    const embedder = await jit.load(await bytes('model.tracelet'));
    const texts = ['a cat', 'a much longer text about a cat that sat on a mat', 'a', 'a dog'];
    const rows = (await embedder.embed(texts)).tolist();
    for (const [i, text] of texts.entries()) equal(rows[i], (await embedder.embed(text)).tolist()[0], text);
    const streamed = [];
    for await (const { embedding } of embedder.embedEach(texts, { batchTokens: 8 })) streamed.push([...embedding]);
    equal(streamed, rows, 'streamed');
    const long = 'a word or two '.repeat(300);
    await fails('value', /texts\[0\]: expected at most 128 tokens/, () => embedder.embed(long));
    equal((await embedder.embed(long, { truncate: true })).shape, [1, 384], 'cut');
    equal((await embedder.embed(long, { chunk: true })).shape, [1, 384], 'in parts');
    embedder.dispose();
  },
  async 'workers give the same bits, where there are any'({ tracelet: { jit }, bytes, threads }) {
    const file = await bytes('model.tracelet');
    const place = await jit.load(file);
    const isolated = globalThis.crossOriginIsolated;
    for (const options of [{ worker: true }, { workers: 2 }]) {
      const pool = await jit.load(file, options);
      const why = pool.explain().split('\n').at(-1);
      const means = isolated === false ? 'a copy of the weights in each' : 'one copy of the weights in all';
      const [many, most] = options.worker ? [/^1 worker,/, 1] : [/^2 workers,/, 2];
      expect(
        threads
          ? many.test(why) && why.includes(means)
          : /^no workers.*: (edge workers have none|this scope cannot start workers)$/.test(why),
        why,
      );
      equal(pool.workers, threads ? most : 0, 'workers');
      const texts = ['a cat', 'a cat sat on a mat '.repeat(15), 'a dog', 'the rain in spain'];
      equal([...(await pool.embed(texts)).data], [...(await place.embed(texts)).data], 'embed');
      const stop = new AbortController();
      const run = pool.embed(new Array(3000).fill('a cat'), { signal: stop.signal }).catch(({ name }) => name);
      setTimeout(() => stop.abort(), 20);
      equal(await run, 'AbortError', 'a run that is stopped');
      await fails('value', /run/, () => pool('a cat'));
      equal([...(await pool.run('a dog')).sentence_embedding.data], [...place('a dog').sentence_embedding.data], 'the next call');
      pool.dispose();
      await fails('disposed', /dispose/, () => pool.run('a cat'));
    }
  },
  async 'vectors are searched with the same bits everywhere'({ tracelet: { semantic_search, tensor, VectorIndex } }) {
    const rows = Array.from({ length: 600 }, (_, i) => Array.from({ length: 7 }, (_, c) => Math.fround(((i * 7 + c) * 37) % 101) / 8 - 6));
    const product = (a, b) => {
      const sums = [0, 0, 0, 0];
      a.forEach((value, c) => {
        sums[c & 3] += value * b[c];
      });
      return sums[0] + sums[1] + (sums[2] + sums[3]);
    };
    const length = (row) => Math.sqrt(product(row, row));
    const all = rows.map((row, corpus_id) => ({ corpus_id, score: product(rows[3], row) / (length(rows[3]) * length(row)) }));
    const want = [all.sort((a, b) => b.score - a.score || a.corpus_id - b.corpus_id).slice(0, 50)];
    const corpus = tensor(rows, { dtype: 'float32' });
    equal(await semantic_search(rows[3], corpus, { top_k: 50 }), want, 'semantic_search');
    const index = await VectorIndex.create({ threads: 2 });
    await index.add(corpus);
    equal(await index.search(rows[3], { top_k: 50 }), want, 'search');
    const pieces = [...(await index.serialize())];
    const loaded = await VectorIndex.load(Uint8Array.from(pieces.flatMap((piece) => [...piece])));
    equal(await loaded.search(rows[3], { top_k: 50 }), want, 'search of what was loaded');
    for (const each of [index, loaded]) each.dispose();
  },
  async 'requests of fetch are answered by a handler, where there are requests'({ tracelet: { jit }, handler, bytes }) {
    if (typeof Request !== 'function') return;
    const embedder = await jit.load(await bytes('model.tracelet'));
    const answer = handler({ minilm: embedder });
    const texts = ['a cat', 'a much longer text about a cat that sat on a mat', 'a dog'];
    const ask = async (inputs) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ inputs }) };
      const response = await answer(new Request('http://localhost/embed', init));
      return [response.status, await response.json()];
    };
    const want = [...(await embedder.embed(texts)).data];
    const answers = await Promise.all([ask(texts), ...texts.map((text) => ask(text)), ask('')]);
    equal(answers[0][1].flat().map(Math.fround), want, 'together');
    equal(answers.slice(1, 4).flatMap(([, [vector]]) => vector.map(Math.fround)), want, 'apart'); // biome-ignore format: one row
    equal(answers[4], [400, { error: '`inputs` cannot be empty', error_type: 'Empty' }], 'nothing');
    embedder.dispose();
  },
  async 'rows do not depend on their batch or padding'(context) {
    for (const kernels of ['baseline', context.tracelet.bestVariant()]) await checkRows(context, kernels);
  },
};

/** Whose texts and files fill the memory of a page, where binaries want some as well. */
const LAST = {
  'tokenizers of every kind agree with the Rust ones': tokenizersAgree,
  'files of torch.save are read, and hostile ones refused': picklesAgree,
};

/** Runs every case, then takes the fingerprints; tells `say` a line of each. */
export async function runSuite(context, say) {
  const tryAll = async (cases) => {
    for (const [name, body] of Object.entries(cases)) {
      try {
        await body(context);
        await say({ case: name, ok: true });
      } catch (error) {
        await say({ case: name, ok: false, message: `${error}\n${error?.stack}` });
      }
    }
  };
  await tryAll(CASES);
  await tryAll(TASKS);
  try {
    for await (const line of fingerprints(context)) await say(line);
    for await (const line of ways(context)) await say(line);
    await say({ case: 'fingerprints', ok: true });
  } catch (error) {
    await say({ case: 'fingerprints', ok: false, message: `${error}\n${error?.stack}` });
  }
  await tryAll(programCases(context));
  await tryAll(LAST);
}
