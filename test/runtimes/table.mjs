/** Runs the suite in every runtime that is there, and writes docs/determinism.md. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installPackage, ROOT } from './install.mjs';
import { RUNTIMES } from './runtimes.mjs';
import { serve } from './server.mjs';

const TEXT = `# The same bits

Promised: on the baseline kernels, and for quantised traces on all kernels, a trace gives the same bits in every runtime. The answer for a row
depends on nothing beside it: not on the batch, the padding or its neighbours.

Not promised: float32 on the relaxed kernels gives the same bits in two engines. An engine may fuse a multiplication with the addition that
follows, or not. Ask for \`{ kernels: 'baseline' }\` where bits matter more than speed. NaNs may have any sign and payload.

Written by \`node test/runtimes/table.mjs\`. Each hash is the start of the SHA-256 of all outputs. The last column is the largest difference of
the runtime's own choice of kernels from the baseline ones, over the float32 traces.
`;
const short = (hash) => `\`${hash.slice(0, 8)}\``;
const row = (cells) => `| ${cells.join(' | ')} |`;

function table(results, kernels) {
  const traces = results[0].lines.map(({ trace }) => trace);
  const last = kernels === 'default' ? ['largest difference'] : [];
  const head = ['runtime', ...traces, ...last];
  const rows = results.map(({ name, version, lines }) => {
    const most = Math.max(...lines.map(({ difference }) => difference));
    return [`${name} (${version})`, ...lines.map((line) => short(line[kernels])), ...last.map(() => (most ? most.toExponential(1) : '0'))];
  });
  return [head, head.map(() => '---'), ...rows].map(row).join('\n');
}

/** A column for each way that a text may be computed in; runtimes without threads have none for these. */
function waysTable(results, kind) {
  const columns = [...new Set(results.flatMap(({ ways }) => ways.map(({ way }) => way)))];
  const rows = results.map(({ name, version, ways }) => {
    const cells = columns.map((column) => ways.find(({ way }) => way === column)?.[kind]);
    return [`${name} (${version})`, ...cells.map((hash) => (hash ? short(hash) : 'none'))];
  });
  return [['runtime', ...columns], ['---', ...columns.map(() => '---')], ...rows].map(row).join('\n');
}

const { folder, remove } = installPackage();
const server = await serve();
const results = [];
try {
  for (const { name, where, run } of RUNTIMES) {
    if (!where()) {
      console.log(`${name}: left out, not installed`);
      continue;
    }
    const { version, lines } = await run({ folder, server });
    const failed = lines.filter(({ ok }) => ok === false);
    if (failed.length > 0) throw new Error(`${name}: ${JSON.stringify(failed)}`);
    results.push({ name, version, lines: lines.filter(({ trace }) => trace), ways: lines.filter(({ way }) => way) });
    console.log(`${name} ${version}`);
  }
} finally {
  server.close();
  remove();
}
const parts = [
  TEXT,
  '## Baseline kernels\n',
  table(results, 'baseline'),
  '\n## The kernels that each runtime chooses\n',
  table(results, 'default'),
  '\n## Batch, padding and threads\n',
  'The vectors of the same texts, however they are computed: all-MiniLM-L6-v2 in int8, then a small float32 model on the baseline\nkernels.\n',
  waysTable(results, 'int8'),
  '',
  waysTable(results, 'float32'),
  '',
];
writeFileSync(join(ROOT, 'docs/determinism.md'), parts.join('\n'));
