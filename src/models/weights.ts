import { TraceletError } from '../base/error.ts';
import { quoteList } from '../base/json.ts';
import { nearest } from '../base/nearest.ts';
import { type OnWarn, warn } from '../base/warn.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import { Parameter, type Stored } from '../tensor/parameter.ts';
import { sameShape, type Tensor } from '../tensor/tensor.ts';
import type { Family } from './family.ts';
import { canonical, decoderBias, type Holding, holder, namesOf, outlineOf } from './holding.ts';
import type { PreTrainedModel } from './pretrained.ts';
import { untie } from './vocabulary.ts';

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
 * Gives the parameters of `model` the tensors of the same names, or of those that stand for the same in its family: under
 * another name, within one tensor with others, or in parts. Throws `checkpoint` errors that name a
 * missing tensor (unless `strict` is false), and one of the wrong shape or dtype.
 *
 * A tensor that the model does not have, and that is not one that it has under another of its spellings, is judged by where it lies:
 * - in a part of the family that this architecture does without, such as a head: it is passed over, as no output depends on it;
 * - in a module that the model has: an error, for that module then computes something else, with relative positions, adapters, factors of
 *   quantised weights, or more layers than the config says;
 * - beside all modules of the model: a warning, unless `strict` is false.
 */
export function assignWeights(model: PreTrainedModel, checkpoint: Checkpoint, { strict, onwarn, storedAs }: AssignOptions): void {
  const parameters = model.state_dict();
  const followers = new Map(model.tied());
  const leaders = new Map(model.tied().map(([follower, leader]) => [leader, follower]));
  const held = new Map<string, Holding>();
  const missing: string[] = [];
  const find = holder(model, checkpoint);
  for (const [name, parameter] of parameters) {
    const holding = find(name, parameter) ?? (leaders.has(name) ? find(leaders.get(name) as string, parameter) : undefined);
    if (holding) held.set(name, holding);
    if (!holding && !followers.has(name) && !model.family.absent?.test(name)) missing.push(name);
    missing.push(...(holding?.missing ?? []));
    if (holding?.missing.length === 0 && !isFollower(followers, parameters, name)) holding.give();
  }
  const used = new Set([...held.values()].flatMap(({ stored }) => stored));
  const extra = namesOf(checkpoint).filter((name) => !used.has(name));
  if (strict && missing.length > 0) throw missingTensors(model, checkpoint, missing, extra);
  const beside = judge(model, checkpoint, held, extra);
  if (strict && beside.length > 0)
    warn(
      `${checkpoint.name}: passed over ${quoteList(beside)}, which ${model.constructor.name} does not have. { strict: false } takes this as meant`,
      onwarn,
    );
  for (const [follower, leader] of followers) {
    const [from, to] = [parameters.get(leader), parameters.get(follower)];
    if (from && to && from !== to && !held.has(follower)) to.adopt(from.elements.slice(), from.storedAs);
    if (from && from === to && isApart(checkpoint, held.get(follower), held.get(leader))) find(follower, untie(model, follower))?.give();
  }
  if (storedAs) for (const parameter of new Set(model.state_dict().values())) parameter.store(storedAs);
}

/** Whether the parameter `name` is one and the same as the one it follows, which is set instead. */
const isFollower = (followers: Map<string, string>, parameters: Map<string, Parameter>, name: string): boolean =>
  followers.has(name) && parameters.get(name) === parameters.get(followers.get(name) as string);

/** A checkpoint lacks tensors of a model; `without` says how to make it without them, where that is possible. */
export class MissingTensorsError extends TraceletError {
  without?: Family['optional'];
}

function missingTensors(model: PreTrainedModel, { name }: Checkpoint, missing: readonly string[], extra: readonly string[]): TraceletError {
  const rest = missing.length > 4 ? ` and ${missing.length - 4} more` : '';
  const { optional } = model.family;
  const without = optional && missing.every((tensor) => isWithin(tensor, optional.part)) ? optional : undefined;
  const error = new MissingTensorsError('checkpoint', {
    what: `${model.constructor.name} from ${name}`,
    expected: `the tensors ${missing.slice(0, 4).join(', ')}${rest}`,
    got: `a checkpoint without them${nearestTo(missing[0], extra, ', but with')}`,
    cure: without
      ? `Pass { ${without.option}: false } for a model without ${without.output}`
      : 'Load the architecture that was saved, or pass { strict: false } to start them from the seed',
  });
  error.without = without;
  return error;
}

const isWithin = (name: string, path: string): boolean => name === path || name.startsWith(`${path}.`);

const MOST_COMPARED = 1000;

/** The name that is most like another, among those that are left over. */
function nearestTo(name: string, others: readonly string[], before: string): string {
  const found = nearest(name, others.slice(0, MOST_COMPARED));
  return found === undefined ? '' : `${before} ${found}`;
}

/** Throws a `checkpoint` error for the first of `extra` that lies in a module of the model; answers with those that lie beside all of them. */
function judge(model: PreTrainedModel, checkpoint: Checkpoint, held: ReadonlyMap<string, Holding>, extra: readonly string[]): string[] {
  const { family } = model;
  const plain = canonical(family);
  const own = [...model.state_dict().keys()];
  const inner = new Map(own.map((name) => [plain(name), name]));
  const tops = new Set([...inner.keys()].map((name) => name.split('.', 1)[0]));
  const absent = family.parts.filter((path) => ![...inner.keys()].some((parameter) => isWithin(parameter, path)));
  const isPassedOver = (name: string): boolean => {
    const known = plain(name);
    if (NO_WEIGHT.test(known) || family.buffers?.test(known)) return true;
    if (known === family.vocabulary.bias && inner.has(known) && decoderBias(model, checkpoint)) return true;
    if (absent.some((path) => isWithin(known, path))) return true;
    return [known, ...(family.stead?.[known] ?? [])].some((each) => isSecond(checkpoint, name, held.get(inner.get(each) ?? '')));
  };
  return extra.filter((name) => {
    if (isPassedOver(name)) return false;
    if (!tops.has(plain(name).split('.', 1)[0])) return true;
    throw extraTensor(
      model,
      checkpoint,
      name,
      own.filter((each) => !held.has(each)),
    );
  });
}

/** Whether `name` is one more spelling of what `holding` is read from, with the same values. */
function isSecond({ tensors }: Checkpoint, name: string, holding: Holding | undefined): boolean {
  const [one, other] = [name, holding?.stored[0] ?? ''].map((each) => tensors.get(each));
  if (holding?.stored.length !== 1 || !one || !other || !sameShape(one.shape, other.shape)) return false;
  return sameValues(one, other);
}

const sameValues = ({ elements: left }: Tensor, { elements: right }: Tensor): boolean =>
  left === right || (left.length === right.length && left.every((value, i) => Object.is(value, right[i])));

/** Whether what is held in two tensors is not the same. */
function isApart({ tensors }: Checkpoint, one: Holding | undefined, other: Holding | undefined): boolean {
  const [left, right] = [one, other].map((holding) => tensors.get(holding?.stored[0] ?? ''));
  if (!left || !right || left === right || left instanceof Parameter || right instanceof Parameter) return false;
  return !sameValues(left, right);
}

function extraTensor(model: PreTrainedModel, checkpoint: Checkpoint, name: string, unheld: readonly string[]): TraceletError {
  const shape = outlineOf(checkpoint, name)?.shape;
  return new TraceletError('checkpoint', {
    what: `${name} in ${checkpoint.name}`,
    expected: `a tensor that ${model.constructor.name} has${nearestTo(name, unheld, ', such as')}`,
    got: `an extra one of shape [${shape}] in a module that it has, which then computes something else`,
    cure: 'Is the checkpoint of another family, are adapters to be merged into it, or is the config of another size?',
  });
}
