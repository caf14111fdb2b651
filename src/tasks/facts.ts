import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe, isObject, type JsonObject, parseObject } from '../base/json.ts';
import { OBJECT, proved } from '../base/options.ts';
import { ANY_LABELS, type Kind, oneOf, orNull, TEXT } from '../base/schema.ts';

const PROBLEMS = ['regression', 'single_label_classification', 'multi_label_classification'] as const;

/** What a task needs to know of its model beside the trace. */
export interface Facts {
  /** By id. */
  labels: Readonly<Record<number, string>>;
  problem_type: (typeof PROBLEMS)[number] | null;
}

/** The name of label `id`, as transformers names those that have none. */
export const labelOf = ({ labels }: Facts, id: number): string => labels[id] ?? `LABEL_${id}`;

const FILE = 'pipeline.json';
const CONFIG = 'config.json';

const textIn = (files: ReadonlyMap<string, Uint8Array>, name: string): string | undefined => {
  const bytes = files.get(name);
  return bytes && new TextDecoder().decode(bytes);
};

/** What a pipeline writes into its trace. */
export interface Saved extends Facts {
  task: string;
  /** Options of calls, unless a call says otherwise. */
  options: JsonObject;
}

const SAVED: { readonly [Name in keyof Saved]: Kind<unknown> } = {
  task: TEXT,
  labels: ANY_LABELS,
  problem_type: orNull(oneOf(PROBLEMS)),
  options: OBJECT,
};

/** The file that says of a trace which pipeline it is. */
export const savedFiles = (saved: Saved): Record<string, string> => ({ [FILE]: JSON.stringify(saved) });

/** What the pipeline was that wrote a trace; undefined where none did. Throws `format` errors. */
export function savedIn(files: ReadonlyMap<string, Uint8Array>): Saved | undefined {
  const text = textIn(files, FILE);
  if (text === undefined) return undefined;
  const contents = parseObject(text, FILE);
  const read = Object.entries(SAVED).map(([name, { expected, read }]) => {
    const value = read(contents[name]);
    if (value !== undefined) return [name, value] as const;
    throw new TraceletError('format', { what: `${name} of ${FILE}`, expected, got: describe(contents[name]) });
  });
  return Object.fromEntries(read) as unknown as Saved;
}

/** What the config.json that travels in a trace says, if one does. */
export function factsIn(files: ReadonlyMap<string, Uint8Array>): Facts {
  const text = textIn(files, CONFIG);
  const { id2label, problem_type = null } = text === undefined ? ({} as JsonObject) : parseObject(text, CONFIG);
  return {
    labels: isObject(id2label) ? proved(`id2label of ${CONFIG}`, id2label, ANY_LABELS) : {},
    problem_type: PROBLEMS.find((known) => known === problem_type) ?? null,
  };
}
