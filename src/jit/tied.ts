import { TraceletError } from '../base/error.ts';
import type { AnyModule } from '../nn/module.ts';
import type { Parameter } from '../tensor/parameter.ts';

/** The dotted name of each parameter. Throws a `tied` error if one stands under two. */
export function untiedNames(model: AnyModule): Map<Parameter, string> {
  const names = new Map<Parameter, string>();
  for (const [name, parameter] of model.named_parameters()) {
    const first = names.get(parameter);
    if (first !== undefined)
      throw new TraceletError('tied', {
        what: `${first} and ${name}`,
        expected: 'separate parameters',
        got: 'one shared by both (tied weights)',
        cure: untiedByFlag(model, [first, name])
          ? 'A trace cannot hold tied weights: instantiate the model with the torchscript flag, { torchscript: true }, which unties them'
          : 'A trace cannot hold tied weights: give each of the two its own Parameter',
      });
    names.set(parameter, name);
  }
  return names;
}

/** A module whose torchscript flag unties parameters. */
interface Flagged {
  tied?(): readonly (readonly [follower: string, leader: string])[];
}

function untiedByFlag(model: AnyModule, names: readonly string[]): boolean {
  return [...model.named_modules()].some(([path, module]) =>
    (module as Flagged).tied?.().some(([follower]) => names.includes(path ? `${path}.${follower}` : follower)),
  );
}
