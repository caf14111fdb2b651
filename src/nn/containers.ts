import { TraceletError } from '../error.ts';
import { describe } from '../json.ts';
import type { Tensor } from '../tensor.ts';
import { type AnyModule, Module } from './module.ts';

/** The modules among `given`, or all of it. Throws a `value` error that names the first which is none. */
function modulesIn<M extends AnyModule>(what: string, given: readonly M[]): readonly M[] {
  if (!Array.isArray(given)) throw new TraceletError('value', { what, expected: 'an array of modules', got: describe(given) });
  return Array.from(given, (item, i) => {
    if (!((item as unknown) instanceof Module))
      throw new TraceletError('value', { what: `${what}[${i}]`, expected: 'a module', got: describe(item) });
    return item;
  });
}

/** Parts named by number. */
abstract class Items<M extends AnyModule, Args extends unknown[], Result> extends Module<Args, Result> {
  readonly items: readonly M[];

  constructor(what: string, items: readonly M[]) {
    super();
    this.items = modulesIn(what, items);
  }

  override children(): [string, AnyModule][] {
    return this.items.map((item, i) => [String(i), item]);
  }

  *[Symbol.iterator](): Iterator<M> {
    yield* this.items;
  }
}

/** Parts named by number, as `torch.nn.ModuleList`. */
export class ModuleList<M extends AnyModule> extends Items<M, [], never> {
  constructor(items: readonly M[] = []) {
    super('nn.ModuleList', items);
  }

  forward(): never {
    throw new TraceletError('value', {
      what: 'a ModuleList has no forward: call its items',
      expected: 'a call of an item',
      got: 'one of the list',
      cure: 'nn.Sequential calls one after the other',
    });
  }
}

/** Modules that each take what the one before answers, named by number, as `torch.nn.Sequential`. */
// biome-ignore lint/suspicious/noExplicitAny: what the first takes and the last answers is not in the type
export class Sequential extends Items<AnyModule, any[], any> {
  constructor(...items: readonly AnyModule[] | readonly [readonly AnyModule[]]) {
    super('nn.Sequential', (Array.isArray(items[0]) ? items[0] : items) as readonly AnyModule[]);
  }

  forward(...inputs: Tensor[]): unknown {
    const [first, ...rest] = this.items;
    return first ? rest.reduce((x, item) => item(x), first(...inputs)) : inputs[0];
  }
}
