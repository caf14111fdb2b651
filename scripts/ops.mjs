/** Writes the ops that programs of PyTorch may call into docs/torchscript.md, which a test compares with them. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

const root = fileURLToPath(new URL('..', import.meta.url));
const DOCS = `${root}docs/torchscript.md`;

/** The parameters of all schemas of an op, each once, in their order. */
function parametersOf(overloads) {
  const names = overloads.flatMap(([schema]) => schema.split(', ').filter((part) => part && part !== '*'));
  return [...new Set(names.map((part) => part.replace(/^.* /, '').replace(/=.*$/, '')))];
}

/** A row for each op with what it may be given, and one for those of Python. */
export function table(ops, builtins) {
  const rows = Object.keys(ops)
    .sort()
    .map(
      (name) =>
        `| \`${name}\` | ${parametersOf(ops[name])
          .map((each) => `\`${each}\``)
          .join(', ')} |`,
    );
  return ['| op | arguments |', '|---|---|', ...rows, `| of Python | ${builtins.map((name) => `\`${name}\``).join(', ')} |`].join('\n');
}

/** A module of the sources, as it is. */
async function loaded(path) {
  const folder = mkdtempSync(`${root}build/ops-`);
  try {
    const bundled = await rolldown({ input: `${root}src/${path}`, platform: 'node' });
    const { output } = await bundled.write({ dir: folder });
    await bundled.close();
    return await import(pathToFileURL(`${folder}/${output[0].fileName}`).href);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [{ OPS }, { BUILTINS }] = await Promise.all(['aten/ops/ops.ts', 'torchscript/builtins.ts'].map(loaded));
  const text = readFileSync(DOCS, 'utf8');
  const begin = text.indexOf('| op |');
  const end = text.indexOf('\n\n', begin);
  writeFileSync(DOCS, text.slice(0, begin) + table(OPS, BUILTINS) + (end < 0 ? '\n' : text.slice(end)));
}
