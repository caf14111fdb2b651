import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { memory } from '../../src/cli/options.ts';
import { bytes, flops } from '../../src/cli/output.ts';
import { jit } from '../../src/index.ts';
import { answer, at, call, directory, failure, json, lines, load, sentenceDirectory, withTraces } from '../support/cli.ts';
import { fixture } from '../support/fixtures.ts';

withTraces();

/** Dimensions of the inputs and outputs of a trace, by name. */
async function shapes(file: string): Promise<Record<'inputs' | 'outputs', Record<string, number[]>>> {
  const { inputs, outputs } = await json(['inspect', file, '--json']);
  const byName = (signatures: { name: string; shape: number[] }[]) =>
    Object.fromEntries(signatures.map(({ name, shape }) => [name, shape]));
  return { inputs: byName(inputs), outputs: byName(outputs) };
}

describe('trace', () => {
  test('says what it wrote', async () => {
    const out = await answer(['trace', 'bare', '-o', 'said.tracelet']);
    const size = statSync(at('said.tracelet')).size.toLocaleString('en-US');
    expect(out).toContain(`said.tracelet, 2`);
    expect(out).toContain(`(${size} bytes)`);
    expect(out).toContain('BertModel, float32 weights');
    expect(out).toContain('input_ids int32 [1, 64]');
    expect(out).toMatch(/a call +\d+ instructions, [\d.]+ MFLOP, arena of [\d.]+ KiB/);
  });

  test.concurrent.each([
    ['bert-BertForPreTraining', 'pretraining', { prediction_logits: [2, 9, 211], seq_relationship_logits: [2, 2] }],
    ['bert-BertForNextSentencePrediction', 'nsp', { logits: [2, 2] }],
    ['bert-BertForSequenceClassification', 'classify', { logits: [2, 3] }],
    ['bert-BertForMultipleChoice', 'choice', { logits: [2, 2] }],
    ['bert-BertForTokenClassification', 'tokens', { logits: [2, 9, 3] }],
    ['bert-BertForQuestionAnswering', 'qa', { start_logits: [2, 9], end_logits: [2, 9] }],
    ['bert-BertForMaskedLM', 'mlm', { logits: [2, 9, 211] }],
    ['bert-BertForQuestionAnswering', 'bertforquestionANSWERING', { start_logits: [2, 9], end_logits: [2, 9] }],
  ])('%s, stated by the directory or by --head %s', async (from, head, outputs) => {
    const name = directory(`${head}-model`, from);
    const dimensions = ['--seq', '9', '--batch', '2'];
    await answer(['trace', name, '-o', `${head}1.tracelet`, ...dimensions]);
    await answer(['trace', name, '-o', `${head}2.tracelet`, ...dimensions, '--head', head]);
    const traced = await shapes(`${head}1.tracelet`);
    expect(traced.outputs).toEqual(outputs);
    expect(traced.inputs.input_ids).toEqual(head === 'choice' ? [2, 2, 9] : [2, 9]);
    expect(readFileSync(at(`${head}2.tracelet`))).toEqual(readFileSync(at(`${head}1.tracelet`)));
  });

  test('a vocabulary of another model is named', async () => {
    directory('foreign', 'bert-BertModel');
    writeFileSync(
      at('foreign', 'vocab.txt'),
      `${readFileSync(at('foreign', 'vocab.txt'))}${Array.from({ length: 300 }, (_, i) => `w${i}\n`).join('')}`,
    );
    expect(await failure(3, ['trace', 'foreign', '-o', 'foreign.tracelet'])).toMatch(
      /expected ids below 211, the rows of embeddings\.word_embeddings\.weight, got \d+, the id of "w299"\. Take the tokenizer that belongs to the model\n$/,
    );
  });

  test('a directory of GPT-2 has vocab.json and merges.txt, and no token for padding', async () => {
    directory('gpt2', 'gpt2-scale-GPT2LMHeadModel', { vocab: false });
    const tokens = ['<|endoftext|>', 'Ġ', ...'abcdefghijklmnopqrstuvwxyz', 'wa', 'Ġwa', 'Ġwas'];
    writeFileSync(at('gpt2', 'vocab.json'), JSON.stringify(Object.fromEntries(tokens.map((token, id) => [token, id]))));
    writeFileSync(at('gpt2', 'merges.txt'), '#version: 0.2\nw a\nĠ wa\nĠwa s\n');
    expect(await answer(['trace', 'gpt2', '-o', 'lm.tracelet', '--seq', '20'])).toContain('GPT2LMHeadModel, float32 weights');
    await answer(['trace', 'gpt2', '-o', 'again.tracelet', '--seq', '20', '--head', 'lm']);
    expect(readFileSync(at('again.tracelet'))).toEqual(readFileSync(at('lm.tracelet')));
    expect(await shapes('lm.tracelet')).toEqual({
      inputs: { input_ids: [1, 20], attention_mask: [1, 20] },
      outputs: { logits: [1, 20, 101] },
    });
    await answer(['trace', 'gpt2', '-o', 'any.tracelet', '--dynamic']);
    const traced = await load('any.tracelet');
    expect(traced.encode('who was a puppeteer').input_ids.tolist()).toEqual([
      [24, 9, 16, 30, 1, 2, 1, ...[...'puppeteer'].map((c) => tokens.indexOf(c))],
    ]);
  });

  test('a directory of sentence-transformers becomes a SentenceEmbedder', async () => {
    expect((await shapes('sentence.tracelet')).outputs.sentence_embedding).toEqual([1, 48]);
    sentenceDirectory('words', ['Transformer', 'Pooling', 'WordWeights']);
    expect(await failure(3, ['trace', 'words', '-o', 'x'])).toMatch(/module 2 of modules\.json: .*WordWeights.* BertModel/);
    await answer(['trace', 'words', '-o', 'encoder.tracelet', '--head', 'model']);
  });

  test('--dtype q8 makes a smaller trace; a trace of a trace is the same trace', async () => {
    await answer(['trace', 'bare', '-o', 'q8.tracelet', '--seq', '8', '--dtype', 'q8']);
    expect(statSync(at('q8.tracelet')).size).toBeLessThan(0.6 * statSync(at('bare.tracelet')).size);
    for (const file of ['q8.tracelet', 'sentence.tracelet']) {
      await answer(['trace', file, '-o', 'again.tracelet']);
      expect(readFileSync(at('again.tracelet'))).toEqual(readFileSync(at(file)));
    }
    await answer(['trace', 'q8.tracelet', '-o', 'again.tracelet', '--dtype', 'f32', '--seq', '5']);
    expect((await shapes('again.tracelet')).inputs.input_ids).toEqual([1, 5]);
    expect((await json(['inspect', 'again.tracelet', '--json'])).weights).not.toHaveProperty('int8');
  });

  test('--dtype bf16 and f16 halve the weights; a trace of such a trace is the same, and f32 widens it', async () => {
    await answer(['trace', 'bare', '-o', 'f32.tracelet', '--seq', '8']);
    for (const [short, dtype] of [
      ['bf16', 'bfloat16'],
      ['f16', 'float16'],
    ]) {
      expect(await answer(['trace', 'bare', '-o', 'half.tracelet', '--seq', '8', '--dtype', short])).toContain(`${dtype} weights (`);
      const { weights } = await json(['inspect', 'half.tracelet', '--json']);
      expect(weights[dtype].bytes).toBe(2 * weights[dtype].parameters);
      await answer(['trace', 'half.tracelet', '-o', 'again.tracelet']);
      expect(readFileSync(at('again.tracelet'))).toEqual(readFileSync(at('half.tracelet')));
      await answer(['trace', 'half.tracelet', '-o', 'wide.tracelet', '--dtype', 'f32']);
      expect((await json(['inspect', 'wide.tracelet', '--json'])).weights).not.toHaveProperty(dtype);
      await answer(['verify', 'half.tracelet']);
    }
  });

  test('without a tokenizer it says so, and makes the same trace each time', async () => {
    directory('mute', 'bert-BertModel', { vocab: false });
    for (const file of ['mute1.tracelet', 'mute2.tracelet']) {
      const { status, stderr } = await call(['trace', 'mute', '-o', file, '--seq', '8']);
      expect(stderr).toContain('takes ids and no texts');
      expect(status).toBe(0);
    }
    expect(readFileSync(at('mute1.tracelet'))).toEqual(readFileSync(at('mute2.tracelet')));
    expect(await failure(3, ['run', 'mute1.tracelet'], { input: '{"text": "paris"}' })).toContain('tokenizer of the trace');
  });

  test.each([
    [
      't5-T5ForConditionalGeneration',
      /decoder_input_ids int32 \[batch, ?decoder_sequence\]/,
      { batch: [1, 64], sequence: [1, 65536], decoder_sequence: [1, 65536] },
    ],
    ['t5-gated-T5EncoderModel', /attention_mask int32 \[batch, ?sequence\]\n/, { batch: [1, 64], sequence: [1, 65536] }],
    ['bart-BartForSequenceClassification', /attention_mask int32 \[batch, ?sequence\]\n/, { batch: [1, 64], sequence: [1, 48] }],
  ])('%s takes what its decoder is given', async (name, shown, dynamic) => {
    const file = `${name}.tracelet`;
    const { status, stdout, stderr } = await call(['trace', fixture(`zoo/${name}`), '-o', file, '--seq', '8', '--dynamic']);
    expect(status, stderr).toBe(0);
    expect(stdout + stderr).toMatch(shown);
    expect((await jit.load(at(file))).dynamic).toEqual(dynamic);
  });

  const OTHER = { model: { type: 'Lattice', vocab: { a: 0 } }, added_tokens: [] };
  const tokenized = (name: string, json: object): string => {
    directory(name, 'bert-BertForMaskedLM', { vocab: false });
    writeFileSync(at(name, 'tokenizer.json'), JSON.stringify(json));
    return name;
  };

  test.each(['model', 'mlm'])('a tokenizer of another kind is left out of --head %s, with a word', async (head) => {
    const name = tokenized(`other-${head}`, OTHER);
    if (head === 'model') cpSync(fixture('zoo/bert-BertModel/model.safetensors'), at(name, 'model.safetensors'));
    const { status, stderr } = await call(['trace', name, '-o', `${name}.tracelet`, '--head', head, '--seq', '8']);
    expect(stderr).toMatch(
      /^tracelet: the trace takes ids and no texts: .*tokenizer\.json: expected a part of type BPE, SentencePiece, Unigram, WordLevel, WordPiece, got "Lattice"/,
    );
    expect(status).toBe(0);
    const ids = { input: JSON.stringify({ input_ids: [[1, 2, 3, 4, 5, 6, 7, 8]] }) };
    expect((await json(['run', `${name}.tracelet`], ids)).shape).toBe(undefined);
    expect(await failure(3, ['run', `${name}.tracelet`], { input: '{"text": "paris"}' })).toMatch(
      /tokenizer of the trace: expected vocab\.txt or tokenizer\.json .*, got config\.json\. Trace a directory that has one of them, or give ids/,
    );
    if (head === 'mlm')
      expect(await failure(3, ['fill', '[MASK]', '-m', name])).toContain(
        'model of tokenizer.json: expected a part of type BPE, SentencePiece, Unigram, WordLevel, WordPiece, got "Lattice"',
      );
  });

  test.each([
    ['no model', {}],
    ['no vocabulary', { model: { type: 'WordPiece' } }],
    ['a model without a type', { model: { type: 7 } }],
  ])('a tokenizer that is broken is an error: %s', async (what, json) => {
    const name = tokenized(`broken, ${what}`, json);
    expect(await failure(3, ['trace', name, '-o', 'never.tracelet'])).toContain('tokenizer.json');
    expect(existsSync(at('never.tracelet'))).toBe(false);
  });

  test('the weights alone name their directory', async () => {
    await answer(['trace', 'bare/model.safetensors', '-o', 'weights.tracelet', '--seq', '8']);
    expect(readFileSync(at('weights.tracelet'))).toEqual(readFileSync(at('bare.tracelet')));
  });

  test('--no-fusion and --no-check', async () => {
    await answer(['trace', 'bare', '-o', 'unfused.tracelet', '--seq', '8', '--no-fusion', '--no-check']);
    const [unfused, fused] = await Promise.all(['unfused.tracelet', 'bare.tracelet'].map((file) => json(['inspect', file, '--json'])));
    expect(unfused.instructions).toBeGreaterThan(fused.instructions);
  });

  test('a failure leaves the file that was there', async () => {
    mkdirSync(at('kept'));
    writeFileSync(at('kept/out.tracelet'), 'before');
    await failure(3, ['trace', 'bare', '-o', 'kept/out.tracelet', '--head', 'qa']);
    expect(readdirSync(at('kept'))).toEqual(['out.tracelet']);
    expect(readFileSync(at('kept/out.tracelet'), 'utf8')).toBe('before');
  });
});

describe('inspect', () => {
  test('a summary', async () => {
    const traced = await load('bare.tracelet');
    const summary = await json(['inspect', 'bare.tracelet', '--json']);
    expect(summary).toMatchObject({
      file: 'bare.tracelet',
      bytes: statSync(at('bare.tracelet')).size,
      inputs: traced.inputs,
      outputs: traced.outputs,
      instructions: traced.plan().instructions.length,
      flops: traced.flops(),
      memory: { arena: traced.plan().arena },
    });
    const counts = Object.values(summary.ops as Record<string, { count: number }>).map(({ count }) => count);
    expect(counts.reduce((a, b) => a + b)).toBe(summary.instructions);
    expect(summary.kernels).toContain('baseline');
    expect(summary.files.map(({ name }: { name: string }) => name)).toContain('vocab.txt');
    const text = await answer(['inspect', 'bare.tracelet']);
    for (const title of ['file', 'inputs', 'outputs', 'weights', 'a call', 'memory', 'files', 'kernels', 'op '])
      expect(text).toMatch(new RegExp(`^${title}`, 'm'));
  });

  test('--fit answers whether a call fits, to the byte', async () => {
    const { memory } = (await load('bare.tracelet')).plan();
    for (const [room, status, word] of [
      [memory, 0, 'fits'],
      [memory - 1, 1, 'does not fit'],
      ['1GiB', 0, 'fits'],
    ] as const) {
      const { status: got, stdout, stderr } = await call(['inspect', 'bare.tracelet', '--fit', `${room}`]);
      expect(stderr).toMatch(new RegExp(`^tracelet: a call needs [\\d.]+ [KM]iB of wasm memory, which ${word} in [\\d.]+ [KMG]iB\\n$`));
      expect(stdout).toMatch(/^ *0 +embedding/m);
      expect(got).toBe(status);
    }
  });

  test.each([
    ['128', 128],
    ['0', 0],
    ['12b', 12],
    ['1k', 1000],
    ['1KB', 1000],
    ['2 KiB', 2048],
    ['128MB', 128e6],
    ['1.5MiB', 1.5 * 2 ** 20],
    ['1g', 1e9],
    ['1GiB', 2 ** 30],
    ['0.0005k', 0],
  ])('%s of memory are %i bytes', (text, want) => expect(memory(text)).toBe(want));

  test.each(['', 'MB', '-1', '1.', '.5k', '1e3', '1 T', '1kk', '1 000'])('%j is no memory', (text) =>
    expect(() => memory(text)).toThrow('It must be a number of bytes'),
  );

  test.each<[string, (value: number) => string, number]>([
    ['0 B', bytes, 0],
    ['1023 B', bytes, 1023],
    ['1.00 KiB', bytes, 1024],
    ['10.0 KiB', bytes, 10 * 1024],
    ['9.99 KiB', bytes, 10229],
    ['10.0 KiB', bytes, 10239],
    ['1023.9 KiB', bytes, 1023.9 * 1024],
    ['1.00 MiB', bytes, 2 ** 20 - 1],
    ['3.00 MiB', bytes, 3 * 2 ** 20],
    ['5120.0 GiB', bytes, 5 * 2 ** 40],
    ['0 FLOP', flops, 0],
    ['999 FLOP', flops, 999],
    ['1.50 kFLOP', flops, 1500],
    ['22.7 GFLOP', flops, 22.7e9],
  ])('numbers are shown as %s', (want, show, value) => expect(show(value)).toBe(want));

  test('parameters are counted by dtype', async () => {
    await answer(['trace', 'bare', '-o', 'counted.tracelet', '--dtype', 'q8']);
    const [plain, quantised] = await Promise.all(['bare.tracelet', 'counted.tracelet'].map((file) => json(['inspect', file, '--json'])));
    expect(quantised.parameters).toBe(plain.parameters);
    expect(Object.keys(quantised.weights).sort()).toEqual(['float32', 'int8']);
    expect(quantised.weights.int8.bytes).toBeGreaterThan(quantised.weights.int8.parameters);
    expect(await answer(['inspect', 'counted.tracelet'])).toMatch(/in all +[\d,]+ +parameters/);
  });

  test('--graph, --code, --plan and --files, alone and together', async () => {
    const traced = await load('bare.tracelet');
    expect(await answer(['inspect', 'bare.tracelet', '--graph'])).toBe(`${traced.graph}\n`);
    expect(await answer(['inspect', 'bare.tracelet', '--code'])).toBe(`${traced.code}\n`);
    expect(await answer(['inspect', 'bare.tracelet', '--files'])).toMatch(/^config\.json +[\d,]+ +bytes$/m);
    expect(await answer(['inspect', 'bare.tracelet', '--plan'])).toMatch(/^ *0 +embedding +\[8, 48\]/m);
    const views = await json(['inspect', 'bare.tracelet', '--graph', '--code', '--plan', '--files', '--json']);
    expect(views).toMatchObject({ graph: traced.graph.split('\n'), code: traced.code.split('\n'), plan: traced.plan() });
    expect(views.files).toEqual([...traced.files].map(([name, { length }]) => ({ name, bytes: length })));
  });
});

describe('verify', () => {
  test('prints a line for each file and variant', async () => {
    const found = await lines(['verify', 'bare.tracelet', 'sentence.tracelet']);
    for (const line of found) expect(line).toMatch(/^ok {6}(baseline|relaxed ) {2}\w+\.tracelet: [23] outputs, /);
    expect(found.filter((line) => /baseline.*same bits$/.test(line))).toHaveLength(2);
  });

  test('fails where outputs differ, and where a file is damaged', async () => {
    const traced = await load('bare.tracelet');
    traced.golden.outputs[0].tensor.data[0] = 7;
    await jit.save(traced, at('differs.tracelet'));
    const differs = await call(['verify', 'differs.tracelet', 'bare.tracelet']);
    expect(differs.status).toBe(1);
    expect(differs.stdout).toMatch(/^FAILED {2}baseline {2}differs\.tracelet: 2 outputs, off by at most \S+ \(last_hidden_state\)$/m);
    expect(differs.stdout).toMatch(/^ok .*bare\.tracelet/m);

    const bytes = readFileSync(at('bare.tracelet'));
    bytes[bytes.length - 1] ^= 1;
    writeFileSync(at('damaged.tracelet'), bytes);
    const damaged = await call(['verify', 'damaged.tracelet', 'bare.tracelet']);
    expect(damaged.status).toBe(3);
    expect(damaged.stderr).toMatch(/^tracelet: .*SHA-256/);
    expect(damaged.stdout).toMatch(/^ok .*bare\.tracelet/m);
  });
});
