import { TraceletError } from '../base/error.ts';
import { describe, isObject, type JsonObject, parseJson, parseObject } from '../base/json.ts';
import { FLAG, type Kind, kind, orNull, TEXT } from '../base/schema.ts';
import { MODULES } from './config.ts';
import { lastName, readFields } from './modules.ts';
import { overlaid, type ReadText } from './view.ts';

/** How texts find their route. */
export interface Routing {
  /** Every route, whether for texts or not. */
  names: readonly string[];
  parameters: RouteParameters;
  /** The route of texts of a task, or of none; undefined where there is none for them. */
  routeOf(task?: string): string | undefined;
}

/** The ways that texts of different tasks take through a folder. */
export interface Router extends Routing {
  /** The folder as it is for texts of each route, by the name of the route. */
  routes: ReadonlyMap<string, ReadText>;
}

const NAMES = ['Router', 'Asym'];
const CONFIGS = ['router_config.json', 'config.json'];
/** What inputs of other kinds than text are called, alone or in a tuple. */
const MODALITIES = ['image', 'audio', 'video', 'message'];

/** Texts by name. */
export const TEXTS: Kind<Record<string, string>> = kind(
  'an object of strings',
  (value) => isObject(value) && Object.values(value).every(isText),
);
const structure: Kind<Record<string, string[]>> = kind(
  'an object of one list of modules or several',
  (value) =>
    isObject(value) &&
    Object.keys(value).length > 0 &&
    Object.values(value).every((ids) => Array.isArray(ids) && ids.length > 0 && ids.every(isText)),
);
const FIELDS = { types: TEXTS, structure, parameters: kind<object>('an object', isObject) };
const PARAMETERS = { default_route: orNull(TEXT), allow_empty_key: FLAG, route_mappings: orNull(TEXTS) };

const isText = (value: unknown): value is string => typeof value === 'string';

const bad = (what: string, expected: string, got: string): TraceletError => new TraceletError('config', { what, expected, got });

/** The Router among the modules of a folder, or the Asym of older ones; undefined without one. Throws `config` and `format` errors. */
export async function routerIn(read: ReadText): Promise<Router | undefined> {
  const text = await read(MODULES);
  const entries = text === undefined ? undefined : parseJson(text, MODULES);
  if (!Array.isArray(entries)) return undefined;
  const at = entries.findIndex((entry) => isObject(entry) && NAMES.includes(lastName(String(entry.type))));
  if (at < 0) return undefined;
  const { path } = entries[at] as JsonObject;
  const place = isText(path) && path !== '' ? `${path}/` : '';
  const { types, routes, parameters, name: config } = await configIn(read, place);
  const views = [...routes].map(([name, ids]) => {
    const parts = ids.map((id) => ({ type: types[id], path: `${place}${id}` }));
    const chain = [...entries.slice(0, at), ...parts, ...entries.slice(at + 1)];
    const numbered = chain.map((entry, idx) => (isObject(entry) ? { ...entry, idx, name: String(idx) } : entry));
    return [name, overlaid(read, { [MODULES]: numbered })] as const;
  });
  return { routes: new Map(views), ...routingBy([...routes.keys()], parameters, config) };
}

/** What a Router says of the ways to its routes. */
export interface RouteParameters {
  default_route?: string | null;
  allow_empty_key?: boolean;
  route_mappings?: Readonly<Record<string, string>> | null;
}

/** How texts find routes of these names, by what the Router `what` says. Throws `config` errors. */
export function routingBy(names: readonly string[], given: JsonObject, what: string): Routing {
  const parameters = readFields(given, PARAMETERS, `parameters of ${what}`) as RouteParameters;
  for (const route of [parameters.default_route, ...Object.values(parameters.route_mappings ?? {})])
    if (isText(route) && !names.includes(route)) throw bad(`routes of ${what}`, names.join(', '), describe(route));
  return { names, parameters, routeOf: choosing(names, parameters) };
}

async function configIn(read: ReadText, place: string) {
  for (const name of CONFIGS.map((each) => `${place}${each}`)) {
    const text = await read(name);
    if (text === undefined) continue;
    const {
      types = {},
      structure: routes = {},
      parameters = {},
    } = readFields(parseObject(text, name), FIELDS, name) as {
      types?: Record<string, string>;
      structure?: Record<string, string[]>;
      parameters?: JsonObject;
    };
    for (const id of Object.values(routes).flat())
      if (!Object.hasOwn(types, id)) throw bad(`structure of ${name}`, `modules among ${Object.keys(types).join(', ')}`, describe(id));
    return { types, routes: new Map(Object.entries(routes)), parameters, name };
  }
  throw new TraceletError('config', { what: `the Router of ${MODULES}`, expected: `${place}${CONFIGS[0]}`, got: 'none' });
}

/** How texts find their route, as `sentence_transformers` goes about it: by what is mapped, by name, or by default. */
function choosing(
  names: readonly string[],
  { default_route, allow_empty_key = true, route_mappings }: RouteParameters,
): Routing['routeOf'] {
  const mapped = new Map(Object.entries(route_mappings ?? {}).flatMap(([key, route]) => keyOf(key).map((each) => [each, route] as const)));
  const usual = default_route ?? (allow_empty_key ? names[0] : undefined);
  return (task) => {
    const keys = [keyFor(task, 'text'), keyFor(task), keyFor(undefined, 'text'), keyFor()];
    const found = keys.map((key) => mapped.get(key)).find((route) => route !== undefined);
    const named = [task, 'text'].find((name) => name !== undefined && names.includes(name));
    return found ?? named ?? (task === undefined ? usual : undefined);
  };
}

const keyFor = (task?: string, modality?: string): string => JSON.stringify([task ?? null, modality ?? null]);

/** A key of `route_mappings`, a tuple as Python writes it, as {@link keyFor} does; none where it is of other inputs than text. */
function keyOf(tuple: string): string[] {
  const [, task, modality, others] = /^\((None|'[^']*'), (?:(None|'[^']*')|(\(.*\)))\)$/.exec(tuple) ?? [];
  if (task === undefined) throw bad('route_mappings of the Router', "a tuple such as ('query', 'text')", describe(tuple));
  if (others !== undefined) return [];
  const [a, b] = [task, modality].map((part) => (part === 'None' ? undefined : part.slice(1, -1)));
  return b !== undefined && b !== 'text' ? [] : [keyFor(a, b)];
}

/** Routes that texts may take: those of queries, of documents and of neither, and those that a task is the name of. */
export function routesOfTexts({ routes, routeOf }: Router): string[] {
  const tasks = [undefined, 'query', 'document', ...[...routes.keys()].filter((name) => !MODALITIES.includes(name))];
  return [...new Set(tasks.flatMap((task) => routeOf(task) ?? []))];
}
