import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { answer, at, call, failure, json, withTraces } from '../support/cli.ts';

withTraces();

describe('quantize', () => {
  test.each([
    ['sentence.tracelet', '8'],
    ['sentence', '4'],
  ])('%s to %s bits, calibrated with a file of texts, with a report a layer', async (source, bits) => {
    writeFileSync(at('texts.txt'), 'who was jim henson ?\n\nparis is the capital of france .\r\n');
    const file = `quantised${bits}.tracelet`;
    const out = await answer(['quantize', source, '-o', file, '--bits', bits, '--calibrate', 'texts.txt', '--seq', '12']);
    expect(out).toMatch(/weight +op +shape +bits +error/);
    expect(out).toMatch(/output\.dense\.weight +linear +48 x \d+ +\d +\d+\.\d\d %/);
    expect(out).toMatch(/cosine over 2 texts +mean +worst\nsentence_embedding +0\.9\d+/);
    expect(out).toContain(`wrote ${file}`);
    const piped = ['quantize', source, '-o', 'piped.tracelet', '--bits', bits, '--calibrate', '-', '--seq', '12'];
    expect(await answer(piped, { input: readFileSync(at('texts.txt'), 'utf8') })).toContain('cosine over 2 texts');
    expect(readFileSync(at('piped.tracelet'))).toEqual(readFileSync(at(file)));
    expect((await call(['verify', file])).status).toBe(0);
    expect((await json(['inspect', file, '--files', '--json'])).files.map(({ name }: { name: string }) => name)).toContain(
      'quantization.json',
    );
  });

  test('without calibration it says so; --json prints the report; --keep leaves weights as they are', async () => {
    const { status, stdout, stderr } = await call(['quantize', 'bare.tracelet', '-o', 'plain.tracelet', '--json', '--keep', 'pooler']);
    expect(status).toBe(0);
    expect(stderr).toBe('');
    const { samples, layers } = JSON.parse(stdout);
    expect(samples).toBe(0);
    for (const { name, bits } of layers) expect(bits, name).toBe(name.includes('pooler') ? 32 : 8);
    expect(new Set(layers.map(({ bits }: { bits: number }) => bits))).toEqual(new Set([8, 32]));
    expect((await call(['quantize', 'bare.tracelet', '-o', 'plain.tracelet'])).stderr).toContain('not calibrated');
  });

  test('what cannot be done leaves no file', async () => {
    await answer(['trace', 'bare', '-o', 'once.tracelet', '--dtype', 'q8']);
    writeFileSync(at('empty.txt'), ' \n\n');
    writeFileSync(at('latin.txt'), Uint8Array.of(0x66, 0xfc, 0x72, 0x0a));
    for (const [args, message] of [
      [['once.tracelet'], 'expected a trace with float32 weights, got one that is quantised'],
      [['bare.tracelet', '--calibrate', 'empty.txt'], 'empty.txt: expected at least one text to calibrate with'],
      [['bare.tracelet', '--calibrate', 'latin.txt'], 'latin.txt: expected UTF-8'],
      [['bare.tracelet', '--calibrate', 'nowhere.txt'], 'nowhere.txt: expected a readable file, got ENOENT'],
      [['nowhere.tracelet'], 'nowhere.tracelet: expected a file, got none'],
    ] as const)
      expect(await failure(3, ['quantize', ...args, '-o', 'never.tracelet'])).toContain(message);
    expect(readdirSync(at('.')).filter((name) => name.startsWith('never'))).toEqual([]);
  });

  test('bench and profile take an integer form', async () => {
    const out = await answer(['profile', 'once.tracelet', '--seconds', '0.05', '--kernels', 'baseline', '--integers', 'dot16']);
    expect(out).toContain('baseline kernels, integers as dot16');
    expect(out).toMatch(/peak +[\d.]+ GFLOP\/s on registers alone, [\d.]+ GOP\/s for integer products/);
    expect(await failure(3, ['bench', 'once.tracelet', '--kernels', 'baseline', '--integers', 'pairs', '--seconds', '0.05'])).toContain(
      'integer form pairs on baseline kernels: expected one of dot16',
    );
  });
});
