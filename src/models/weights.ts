import { TraceletError } from '../base/error.ts';
import { quoteList } from '../base/json.ts';
import { type OnWarn, warn } from '../base/warn.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import { Parameter, type Stored } from '../tensor/parameter.ts';
import { type Shape, sameShape, type Tensor } from '../tensor/tensor.ts';
import type { Family } from './family.ts';
import type { PreTrainedModel } from './pretrained.ts';

/** What traces hold beside weights. */
const NO_WEIGHT = /^(trace|folded|constants)\./;

/** How {@link assignWeights} takes a checkpoint that is not the model's own. */
export interface AssignOptions {
  /** In which dtype all weights are stored, each rounded once where it is narrower; as the checkpoint has them unless given. */
  storedAs?: Stored;
  /** Whether a missing tensor is an error, and one too many a warning. */
  strict: boolean;
  onwarn?: OnWarn;
}

/**
 * Gives the parameters of `model` the tensors of the same names, or of those that stand for the same in its family. Throws `checkpoint` errors that name a
 * missing tensor (unless `strict` is false), and one of the wrong shape or dtype.
 *
 * A tensor that the model does not have is judged by where it lies:
 * - in a part of the family that this architecture does without, such as a head: it is passed over, as no output depends on it;
 * - in a module that the model has: an error, for that module then computes something else, with relative positions, adapters, factors of
 *   quantised weights, or more layers than the config says;
 * - beside all modules of the model: a warning, unless `strict` is false.
 */
export function assignWeights(model: PreTrainedModel, checkpoint: Checkpoint, { strict, onwarn, storedAs }: AssignOptions): void {
  const parameters = model.state_dict();
  const followers = new Map(model.tied());
  const used = new Set<string>();
  const missing: string[] = [];
  const find = finder(checkpoint, model.family);
  for (const [name, parameter] of parameters) {
    const found = find(name);
    if (found) {
      used.add(found);
      if (!isFollower(followers, parameters, name)) assign(parameter, fitting(checkpoint, found, parameter), checkpoint);
    } else if (!followers.has(name)) missing.push(name);
  }
  if (strict && missing.length > 0) throw missingTensors(model, checkpoint, missing);
  const extra = namesOf(checkpoint).filter((name) => !used.has(name));
  const beside = judge(model, checkpoint, [...parameters.keys()], extra);
  if (strict && beside.length > 0)
    warn(
      `${checkpoint.name}: passed over ${quoteList(beside)}, which ${model.constructor.name} does not have. { strict: false } takes this as meant`,
      onwarn,
    );
  for (const [follower, leader] of followers) {
    const [from, to] = [parameters.get(leader), parameters.get(follower)];
    if (from && to && from !== to && !find(follower)) to.adopt(from.elements.slice(), from.storedAs);
  }
  if (storedAs) for (const parameter of new Set(parameters.values())) parameter.store(storedAs);
}

/** Whether the parameter `name` is one and the same as the one it follows, which is set instead. */
const isFollower = (followers: Map<string, string>, parameters: Map<string, Parameter>, name: string): boolean =>
  followers.has(name) && parameters.get(name) === parameters.get(followers.get(name) as string);

const namesOf = ({ tensors, foreign }: Checkpoint): string[] => [...tensors.keys(), ...(foreign?.keys() ?? [])];

/** What is known of a tensor before its values are looked at. */
const outlineOf = ({ tensors, foreign }: Checkpoint, name: string): { dtype: string; shape: Shape } | undefined =>
  tensors.get(name) ?? foreign?.get(name);

/** Finds the spelling under which a checkpoint holds a parameter, if it does: its own, or another of the family. */
function finder(checkpoint: Checkpoint, { rename }: Family): (name: string) => string | undefined {
  const spellings = new Map(namesOf(checkpoint).map((spelling) => [rename(spelling), spelling]));
  return (name) => (outlineOf(checkpoint, name) ? name : spellings.get(rename(name)));
}

/** Weights that are made on first use, as quantised ones are, still are then. */
function assign(parameter: Parameter, tensor: Tensor, { halves }: Checkpoint): void {
  if (tensor instanceof Parameter) parameter.initialise = tensor.initialise;
  else parameter.adopt(tensor.elements as Float32Array, halves?.get(tensor));
}

function fitting(checkpoint: Checkpoint, name: string, parameter: Parameter): Tensor {
  const tensor = checkpoint.tensors.get(name);
  const what = `${name} in ${checkpoint.name}`;
  const outline = outlineOf(checkpoint, name);
  if (!outline || !sameShape(outline.shape, parameter.shape))
    throw new TraceletError('checkpoint', {
      what,
      expected: `shape [${parameter.shape}]`,
      got: `[${outline?.shape}]`,
      cure: 'Does the config belong to this checkpoint?',
    });
  if (tensor?.dtype === 'float32') return tensor;
  throw new TraceletError('checkpoint', {
    what,
    expected: 'floating-point numbers of 16, 32 or 64 bits',
    got: outline.dtype,
    cure: 'Save the model once more in float32, float16 or bfloat16',
  });
}

/** A checkpoint lacks tensors of a model; `without` says how to make it without them, where that is possible. */
export class MissingTensorsError extends TraceletError {
  without?: Family['optional'];
}

function missingTensors(model: PreTrainedModel, { name }: Checkpoint, missing: readonly string[]): TraceletError {
  const rest = missing.length > 4 ? ` and ${missing.length - 4} more` : '';
  const { optional } = model.family;
  const without = optional && missing.every((tensor) => isWithin(tensor, optional.part)) ? optional : undefined;
  const error = new MissingTensorsError('checkpoint', {
    what: `${model.constructor.name} from ${name}`,
    expected: `the tensors ${missing.slice(0, 4).join(', ')}${rest}`,
    got: 'a checkpoint without them',
    cure: without
      ? `Pass { ${without.option}: false } for a model without ${without.output}`
      : 'Load the architecture that was saved, or pass { strict: false } to start them from the seed',
  });
  error.without = without;
  return error;
}

const isWithin = (name: string, path: string): boolean => name === path || name.startsWith(`${path}.`);

/** Throws a `checkpoint` error for the first of `extra` that lies in a module of the model; answers with those that lie beside all of them. */
function judge(model: PreTrainedModel, checkpoint: Checkpoint, own: readonly string[], extra: readonly string[]): string[] {
  const { rename, parts, buffers } = model.family;
  const inner = own.map(rename);
  const tops = new Set(inner.map((name) => name.split('.', 1)[0]));
  const absent = parts.filter((path) => !inner.some((parameter) => isWithin(parameter, path)));
  return extra.filter((name) => {
    const plain = rename(name);
    if (NO_WEIGHT.test(plain) || buffers?.test(plain)) return false;
    if (absent.some((path) => isWithin(plain, path))) return false;
    if (!tops.has(plain.split('.', 1)[0])) return true;
    throw extraTensor(model, checkpoint, name);
  });
}

function extraTensor(model: PreTrainedModel, checkpoint: Checkpoint, name: string): TraceletError {
  return new TraceletError('checkpoint', {
    what: `${name} in ${checkpoint.name}`,
    expected: `a tensor that ${model.constructor.name} has`,
    got: `an extra one of shape [${outlineOf(checkpoint, name)?.shape}] in a module that it has, which then computes something else`,
    cure: 'Is the checkpoint of another family, are adapters to be merged into it, or is the config of another size?',
  });
}
