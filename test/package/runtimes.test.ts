import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script without types
import { installPackage, required } from '../runtimes/install.mjs';
// @ts-expect-error a script without types
import { LIMIT_MS } from '../runtimes/processes.mjs';
// @ts-expect-error a script without types
import { RUNTIMES } from '../runtimes/runtimes.mjs';
// @ts-expect-error a script without types
import { serve } from '../runtimes/server.mjs';

interface Line {
  case?: string;
  ok?: boolean;
  message?: string;
  trace: string;
  quantised: boolean;
  baseline: string;
  default: string;
  difference: number;
  way: string;
  int8: string;
  float32: string;
}

interface Runtime {
  name: string;
  where(): string | undefined;
  run(place: { folder: string; server: unknown }): Promise<{ version: string; lines: Line[] }>;
}

const runtimes: Runtime[] = RUNTIMES;
const missing = runtimes.filter(({ where }) => !where()).map(({ name }) => name);
const fingerprints = new Map<string, Line[]>();
const ways = new Map<string, Line[]>();
let installed: { folder: string; remove(): void };
let server: { close(): void };

beforeAll(async () => {
  installed = installPackage();
  server = await serve();
});
afterAll(() => {
  server?.close();
  installed?.remove();
});

describe('the same suite', { timeout: 2 * LIMIT_MS }, () => {
  if (!required) for (const name of missing) test.skip(`${name}: left out, npm run runtimes:setup -- --browsers installs it`, () => {});
  test.each(runtimes.filter(({ name }) => required || !missing.includes(name)))('$name', async ({ name, where, run }) => {
    expect(where(), `${name} is not installed`).toBeTruthy();
    const { version, lines } = await run({ folder: installed.folder, server });
    fingerprints.set(
      `${name} ${version}`,
      lines.filter(({ trace }) => trace),
    );
    ways.set(
      `${name} ${version}`,
      lines.filter(({ way }) => way),
    );
    expect(lines.filter(({ ok }) => ok === false).map((line) => `${line.case}: ${line.message}`)).toEqual([]);
    expect(lines.filter(({ ok }) => ok).length).toBeGreaterThan(10);
  });
});

test.skipIf(missing.length === runtimes.length)('the same bits, and relaxed float32 within tolerance', () => {
  const [[, first]] = fingerprints;
  for (const [runtime, lines] of fingerprints) {
    expect(
      lines.map(({ trace, baseline }) => [trace, baseline]),
      runtime,
    ).toEqual(first.map(({ trace, baseline }) => [trace, baseline]));
    for (const line of lines) {
      if (line.quantised) expect(line.default, `${runtime}: ${line.trace}`).toBe(line.baseline);
      else expect(line.difference, `${runtime}: ${line.trace}`).toBeLessThan(2e-5);
    }
  }
  const most = Math.max(...[...fingerprints.values()].flat().map(({ difference }) => difference));
  console.log(`relaxed float32 differs by ${most} at most`);
});

test.skipIf(missing.length === runtimes.length)('the same bits for any batch, padding and number of threads', () => {
  for (const kind of ['int8', 'float32'] as const) {
    const hashes = [...ways].flatMap(([runtime, lines]) => lines.map((line) => [runtime, line.way, line[kind]]));
    expect(hashes.length).toBeGreaterThanOrEqual(3 * ways.size);
    expect(hashes.filter(([, , hash]) => hash !== hashes[0][2])).toEqual([]);
  }
});
