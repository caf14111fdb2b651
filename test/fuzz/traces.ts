import { createHash } from 'node:crypto';
import { seal, takeApart } from '../support/malformed_trace.ts';
import { mutateBytes } from './bytes.ts';
import { mutateSafetensors } from './checkpoints.ts';
import { bytesOfText, type Files, type Kind, type Mutant, textOfBytes, timesOf } from './kind.ts';
import { PROGRAMS } from './programs.ts';
import type { Random } from './random.ts';
import { traceSeeds } from './traceseeds.ts';
import { useTrace } from './traceuse.ts';
import { mutateJson } from './tree.ts';

const FILE = 'model.tracelet';
type Changed = Pick<Mutant, 'steps' | 'inert'> & { bytes: Uint8Array };

/** A file made of changed parts, all hashes right. */
function programChanged(before: Uint8Array, random: Random): Changed {
  const parts = takeApart(before);
  const steps = Array.from({ length: timesOf(random) }, () => random.pick(Object.keys(PROGRAMS)));
  for (const step of steps) PROGRAMS[step].change(parts, random);
  return { bytes: seal(parts), steps, inert: steps.every((step) => PROGRAMS[step].inert) };
}

/** A file whose program is other JSON, all hashes right. */
function jsonChanged(before: Uint8Array, random: Random): Changed {
  const parts = takeApart(before);
  const json = JSON.stringify(parts.program);
  const mutated = random.chance(0.8) ? mutateJson(json, random, timesOf(random)) : undefined;
  if (mutated) return { bytes: seal(parts, mutated.text), steps: mutated.steps.map((step) => `json ${step}`), inert: false };
  const { bytes, step } = mutateBytes(bytesOfText(json), random);
  return { bytes: seal(parts, textOfBytes(bytes)), steps: [`json ${step}`], inert: false };
}

/** A file whose other metadata is other JSON, its digest right. */
function metadataChanged(before: Uint8Array, random: Random): Changed {
  const key = random.pick(['aliases', 'sha256']);
  const { header, data } = halves(before);
  const { __metadata__: metadata, ...tensors } = JSON.parse(header);
  const mutated = mutateJson(metadata[key], random, timesOf(random)) ?? { text: '', steps: [] };
  const json = JSON.stringify({ ...tensors, __metadata__: { ...metadata, [key]: mutated.text } });
  return { bytes: digested(json, data), steps: mutated.steps.map((step) => `${key} ${step}`), inert: false };
}

/** A file with bytes or the header changed as a safetensors file's, its digest made right again where it can be. */
function fileChanged(before: Uint8Array, random: Random): Changed {
  const mutated = mutateSafetensors(before, random);
  const { header, data } = halves(mutated.bytes);
  return { bytes: digested(header, data), steps: mutated.steps.map((step) => `sealed ${step}`), inert: false };
}

function bytesChanged(before: Uint8Array, random: Random): Changed {
  const { bytes, steps } = mutateSafetensors(before, random);
  return { bytes, steps, inert: false };
}

function halves(bytes: Uint8Array): { header: string; data: Uint8Array } {
  const length = bytes.length < 8 ? 0 : Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const end = Math.min(bytes.length, 8 + length);
  return { header: textOfBytes(bytes.subarray(8, end)), data: bytes.subarray(end) };
}

function digested(header: string, data: Uint8Array): Uint8Array {
  const plain = header.replace(/"digest":"[^"]*"/, `"digest":"${'0'.repeat(64)}"`);
  const digest = createHash('sha256').update(plain).digest('hex');
  const json = bytesOfText(plain.replace(`"digest":"${'0'.repeat(64)}"`, `"digest":"${digest}"`));
  const length = new Uint8Array(8);
  new DataView(length.buffer).setBigUint64(0, BigInt(json.length), true);
  return new Uint8Array(Buffer.concat([length, json, data]));
}

const WAYS = [
  ...Array(11).fill(programChanged),
  ...Array(4).fill(jsonChanged),
  metadataChanged,
  ...Array(2).fill(fileChanged),
  ...Array(2).fill(bytesChanged),
];

/** Traces: their bytes, the program in them, and what runs. */
export const traces: Kind = {
  async seeds() {
    return Object.fromEntries(Object.entries(await traceSeeds()).map(([name, bytes]) => [name, { [FILE]: bytes }]));
  },
  mutate(files: Files, random: Random) {
    const { bytes, steps, inert } = random.pick<(before: Uint8Array, random: Random) => Changed>(WAYS)(files[FILE], random);
    return { files: { [FILE]: bytes }, steps, inert };
  },
  use: ({ files, ...use }) => useTrace(files[FILE], use),
};
