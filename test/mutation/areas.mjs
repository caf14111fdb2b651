/** What is mutated together, and the tests that have it for a subject. */
const words = (text) => text.trim().split(/\s+/);

/**
 * Tests of the command line, pools, threads, browsers and servers run dist, where no mutant is, and are in no row. All run in threads of one
 * process, which may not change its directory: tests that do so skip themselves there. `waitMs` is how long a mutant may wait for what does not
 * come, where mutants do: longer than any of its tests takes.
 *
 * @type {Record<string, { files: string[], tests: string[], waitMs?: number }>}
 */
export const AREAS = {
  tokenizer: {
    files: words(
      `tokenizer/* tokenizer/decoders/* tokenizer/models/* tokenizer/normalizers/* tokenizer/pretokenizers/* tokenizer/processors/*
      tokenizer/converters/* tokenizer/converters/sentencepiece/*`,
    ),
    tests: words(
      `tokenizer/tokenizer tokenizer/cases tokenizer/files tokenizer/settings tokenizer/folders tokenizer/parts tokenizer/unigram
      tokenizer/encodings tokenizer/rows tokenizer/adding tokenizer/bpe tokenizer/converters tokenizer/ports tokenizer/truth tokenizer/pieces
      tokenizer/properties tokenizer/clusters tokenizer/words tokenizer/cache tokenizer/fast tokenizer/sentencepiece tokenizer/bytepairs models/auto`,
    ),
  },
  regex: {
    files: ['tokenizer/regex/*'],
    tests: words(
      'tokenizer/regex/truth tokenizer/regex/limits tokenizer/regex/steps tokenizer/regex/properties tokenizer/pieces tokenizer/points',
    ),
  },
  headers: {
    files: words('formats/safetensors formats/headerjson formats/extents base/json'),
    tests: words('formats/safetensors base/json formats/malformed formats/damage formats/file formats/extrafiles'),
  },
  checkpoints: {
    files: words(
      `formats/checkpoint formats/unread formats/dequantize tensor/dtype base/schema base/options models/fields models/config
      models/contents`,
    ),
    tests: words(
      `formats/checkpoint formats/checkpoint-weights models/config models/config-errors models/config-file base/options models/weights
      models/pretrained nn/torch-arguments tensor/tensor formats/file formats/extrafiles`,
    ),
  },
  pickles: {
    files: words('formats/torch/* formats/pytorch'),
    tests: words(
      `formats/torch/zip formats/torch/inflate formats/torch/pickle formats/torch/statedict formats/torch/tensors formats/torch/archives
      formats/torch/legacy formats/torch/truth formats/torch/opening formats/torch/models`,
    ),
  },
  proving: {
    files: words(
      `program/prove program/program program/json program/version2 program/signature formats/trace formats/beside formats/archive
      jit/load nn/inputs`,
    ),
    tests: words(
      `program/prove program/prove-arena program/prove-dynamic program/version2 formats/malformed formats/file formats/extrafiles
      formats/archive formats/damage jit/check traced/inputs jit/options jit/trace traced/calls jit/dynamic jit/dynamic-options
      traced/shapes package/released`,
    ),
  },
  planning: {
    files: words(
      'program/layout program/lifetimes program/spans program/sizes program/encode kernels/arena inspect/peak jit/check runtime/specialise',
    ),
    tests: words(
      `program/plan program/placing kernels/arena runtime/specialise jit/check program/prove program/prove-arena program/prove-dynamic
      jit/dynamic jit/dynamic-options passes/compact traced/run jit/trace`,
    ),
  },
  sources: {
    files: ['sources/*'],
    tests: words(
      `sources/streams sources/sources sources/missing sources/globals sources/place sources/hub sources/hub-errors sources/transfers
      sources/downloads models/pretrained platform/platform package/released platform/refused`,
    ),
    waitMs: 20_000,
  },
  cache: {
    files: words('platform/filecache platform/writing platform/files platform/paths'),
    tests: words(
      `platform/files platform/filecache sources/sources sources/missing sources/globals sources/hub sources/hub-errors platform/writing
      platform/platform formats/file formats/extrafiles platform/refused`,
    ),
    waitMs: 20_000,
  },
};

/** The files of an area, as StrykerJS takes them. @param {string} area */
export const filesOf = (area) => AREAS[area].files.map((name) => `src/${name}.ts`);

/** The area that a file is in. @param {string} path */
export function areaOf(path) {
  const name = path.replace(/^src\//, '').replace(/\.ts(:.*)?$/, '');
  const folder = name.replace(/[^/]*$/, '*');
  return Object.keys(AREAS).find((area) => [name, folder].some((each) => AREAS[area].files.includes(each)));
}
