import { TraceletError } from '../base/error.ts';
import { proved } from '../base/options.ts';
import { kind } from '../base/schema.ts';
import type { Tensor } from '../tensor/tensor.ts';
import { type AnyModule, Module } from './module.ts';

const MODULES = kind<unknown>('an array of modules', Array.isArray);
const MODULE = kind<unknown>('a module', (value) => value instanceof Module);

/** The modules among `given`, or all of it. Throws a `value` error that names the first which is none. */
function modulesIn<M extends AnyModule>(what: string, given: readonly M[]): readonly M[] {
  proved(what, given, MODULES);
  return Array.from(given, (item, i) => proved(`${what}[${i}]`, item, MODULE) as M);
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
