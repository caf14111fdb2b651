/** What is mutated together, and the tests that have it for a subject. */
const words = (text) => text.split(' ');

/**
 * Tests of the command line, pools, threads, browsers and servers run dist, where no mutant is, and are in no row. All run in threads of one
 * process, which may not change its directory: tests that do so skip themselves there. `waitMs` is how long a mutant may wait for what does not
 * come, where mutants do: longer than any of its tests takes.
 *
 * @type {Record<string, { folder: string, names?: string[], tests: string[], waitMs?: number }>}
 */
export const AREAS = {
  tokenizer: {
    folder: 'src/tokenizer',
    tests: words('tokenizer tokenizer-cases tokenizer-files tokenizer-folders'),
  },
  headers: {
    folder: 'src',
    names: words('safetensors headerjson layout json'),
    tests: words('safetensors json malformed damage file'),
  },
  checkpoints: {
    folder: 'src',
    names: words('checkpoint formats dtype field fields options config'),
    tests: words('checkpoint config options weights pretrained torch-arguments tensor file'),
  },
  decoding: {
    folder: 'src/trace',
    names: words('decode program file files parse load inputs'),
    tests: words('decode decode-dynamic malformed file damage check inputs jit-options trace calls dynamic shapes released'),
  },
  planning: {
    folder: 'src/trace',
    names: words('plan arena sizes encode peak check binding'),
    tests: words('plan placing arena check decode decode-dynamic dynamic rows run trace'),
  },
  sources: { folder: 'src/sources', tests: words('streams sources hub transfers pretrained platform released refused'), waitMs: 20_000 },
  cache: {
    folder: 'src/platform',
    names: words('filecache writing files'),
    tests: words('files filecache sources hub writing platform file refused'),
    waitMs: 20_000,
  },
};

/** The files of an area, as StrykerJS takes them. @param {string} area */
export function filesOf(area) {
  const { folder, names = ['*'] } = AREAS[area];
  return names.map((name) => `${folder}/${name}.ts`);
}

/** The area that a file is in. @param {string} path */
export function areaOf(path) {
  const cut = path.lastIndexOf('/');
  const name = path.slice(cut + 1).replace(/\.ts(:.*)?$/, '');
  return Object.keys(AREAS).find((area) => {
    const { folder, names } = AREAS[area];
    return folder === path.slice(0, cut) && (names?.includes(name) ?? true);
  });
}
