/** Answers of the Rust tokenizers and of PyTorch that have to be the same in every runtime; imports nothing of any of them. */

const same = (got, want, what) => {
  if (JSON.stringify(got) !== JSON.stringify(want))
    throw new Error(`${what}: got ${JSON.stringify(got)}, expected ${JSON.stringify(want)}`);
};

/** What options of the Rust tokenizers are called here. */
function optionsOf({ add_special_tokens = true, truncation } = {}) {
  const { max_length, strategy = false, stride } = truncation ?? {};
  return { add_special_tokens, truncation: strategy, ...(truncation && { max_length, stride }) };
}

/** Has the parts of a tokenizer loaded: what a file needs loads with a trace in which it travels. */
async function loadParts({ F, jit, tensor }, json) {
  const traced = await jit.trace((x) => F.relu(x), [tensor([[1, 2]], { dtype: 'float32' })]);
  const pieces = [...(await jit.serialize(traced, { _extra_files: { 'tokenizer.json': json } }))];
  const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
  (await jit.load(bytes)).tokenizer.encode('a');
}

/**
 * Every text of every tokenizer, or one in `every`: ids and offsets of every row, and what ids decode to. Padding is not asked for.
 */
export async function tokenizersAgree({ tracelet, bytes, every = 1, TextDecoder = globalThis.TextDecoder }) {
  const { PreTrainedTokenizerFast } = tracelet;
  const text = async (name) => new TextDecoder().decode(await bytes(`tokenizer/truth/${name}`));
  const charsmap = await text('charsmap');
  const names = JSON.parse(await text('names.json'));
  for (const name of names) {
    const [written, , ...lines] = (await text(name)).split('\n');
    const json = written.replace('"precompiled_charsmap":""', `"precompiled_charsmap":"${charsmap}"`);
    if (name === names[0]) await loadParts(tracelet, json);
    const sides = Object.fromEntries(
      ['left', 'right'].map((truncation_side) => [
        truncation_side,
        PreTrainedTokenizerFast.from_files({ 'tokenizer.json': json }, { truncation_side }),
      ]),
    );
    for (let i = 0; i < lines.length; i += every) agrees(sides, JSON.parse(lines[i]), name);
  }
}

function agrees(sides, { text: first, pair = null, options, decoded, ...right }, name) {
  const tokenizer = sides[options?.truncation?.direction ?? 'right'];
  const asked = { ...optionsOf(options), return_overflowing_tokens: true, return_offsets_mapping: true, offset_unit: 'codepoint' };
  const { input_ids, offset_mapping } = tokenizer.encode_plus(first, pair, asked);
  for (const [i, row] of [right, ...(right.overflowing ?? [])].entries()) {
    const isOwn = (_, at) => row.attention === undefined || row.attention[at] === '1';
    const offsets = row.ids.map((_, at) => row.offsets.slice(2 * at, 2 * at + 2));
    const what = `${name}, row ${i} of ${JSON.stringify(first)}`;
    same([input_ids[i], offset_mapping[i]], [row.ids.filter(isOwn), offsets.filter(isOwn)], what);
  }
  if (decoded !== undefined) same(tokenizer.decode(right.ids, { skip_special_tokens: true }), decoded, `${name}, decoded`);
}

/** Files of torch.save give the tensors that PyTorch saved beside them, and hostile ones are refused. */
export async function picklesAgree({ tracelet: { openCheckpoint }, bytes, TextDecoder = globalThis.TextDecoder }) {
  const rows = JSON.parse(new TextDecoder().decode(await bytes('bin/manifest.json')));
  for (const { file, expect, base, may } of rows) {
    if (!file.endsWith('.bin') || may !== undefined) continue;
    const given = await bytes(`bin/${file}`);
    if (expect === 'refuse') await refused(() => openCheckpoint(given), file);
    else {
      const { tensors } = await openCheckpoint(given);
      const { tensors: wanted } = await openCheckpoint(await bytes(`bin/${base ?? `${file}.safetensors`}`));
      for (const [name, { shape, data }] of wanted) {
        const got = tensors.get(name);
        same([got?.shape, Array.from(got?.data ?? [], Number)], [shape, Array.from(data, Number)], `${file}: ${name}`);
      }
    }
  }
}

async function refused(open, file) {
  try {
    await open();
  } catch ({ code, message }) {
    if (code === undefined) throw new Error(`${file}: ${message}`);
    return;
  }
  throw new Error(`${file} was not refused`);
}
