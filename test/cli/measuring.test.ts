import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
import { answer, at, call, failure, json, lines, load, withTraces } from '../support/cli.ts';

withTraces();

test('bench', async () => {
  const { status, stdout } = await call(['bench', 'bare.tracelet', '--seconds', '0.05']);
  expect(status).toBe(0);
  expect(stdout).toMatch(/^machine .*\d cores/m);
  expect(stdout).toMatch(/^runtime +\w+ \d+\.\d+.*tracelet/m);
  expect(stdout).toMatch(/^kernels +calls +median +min +spread +GFLOP\/s\nbaseline +\d+ +[\d.]+ ms +[\d.]+ ms +[\d.]+ % +[\d.]+$/m);
  expect(stdout).toMatch(/^threads +1 thread: no more were asked for \(--threads 2, or auto\)$/m);
  expect((await call(['bench', 'bare.tracelet', '--seconds', '0.05', '--kernels', 'debug'])).stdout).toMatch(/^debug /m);

  const traced = await load('bare.tracelet');
  traced.golden.outputs[0].tensor.data[0] = 7;
  await jit.save(traced, at('changed.tracelet'));
  expect(await failure(1, ['bench', 'changed.tracelet'])).toContain('expected the outputs stored in it, got others');
});

describe('profile', () => {
  const quick = ['profile', 'bare.tracelet', '--seconds', '0.05'];

  test('by kind and by instruction, naming the slowest', async () => {
    const kinds = await answer(quick);
    expect(kinds).toMatch(/^instruction +count +ms +share +GFLOP\/s +GB\/s +of peak\n/);
    expect(kinds).toMatch(/^linear encoder\.layer\.\*\.output\.dense +2 +[\d.]+ +[\d.]+ % +[\d.]+ +[\d.]+ +\d+ %$/m);
    expect(kinds).toMatch(/^slowest {2}instruction \d+, \w+ \S*: [\d.]+ of [\d.]+ ms$/m);
    const { instructions } = (await load('bare.tracelet')).plan();
    const each = (await lines([...quick, '--each'])).filter((line) => /^\d+ /.test(line));
    expect(each.map((line) => line.split(' ')[1])).toEqual(instructions.map(({ op }) => op));
  });

  test('as JSON, and as a trace for a viewer', async () => {
    const measured = await json([...quick, '--json', '--chrome', 'call.json', '--kernels', 'baseline']);
    expect(measured.kernels).toBe('baseline');
    expect(measured.calls).toBeGreaterThanOrEqual(3);
    const { traceEvents } = JSON.parse(readFileSync(at('call.json'), 'utf8'));
    expect(traceEvents).toHaveLength(measured.instructions.length);
    for (const [i, { name, ph, ts, dur }] of traceEvents.entries()) {
      expect({ name, ph }).toEqual({ name: measured.instructions[i].op, ph: 'X' });
      if (i > 0) expect(ts).toBeCloseTo(traceEvents[i - 1].ts + traceEvents[i - 1].dur, 6);
      expect(dur).toBeGreaterThanOrEqual(0);
    }
  });

  test('refuses a file that cannot be written', async () => {
    expect((await call([...quick, '--chrome', 'no/where.json'])).status).toBe(3);
  });
});
