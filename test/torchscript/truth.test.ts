import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { TraceletError } from '../../src/base/error.ts';
import { openCheckpoint } from '../../src/formats/checkpoint.ts';
import { jit, type Tensor, tensor } from '../../src/index.ts';
// @ts-expect-error a script without types
import { listPrograms, PROGRAM } from '../runtimes/programfiles.mjs';
import { fixture } from '../support/fixtures.ts';

/** What Python says of an archive. */
interface Said {
  architecture?: string;
  expect?: 'run' | 'refuse';
  dtype?: string;
  inputs?: string[];
  extra_files?: Record<string, string>;
}

interface Case {
  name: string;
  path: string;
  said: Said;
}

const CASES: readonly Case[] = listPrograms();

/** The tensors of a call that Python made, and what it answered. */
async function callsOf(path: string): Promise<{ inputs: Tensor[]; outputs: Tensor[] }[]> {
  const { tensors } = await openCheckpoint(path.replace(PROGRAM, '.safetensors'));
  const listed = (prefix: string): Tensor[] => {
    const names = [...tensors.keys()].filter((name) => name.startsWith(prefix));
    return names.map((_, i) => tensors.get(`${prefix}${i}`) as Tensor);
  };
  const calls = ['', '1.'].map((call) => ({ inputs: listed(`${call}in.`), outputs: listed(`${call}out.`) }));
  return calls.filter(({ inputs }) => inputs.length > 0);
}

type Answer = Tensor | readonly Answer[];

const flat = (answer: Answer): Tensor[] => ('shape' in answer ? [answer] : Array.from(answer).flatMap(flat));

const TOLERANCE = 2e-5;
/** The outputs are PyTorch's own arithmetic in 16 bits, which float32 is nearer to the truth than. */
const HALVES = 2e-2;

function expectAnswers(got: Answer, want: readonly Tensor[], { dtype }: Said): void {
  const tolerance = dtype === 'float16' || dtype === 'bfloat16' ? HALVES : TOLERANCE;
  const tensors = flat(got);
  expect(tensors.map(({ shape }) => [...shape])).toEqual(want.map(({ shape }) => [...shape]));
  for (const [i, { data }] of tensors.entries()) {
    const expected = Array.from(want[i].data, Number);
    const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const worst = expected.reduce((most, value, at) => Math.max(most, Math.abs(Number(data[at]) - value)), 0);
    expect(worst, `output ${i}`).toBeLessThanOrEqual(tolerance * scale);
  }
}

/** Bounds for the dimensions that differ between calls. */
function bounds(calls: readonly { inputs: Tensor[] }[]) {
  const [{ shape }] = calls[0].inputs;
  const names = shape.length === 1 ? ['rows'] : ['batch', ...shape.slice(1).map(() => 'sequence')];
  const ends = shape
    .map((_, axis) => calls.map(({ inputs: [first] }) => first.shape[axis]))
    .map((sizes) => [Math.min(...sizes), Math.max(...sizes)] as const);
  const open = ends.flatMap(([low, high], axis) => (low < high ? [axis] : []));
  const dynamic = Object.fromEntries(
    open.map((axis) => [names[axis], [axis === 0 ? 1 : ends[axis][0], ends[axis][1]] as [number, number]]),
  );
  const axes = Object.fromEntries(open.map((axis) => [axis, names[axis]]));
  return { dynamic, dynamic_axes: (inputs: readonly string[]) => Object.fromEntries(inputs.map((name) => [name, axes])) };
}

const running = CASES.filter(({ said }) => said.expect !== 'refuse');
const refused = CASES.filter(({ said }) => said.expect === 'refuse');

describe.each(running)('$name', ({ path, said }) => {
  test('answers as in Python, and so does its file', async () => {
    const [call] = await callsOf(path);
    const traced = await jit.load<Answer>(readFileSync(path), { inputs: call.inputs, exact_padding: true });
    expectAnswers(traced(...call.inputs) as Answer, call.outputs, said);
    const bytes = Buffer.concat([...(await jit.serialize(traced))]);
    const again = await jit.load<Answer>(bytes);
    expect(flat(again(...call.inputs) as Answer).map(({ data }) => data)).toEqual(
      flat(traced(...call.inputs) as Answer).map(({ data }) => data),
    );
    for (const [name, text] of Object.entries(said.extra_files ?? {})) expect(new TextDecoder().decode(again.files.get(name))).toBe(text);
  });

  test('answers other sizes as in Python', async () => {
    const calls = await callsOf(path);
    if (calls.length < 2) return;
    const { dynamic, dynamic_axes } = bounds(calls);
    const module = await jit.open_script(readFileSync(path));
    const traced = await jit.trace(module, calls[0].inputs, {
      dynamic,
      dynamic_axes: dynamic_axes(module.input_names),
      exact_padding: true,
    });
    for (const { inputs, outputs } of calls) expectAnswers(traced(...(inputs as never[])) as unknown as Answer, outputs, said);
  });
});

test.each(refused)('$name is refused with op, file and line', async ({ path }) => {
  const [{ inputs }] = await callsOf(path);
  const error = await jit.load(readFileSync(path), { inputs }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TraceletError);
  expect(['op', 'tracing', 'unsupported']).toContain((error as TraceletError).code);
  expect((error as TraceletError).message).toMatch(/code\/\S+\.py, line \d+/);
});

describe('a trace of PyTorch 1.2', () => {
  const path = fixture('programs/t12-bert.pt');
  const named = { input_names: ['input_ids', 'token_type_ids'] };

  test('has the length of its inputs written in, and says so', async () => {
    const [{ inputs }] = await callsOf(path);
    const [ids, types] = inputs.map((tensor) => narrow(tensor, 7));
    const loading = jit.load(readFileSync(path), { ...named, inputs: [ids, types] });
    await expect(loading).rejects.toThrow(/The expanded size of the tensor \(7\) must match the existing size \(12\)/);
  });

  test('takes any length with dynamic, which explain() tells', async () => {
    const [{ inputs, outputs }] = await callsOf(path);
    const traced = await jit.load<Answer>(readFileSync(path), { ...named, inputs, dynamic: { batch: [1, 4], sequence: [2, 20] } });
    expectAnswers(traced(...inputs) as Answer, outputs, {});
    const short = inputs.map((tensor) => narrow(tensor, 7));
    expect(flat(traced(...short) as Answer).map(({ shape }) => [...shape])).toEqual([
      [2, 7, 40],
      [2, 40],
    ]);
    expect(traced.explain()).toContain('ranges of 12 tokens');
    const again = await jit.load(Buffer.concat([...(await jit.serialize(traced))]));
    expect(again.explain()).toContain('ranges of 12 tokens');
  });

  test('opens as a module whose inputs may be renamed', async () => {
    expect((await jit.open_script(path)).input_names).toEqual(['input_ids', 'input']);
    expect((await jit.open_script(path, named)).input_names).toEqual(['input_ids', 'token_type_ids']);
    await expect(jit.open_script(path, { input_names: ['input_ids'] })).rejects.toThrow(
      /a name for each of input_ids, input, got input_ids/,
    );
  });
});

/** The first `length` columns. */
function narrow({ shape: [rows, columns], data }: Tensor, length: number): Tensor {
  const kept = Array.from(data, Number).filter((_, i) => i % columns < length);
  return tensor(Array.from({ length: rows }, (_, row) => kept.slice(row * length, (row + 1) * length)));
}
