import type { Checkpoint } from '../checkpoint.ts';
import { TraceletError } from '../error.ts';
import type { Parameter } from '../parameter.ts';
import { sameShape, type Tensor } from '../tensor.ts';
import type { PreTrainedModel } from './pretrained.ts';

const PREFIX = 'bert.';
/** Names that stand in checkpoints of the family, but not in every architecture of it. */
const ELSEWHERE =
  /^(trace\.|folded\.|constants\.|(bert\.)?(cls|classifier|qa_outputs|pooler)\.|(bert\.)?embeddings\.(position_ids|token_type_ids)$)/;

/**
 * Gives the parameters of `model` the tensors of the same names, with or without the `bert.` prefix. Throws `checkpoint`
 * errors that name a missing tensor (unless `strict` is false), one that no BERT has, or one of the wrong shape.
 */
export function assignWeights(model: PreTrainedModel, checkpoint: Checkpoint, { strict }: { strict: boolean }): void {
  const parameters = model.state_dict();
  const followers = new Map(model.tied());
  const used = new Set<string>();
  const missing: string[] = [];
  for (const [name, parameter] of parameters) {
    const found = find(checkpoint.tensors, name);
    if (found) {
      used.add(found);
      if (!isFollower(followers, parameters, name)) parameter.adopt(valuesOf(checkpoint, found, parameter));
    } else if (!followers.has(name)) missing.push(name);
  }
  if (strict && missing.length > 0) throw missingTensors(model, checkpoint, missing);
  refuseUnknown(model, checkpoint, used);
  for (const [follower, leader] of followers) {
    const [from, to] = [parameters.get(leader), parameters.get(follower)];
    if (from && to && from !== to && !find(checkpoint.tensors, follower)) to.adopt(from.elements.slice());
  }
}

/** Whether the parameter `name` is one and the same as the one it follows, which is set instead. */
const isFollower = (followers: Map<string, string>, parameters: Map<string, Parameter>, name: string): boolean =>
  followers.has(name) && parameters.get(name) === parameters.get(followers.get(name) as string);

/** The spelling under which the checkpoint holds `name`, if it does. */
function find(tensors: ReadonlyMap<string, Tensor>, name: string): string | undefined {
  const other = name.startsWith(PREFIX) ? name.slice(PREFIX.length) : PREFIX + name;
  return [name, other].find((spelling) => tensors.has(spelling));
}

function valuesOf({ name: file, tensors }: Checkpoint, name: string, parameter: Parameter): Float32Array {
  const { dtype, shape, data } = tensors.get(name) as Tensor;
  if (!sameShape(shape, parameter.shape))
    throw new TraceletError('checkpoint', {
      what: `${name} in ${file}`,
      expected: `shape [${parameter.shape}]`,
      got: `[${shape}]`,
      cure: 'Does the config belong to this checkpoint?',
    });
  if (dtype !== 'float32')
    throw new TraceletError('checkpoint', { what: `${name} in ${file}`, expected: 'floating-point numbers', got: dtype });
  return data as Float32Array;
}

function missingTensors(model: PreTrainedModel, { name }: Checkpoint, missing: readonly string[]): TraceletError {
  const rest = missing.length > 4 ? ` and ${missing.length - 4} more` : '';
  return new TraceletError('checkpoint', {
    what: `${model.constructor.name} from ${name}`,
    expected: `the tensors ${missing.slice(0, 4).join(', ')}${rest}`,
    got: 'a checkpoint without them',
    cure: 'Load the architecture that was saved, or pass { strict: false } to start them from the seed',
  });
}

function refuseUnknown(model: PreTrainedModel, { name: file, tensors }: Checkpoint, used: ReadonlySet<string>): void {
  const unknown = [...tensors.keys()].find((name) => !used.has(name) && !ELSEWHERE.test(name));
  if (unknown !== undefined)
    throw new TraceletError('checkpoint', {
      what: `${unknown} in ${file}`,
      expected: `a tensor that ${model.constructor.name} has`,
      got: `an extra one of shape [${(tensors.get(unknown) as Tensor).shape}]`,
      cure: 'Is the checkpoint of another family, or the config of another size?',
    });
}
