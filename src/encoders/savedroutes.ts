import { TraceletError } from '../base/error.ts';
import { TextDecoder } from '../base/globals.ts';
import { describe, type JsonObject, parseObject } from '../base/json.ts';
import { OBJECT } from '../base/options.ts';
import { NAMES, TEXT } from '../base/schema.ts';
import type { ExtraFiles } from '../formats/beside.ts';
import { load, serialize } from '../jit/files.ts';
import type { LoadOptions } from '../jit/load.ts';
import { readFields } from '../sentence/modules.ts';
import { routingBy, TEXTS } from '../sentence/router.ts';
import type { TracedModule } from '../traced/traced.ts';
import { Routes } from './routes.ts';

/** What says of a trace that those of other routes travel in it: all names of routes, its own, where the others lie, and how texts find theirs. */
const FILE = 'routes.json';
const FIELDS = { names: NAMES, own: TEXT, others: TEXTS, parameters: OBJECT };
interface Said {
  names: readonly string[];
  own: string;
  others: Readonly<Record<string, string>>;
  parameters: JsonObject;
}

/** The files by which the trace of texts of no task holds those of all other routes. */
export async function routeFiles({ traces, usual, routing }: Routes, signal?: AbortSignal): Promise<ExtraFiles> {
  const files: Record<string, Uint8Array> = {};
  const said = { names: routing.names, own: '', others: {} as Record<string, string>, parameters: routing.parameters };
  for (const [name, traced] of traces) {
    if (traced === usual) said.own = name;
    else {
      said.others[name] = `routes/${Object.keys(files).length}.tracelet`;
      files[said.others[name]] = new Uint8Array(await new Blob([...(await serialize(traced, { signal }))] as BlobPart[]).arrayBuffer());
    }
  }
  return { ...files, [FILE]: JSON.stringify(said) };
}

/** The traces of all routes that a trace holds, and the names of their files; undefined for others. Throws the errors of `jit.load`, `config` and `format` errors. */
export async function routesHeld(traced: TracedModule, options: LoadOptions): Promise<{ routes: Routes; held: string[] } | undefined> {
  const text = traced.files.get(FILE);
  if (text === undefined) return undefined;
  const { names = [], own = '', others = {}, parameters = {} } = readFields(parseObject(new TextDecoder().decode(text), FILE), FIELDS, FILE) as Partial<Said>; // biome-ignore format: a row
  const routing = routingBy(names, parameters, FILE);
  const traces = new Map([[own, traced]]);
  try {
    for (const [name, file] of Object.entries(others)) {
      const bytes = traced.files.get(file);
      if (!bytes)
        throw new TraceletError('format', { what: `${describe(name)} of ${FILE}`, expected: 'an extra file', got: describe(file) });
      traces.set(name, await load(bytes, options));
    }
  } catch (error) {
    for (const each of traces.values()) if (each !== traced) each.dispose();
    throw error;
  }
  return { routes: new Routes(traces, routing), held: [FILE, ...Object.values(others)] };
}
