import { describe, expect, test } from 'vitest';
import { jit, nn, type Tensor, tensor } from '../../src/index.ts';
import { quantize } from '../../src/quantize/index.ts';
import { Dense, ids, mask, random, tracedBert, worst } from '../support/quantized.ts';
import { expectSameBits, fileOf, floats } from '../support/tiny.ts';

describe('calibration', () => {
  const rows = Array.from({ length: 48 }, (_, r) => random(64, r));
  const spiky = (seed: number) => tensor([random(64, seed).map((value, i) => (i === 7 ? 60 * value : value))], { dtype: 'float32' });

  test('makes products with uneven columns more accurate', async () => {
    const traced = await jit.trace(new Dense(rows), [spiky(1)]);
    const [plain, calibrated] = [await quantize(traced), await quantize(traced, { calibrate: [2, 3, 4].map((seed) => [spiky(seed)]) })];
    const wanted = traced(spiky(9)) as unknown as Tensor;
    const error = (of: typeof plain) => worst(of.traced(spiky(9)) as unknown as Tensor, wanted);
    expect(error(calibrated)).toBeLessThan(error(plain) / 2);
    expect(calibrated.report).toMatchObject({ samples: 3, outputs: [{ name: 'output' }] });
    expect(calibrated.report.outputs[0].worst).toBeGreaterThan(0.99);
  });

  describe('of samples that take long', () => {
    const wide = new nn.Sequential(...[1, 2, 3].map(() => new nn.Linear(512, 512)));
    for (const [i, { weight }] of [...(wide as Iterable<nn.Linear>)].entries()) weight.set(floats([512, 512], i).data as Float32Array);
    const sample = [floats([1024, 512], 5)];
    const traced = jit.trace(wide, sample, { check_trace: false });

    test.each(['calibrating', 'comparing'] as const)('stops in the middle of one while %s', async (wanted) => {
      const stop = new AbortController();
      const phases: string[] = [];
      const progress = ({ phase }: { phase: string }) => {
        phases.push(phase);
        if (phase === wanted) setTimeout(() => setTimeout(() => stop.abort('enough')));
      };
      await expect(quantize(await traced, { calibrate: [sample], signal: stop.signal, progress })).rejects.toBe('enough');
      expect(phases.at(-1)).toBe(wanted);
    });

    test('has the trace for itself meanwhile, and runs wait', async () => {
      const whole = await traced;
      const other = [floats([1024, 512], 6)];
      const want = whole(...other);
      const { report } = await quantize(whole, { calibrate: [sample, sample] });
      const begun: Promise<unknown>[] = [];
      const progress = ({ phase, done }: { phase: string; done: number }) => {
        if (phase === 'calibrating' && done === 0)
          setTimeout(() => {
            expect(() => whole(...other)).toThrow(/call during a run/);
            begun.push(whole.run(other));
          }, 0);
      };
      const { signal } = new AbortController();
      expect((await quantize(whole, { calibrate: [sample, sample], signal, progress })).report).toEqual(report);
      expect(begun).toHaveLength(1);
      expectSameBits(await begun[0], want);
    });
  });

  test.each([true, false])('leaves rows of padding out, computed or not: %s', async (exact_padding) => {
    const traced = await tracedBert({}, { exact_padding });
    const padded = (pad: number) => ({ input_ids: tensor([[1, 2, 3, 4, pad]]), attention_mask: mask });
    const reports = await Promise.all([5, 900].map(async (pad) => (await quantize(traced, { calibrate: [padded(pad)] })).report));
    expect(reports[0]).toEqual(reports[1]);
  });

  test('its report travels in the trace', async () => {
    const { traced, report } = await quantize(await tracedBert(), {
      calibrate: [[ids, mask]].map(() => ({ input_ids: ids, attention_mask: mask })),
    });
    const loaded = await jit.load(await fileOf(traced));
    expect(JSON.parse(new TextDecoder().decode(loaded.files.get('quantization.json')))).toEqual(report);
  });

  test('tells how far it is, and stops when told to', async () => {
    const traced = await tracedBert();
    const phases = new Set<string>();
    const sample = { input_ids: ids, attention_mask: mask };
    await quantize(traced, { calibrate: [sample], progress: ({ phase }) => phases.add(phase) });
    expect([...phases]).toEqual(['calibrating', 'rounding', 'comparing']);
    for (const last of phases) {
      const controller = new AbortController();
      const told: string[] = [];
      const progress = ({ phase }: { phase: string }) => {
        told.push(phase);
        if (phase === last) controller.abort(new Error('enough'));
      };
      await expect(quantize(traced, { calibrate: [sample], signal: controller.signal, progress })).rejects.toThrow('enough');
      expect(told.filter((phase) => phase === last)).toEqual([last]);
      expect(told.at(-1)).toBe(last);
    }
    const before = quantize(traced, { signal: AbortSignal.abort(new Error('before')), progress: () => expect.unreachable() });
    await expect(before).rejects.toThrow('before');
    expect(traced.verify().ok).toBe(true);
  });
});
