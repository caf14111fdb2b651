import type { Random } from './random.ts';

/** Files of a model by name. */
export type Files = Record<string, Uint8Array>;

/** What became of a seed: its files, and what was done to them. */
export interface Mutant {
  seed: string;
  files: Files;
  /** Names of the mutators, in order. */
  steps: string[];
  /** Whether nothing of what was changed takes part in an answer. */
  inert: boolean;
}

/** How a mutant is used. */
export interface Use extends Pick<Mutant, 'seed' | 'files' | 'inert'> {
  /** Draws inputs and ways of reading. */
  random: Random;
  /** Told once the mutant is loaded: from then on it is one that was accepted. */
  accept(): void;
}

/** A kind of input to the library. */
export interface Kind {
  /** Sound files by name. */
  seeds(): Promise<Record<string, Files>>;
  /** Changes a seed; `inert` is set where no answer may change. */
  mutate(files: Files, random: Random): Pick<Mutant, 'files' | 'steps' | 'inert'>;
  /** Loads the files and uses what they hold. Throws TraceletErrors where they are refused, and a {@link Finding} where something is wrong. */
  use(use: Use): Promise<void>;
  /** Of a kind that is there to be found. */
  faulty?: boolean;
}

/** Something that must not be. */
export class Finding extends Error {
  override readonly name = 'Finding';
}

/** Throws a {@link Finding} unless `holds`. */
export function must(holds: boolean, what: string | (() => string)): asserts holds {
  if (!holds) throw new Finding(typeof what === 'string' ? what : what());
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const bytesOfText = (text: string): Uint8Array => encoder.encode(text);
export const textOfBytes = (bytes: Uint8Array): string => decoder.decode(bytes);
export const bytesOfJson = (value: unknown): Uint8Array => bytesOfText(JSON.stringify(value));

/** How often a mutant is changed: mostly once. */
export function timesOf(random: Random): number {
  if (random.chance(0.6)) return 1;
  return random.chance(0.7) ? random.between(2, 3) : random.between(4, 8);
}
