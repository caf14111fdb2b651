/** Writes what `F` holds into docs/functions.md, a table a module of src/nn, from the comments there; a test compares both. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DOCS = join(ROOT, 'docs/functions.md');
const FUNCTIONAL = 'src/nn/functional.ts';

/** What the tables are called, by module, in their order. */
const TITLES = {
  'src/nn/general/arithmetic.ts': 'Arithmetic',
  'src/nn/general/compare.ts': 'Comparisons and choices',
  'src/nn/general/reductions.ts': 'Over dimensions',
  'src/nn/general/products.ts': 'Products',
  'src/nn/general/einsum.ts': 'Sums of products',
  'src/nn/general/indexing.ts': 'Picks',
  'src/nn/general/shapes.ts': 'Repeats and parts',
  'src/nn/general/reshaping.ts': 'Shapes',
  'src/nn/views.ts': 'Order',
  [FUNCTIONAL]: 'Layers, norms, activations and pooling',
  'src/nn/attention.ts': 'Attention',
  'src/nn/positional.ts': 'Attention with positions',
  'src/nn/disentangled.ts': 'Attention of DeBERTa',
  'src/nn/rotary.ts': 'Rotary positions',
  'src/nn/tokens.ts': 'Tokens',
  'src/nn/numbers.ts': 'Whole numbers for tokens',
};

const sourceOf = (file) => readFileSync(join(ROOT, file), 'utf8');

/** Names that a module exports, with the comment above each. @returns {Map<string, string>} */
function documented(text) {
  const declared = [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\nexport (?:const|function) (\w+)/g)].map(([, doc, name]) => [
    name,
    doc,
  ]);
  const renamed = [...text.matchAll(/\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n {2}\w+ as (\w+),/g)].map(([, doc, name]) => [name, doc]);
  return new Map(/** @type {[string, string][]} */ ([...declared, ...renamed]));
}

/** A comment as one line of Markdown. */
const inLine = (doc) =>
  doc
    .replaceAll(/\n \*/g, ' ')
    .replaceAll(/\{@link (\w+)\}/g, '`$1`')
    .replaceAll('|', '\\|')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** What each module adds to `F`: [module, names and comments]. @returns {[string, [string, string][]][]} */
function modules(names) {
  const text = sourceOf(FUNCTIONAL);
  const others = [...text.matchAll(/^export (?:\*|\{[^}]*\}) from '(\.[^']+)'/gm)].map(([, path]) => join(dirname(FUNCTIONAL), path));
  return [...others, FUNCTIONAL].map((file) => [file, [...documented(sourceOf(file))].filter(([name]) => names.includes(name))]);
}

/** The tables, for the functions of these names and the methods of tensors. */
export function tables(names, isMethod) {
  const found = new Map(modules(names));
  const parts = Object.entries(TITLES).map(([file, title]) => {
    const rows = (found.get(file) ?? []).map(([name, doc]) => `| \`F.${name}\` | ${isMethod(name) ? 'yes' : ''} | ${inLine(doc)} |`);
    return [`## ${title}`, '', '| function | method | what it answers |', '|---|---|---|', ...rows].join('\n');
  });
  return parts.join('\n\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { F, Tensor } = await import('../dist/index.js');
  const made = tables(Object.keys(F), (name) => typeof Tensor.prototype[name] === 'function');
  writeFileSync(DOCS, readFileSync(DOCS, 'utf8').replace(/^## Arithmetic[\s\S]*$/m, `${made}\n`));
}
