import { cpSync, existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jit } from '../../src/index.ts';
import { answer, at, call, json, lines, withTraces } from '../support/cli.ts';
import { fixture } from '../support/fixtures.ts';

withTraces();

/** A program of PyTorch in the directory of the calls. */
function program(name: string, as: string): string {
  cpSync(fixture(`programs/${name}`), at(as));
  return as;
}

const BERT = 'hf5.23-torch2.15-bert-extra-files.pt';

describe('a program of PyTorch', () => {
  test('is traced for the sizes that it was traced with, or those that are asked for', async () => {
    const file = program(BERT, 'traced.pt');
    const { stdout } = await call(['trace', file, '-o', 'traced.tracelet']);
    expect(stdout).toContain('input_ids int32 [2, 14]');
    expect(existsSync(at('traced.tracelet'))).toBe(true);
    await call(['trace', file, '-o', 'sized.tracelet', '--batch', '1', '--seq', '9', '--dtype', 'bf16']);
    const { inputs, weights } = await json(['inspect', 'sized.tracelet', '--json']);
    expect(inputs.map(({ shape }: { shape: number[] }) => shape)).toEqual([
      [1, 9],
      [1, 9],
      [1, 9],
    ]);
    expect(Object.keys(weights)).toContain('bfloat16');
  });

  test('is traced for any sizes that its tables have places for', async () => {
    await call(['trace', program(BERT, 'any.pt'), '-o', 'any.tracelet', '--dynamic']);
    const { dynamic } = await json(['inspect', 'any.tracelet', '--json']);
    expect(dynamic).toEqual({ batch: [1, 64], sequence: [1, 48] });
  });

  test('of torch.export is traced for the sizes that it was exported for', async () => {
    const file = program('hf5.23-torch2.15-bert-sdpa-dynamic.pt2', 'exported.pt2');
    await call(['trace', file, '-o', 'exported.tracelet', '--dynamic']);
    expect((await json(['inspect', 'exported.tracelet', '--json'])).dynamic).toEqual({ batch: [1, 64], sequence: [2, 46] });
  });

  test('is shown, verified, run and quantised as it is', async () => {
    const file = program('hf4.57-torch2.2-bert-optimized.pt', 'frozen.pt');
    const { inputs, outputs } = await json(['inspect', file, '--json']);
    expect(inputs.map(({ name }: { name: string }) => name)).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
    expect(outputs).toHaveLength(2);
    expect((await lines(['verify', file]))[0]).toMatch(/^ok +baseline +frozen\.pt: 2 outputs, same bits$/);
    await call(['quantize', file, '-o', 'small.tracelet']);
    expect((await jit.load(at('small.tracelet'))).inputs[0].name).toBe('input_ids');
  });

  test('has its head already', async () => {
    const { status, stderr } = await call(['trace', program(BERT, 'head.pt'), '-o', 'head.tracelet', '--head', 'mlm']);
    expect(status).not.toBe(0);
    expect(stderr).toContain('--head: expected a transformers directory, got head.pt, which has its head');
  });

  test('whose file is refused is said so', async () => {
    const { status, stderr } = await call(['trace', program('hf5.23-torch2.15-own-branch.pt', 'branch.pt'), '-o', 'branch.tracelet']);
    expect(status).not.toBe(0);
    expect(stderr).toMatch(/code\/__torch__\.py, line 9/);
    expect(existsSync(at('branch.tracelet'))).toBe(false);
  });
});

test('a help that is asked for names such files', async () =>
  expect((await answer(['trace', '--help'])).replaceAll(/\s+/g, ' ')).toContain('.pt2 file of torch.jit.save'));
