import { type Argument, Tuple } from '../../aten/values.ts';
import { isObject, type JsonObject } from '../../base/json.ts';
import { NamedTuple, type Value } from '../values.ts';

const DEEPEST = 100;

/** Values in the tuples, lists and dicts that a spec of PyTorch's pytree describes; undefined where it describes something else. */
export function structured(values: readonly Value[], spec: unknown): Value | undefined {
  const rest = [...values];
  const root = Array.isArray(spec) ? spec[1] : undefined;
  const made = isObject(root) ? build(root as JsonObject, rest, 0) : undefined;
  return rest.length === 0 ? made : undefined;
}

function build(spec: JsonObject, rest: Value[], depth: number): Value | undefined {
  const children = spec.children_spec;
  if (depth > DEEPEST || !Array.isArray(children)) return undefined;
  if (spec.type === null) return rest.shift();
  const items = children.map((child) => (isObject(child) ? build(child as JsonObject, rest, depth + 1) : undefined));
  if (items.some((item) => item === undefined)) return undefined;
  const names = namesIn(spec.context);
  if (names?.length === items.length && names.length > 0) return new NamedTuple(items as Argument[], names);
  return new Tuple(items as Argument[]);
}

/** The keys of a dict or of an output of transformers, which stand in what a spec says beside its type. */
function namesIn(context: unknown): string[] | undefined {
  const value = typeof context === 'string' && context.startsWith('[') ? parsed(context) : context;
  const names = Array.isArray(value) && value.length === 1 && Array.isArray(value[0]) ? value[0] : value;
  return Array.isArray(names) && names.every((name): name is string => typeof name === 'string') ? names : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
