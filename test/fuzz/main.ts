import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { replayCase, runCampaign } from './campaign.ts';
import { KINDS } from './kinds.ts';
import type { Case, FoundCase, Tally } from './messages.ts';
import { Watched } from './watched.ts';

const USAGE = `npm run fuzz -- [options]

  --kind NAMES     ${Object.keys(KINDS).join(', ')}; all but faults unless given
  --count N        mutants of each kind (1000)
  --seed N         what they are drawn by (1)
  --jobs N         processes that try them (1)
  --patience MS    for a mutant that took long, alone (15000)
  --findings DIR   where findings are written (build/findings)
  --report FILE    the counts as JSON
  --replay FILE …  tries findings again
`;

const OPTIONS = {
  kind: { type: 'string' },
  count: { type: 'string', default: '1000' },
  seed: { type: 'string', default: '1' },
  jobs: { type: 'string', default: '1' },
  patience: { type: 'string', default: '15000' },
  findings: { type: 'string', default: 'build/findings' },
  report: { type: 'string' },
  replay: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const SHOWN = 5;
const SHOW_MS = 2000;

/** Findings of one cause are written a few times. */
const causeOf = ({ kind, problem }: FoundCase): string => `${kind} ${problem.replaceAll(/"[^"]*"|\d+/g, '#').slice(0, 200)}`;

class Findings {
  readonly counts = new Map<string, number>();
  readonly files: { file: string; problem: string }[] = [];
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  add(found: FoundCase): void {
    const cause = causeOf(found);
    const count = (this.counts.get(cause) ?? 0) + 1;
    this.counts.set(cause, count);
    if (count > SHOWN) return;
    mkdirSync(this.#folder, { recursive: true });
    const file = join(this.#folder, `${found.name.replaceAll(/\W+/g, '-')}.json`);
    writeFileSync(file, `${JSON.stringify(found, null, 1)}\n`);
    this.files.push({ file, problem: found.problem });
    process.stderr.write(`\n${file} (${found.seed}: ${found.steps.join(', ')})\n  ${printable(found.problem.slice(0, 600))}\n`);
  }

  of(kind: string): number {
    return [...this.counts].filter(([cause]) => cause.startsWith(`${kind} `)).reduce((sum, [, count]) => sum + count, 0);
  }
}

const printable = (text: string): string => text.replaceAll(/[^\n\x20-\x7e]/g, (character) => JSON.stringify(character).slice(1, -1));

const sum = (tally: Tally): number => Object.values(tally).reduce((total, count) => total + count, 0);

function table(tallies: Readonly<Record<string, Tally>>, findings: Findings): string {
  const rows = Object.entries(tallies).map(([kind, { accepted = 0, ...others }]) => {
    const codes = Object.entries(others).sort(([, a], [, b]) => b - a);
    const tried = accepted + sum(others);
    return [kind, `${tried}`, `${accepted}`, `${findings.of(kind)}`, codes.map(([code, count]) => `${code} ${count}`).join(', ')];
  });
  return [['kind', 'tried', 'accepted', 'findings', 'refused or failed by code'], ...rows]
    .map(
      ([kind, ...cells]) =>
        `${kind.padEnd(12)} ${cells
          .slice(0, 3)
          .map((cell) => cell.padStart(9))
          .join(' ')}  ${cells[3]}`,
    )
    .join('\n');
}

async function replay(
  script: string,
  files: readonly string[],
  { jobs, patience }: Record<'jobs' | 'patience', string>,
  findings: Findings,
): Promise<Record<string, Tally>> {
  const tallies: Record<string, Tally> = {};
  const queue = [...files];
  const work = async (): Promise<void> => {
    for (let file = queue.shift(); file; file = queue.shift()) {
      const given: Case = JSON.parse(readFileSync(file, 'utf8'));
      const watched = new Watched(script);
      const { reply } = await replayCase(watched, given, Number(patience)).finally(() => watched.end());
      for (const found of reply.found) findings.add(found);
      tallies[given.kind] ??= {};
      for (const [outcome, count] of Object.entries(reply.tally))
        tallies[given.kind][outcome] = (tallies[given.kind][outcome] ?? 0) + count;
    }
  };
  await Promise.all(Array.from({ length: Number(jobs) }, work));
  return tallies;
}

async function campaign(
  script: string,
  values: Record<'count' | 'seed' | 'jobs' | 'patience', string> & { kind?: string },
  findings: Findings,
) {
  const kinds = values.kind?.split(',') ?? Object.keys(KINDS).filter((kind) => !KINDS[kind].faulty);
  const unknown = kinds.find((kind) => !Object.hasOwn(KINDS, kind));
  if (unknown !== undefined) throw new Error(`--kind: expected ${Object.keys(KINDS).join(', ')}, got ${unknown}`);
  let shown = performance.now();
  return runCampaign({
    kinds,
    count: Number(values.count),
    seed: Number(values.seed),
    jobs: Number(values.jobs),
    patience: Number(values.patience),
    script,
    found: (found) => findings.add(found),
    progress(tallies) {
      if (performance.now() - shown < SHOW_MS) return;
      shown = performance.now();
      const text = Object.entries(tallies).map(([kind, tally]) => `${kind} ${sum(tally)}`);
      process.stderr.write(
        `${process.stderr.isTTY ? '\r' : ''}${text.join(', ')}; findings ${[...findings.counts.values()].reduce((a, b) => a + b, 0)}${process.stderr.isTTY ? '' : '\n'}`,
      );
    },
  });
}

/** The command line: `script` is that of the processes which try mutants. */
export async function main(args: string[], script: string): Promise<number> {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const findings = new Findings(values.findings);
  const tallies = await (values.replay ? replay(script, positionals, values, findings) : campaign(script, values, findings));
  process.stdout.write(`\n${table(tallies, findings)}\n`);
  if (values.report) writeFileSync(values.report, JSON.stringify({ tallies, findings: findings.files }));
  return findings.counts.size > 0 ? 1 : 0;
}
