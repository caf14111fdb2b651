/** Writes the families of dist/ and their classes into docs/models.md, which a test compares with them. */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DOCS = fileURLToPath(new URL('../docs/models.md', import.meta.url));

/** A row for each `model_type`, with the class of each head. */
export function table(architectures) {
  const families = new Map();
  for (const [name, { family, head }] of Object.entries(architectures)) {
    const type = family?.Config.schema.model_type;
    if (type !== undefined) families.set(type, { ...families.get(type), [head]: name });
  }
  const rows = [...families].sort(([a], [b]) => (a < b ? -1 : 1));
  const classes = ({ Model, ...others }) => [Model, ...Object.values(others).sort()].map((name) => `\`${name}\``).join(', ');
  return ['| `model_type` | classes |', '|---|---|', ...rows.map(([type, heads]) => `| \`${type}\` | ${classes(heads)} |`)].join('\n');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { ARCHITECTURES } = await import('../dist/index.js');
  const text = readFileSync(DOCS, 'utf8');
  writeFileSync(DOCS, text.replace(/(?:^\|.*\n)+/m, `${table(ARCHITECTURES)}\n`));
}
