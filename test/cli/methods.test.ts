import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { F, jit, nn, type Tensor, tensor } from '../../src/index.ts';
import { answer, at, call, failure, json, lines, withTraces } from '../support/cli.ts';
import { fileOf, floats } from '../support/tiny.ts';

withTraces();

class Sides extends nn.Module<[Tensor], Tensor> {
  readonly dense = new nn.Linear(4, 3, { seed: 3 });

  forward(x: Tensor): Tensor {
    return this.dense(x);
  }

  encode(x: Tensor, by: Tensor): Tensor {
    return F.mul(this.dense(x), by);
  }
}

const examples = { forward: [floats([2, 4])], encode: { x: floats([1, 4]), by: floats([1, 3]) } };
const traced = await jit.trace_module(new Sides(), examples);

describe('a trace of several methods', () => {
  test('is inspected, run and verified by method', async () => {
    writeFileSync(at('sides.tracelet'), await fileOf(traced));
    const { methods } = await json(['inspect', 'sides.tracelet', '--json']);
    expect(methods.map(({ name, inputs }: { name: string; inputs: unknown[] }) => [name, inputs.length])).toEqual([['encode', 2]]);
    expect((await call(['inspect', 'sides.tracelet'])).stdout).toMatch(/methods +encode: x float32 \[1, 4\], by float32 \[1, 3\] -> /);
    expect((await call(['inspect', 'sides.tracelet', '--method', 'encode', '--graph'])).stdout).toMatch(/binary|mul/);
    expect(await lines(['verify', 'sides.tracelet'])).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^ok .*sides\.tracelet: 1 output/),
        expect.stringMatching(/^ok .*sides\.tracelet: encode: 1/),
      ]),
    );
    const [x, by] = [[1, 2, 3, 4], [1, 3, 2]]; // biome-ignore format: one row
    const input = JSON.stringify({ x: [x], by: [by] });
    const { output } = JSON.parse(await answer(['run', 'sides.tracelet', '--method', 'encode'], { input }));
    expect(output.data[0].map(Math.fround)).toEqual([...traced.encode(tensor([x]), tensor([by])).data]);
    expect(await failure(3, ['run', 'sides.tracelet', '--method', 'encod'], { input })).toMatch(/one of forward, encode/);
  });
});
