import { Callable } from '../base/callable.ts';
import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { proved } from '../base/options.ts';
import { FLAG, TEXT } from '../base/schema.ts';
import type { Parameter } from '../tensor/parameter.ts';
import { DENO_INSPECT, INSPECT } from '../tensor/show.ts';
import { Tensor } from '../tensor/tensor.ts';
import { chosen } from './chosen.ts';

/**
 * A part of a model with parameters and parts of its own, as `torch.nn.Module`. Parameters and parts are the fields that
 * hold a {@link Parameter} or a Module; their names are those of the fields, joined by dots. A module is called like a
 * function, which runs its `forward`. Modules are for inference and start in evaluation mode.
 */
// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: the constructor returns a function
export abstract class Module<Args extends unknown[] = [Tensor], Result = Tensor> extends Callable {
  /** Whether `train()` was called. */
  declare training: boolean;

  constructor() {
    super();
    this.training = false;
  }

  abstract forward(...args: Args): Result;

  /** What calling the module does. */
  call_(...args: Args): Result {
    return this.method_('forward', args) as Result;
  }

  /** What calling one of its methods does. */
  method_(name: string, args: readonly unknown[]): unknown {
    if (this.training)
      throw new TraceletError('training', {
        what: this.constructor.name,
        expected: 'evaluation mode',
        got: 'a call in training mode',
        cure: 'Call eval() first: tracelet runs models and does not train them',
      });
    const methods = this as unknown as Record<string, (...args: readonly unknown[]) => unknown>;
    if (typeof methods[name] !== 'function')
      throw new TraceletError('value', { what: this.constructor.name, expected: `a ${name} method`, got: describe(methods[name]) });
    const call = () => methods[name](...args);
    const executor = chosen();
    return executor ? executor.within(this, call) : call();
  }

  /** Modules held directly, by field name. */
  children(): [string, AnyModule][] {
    return Object.entries(this).filter((entry): entry is [string, AnyModule] => entry[1] instanceof Module);
  }

  /** This module and all within it, by dotted name; its own name is `prefix`. Throws a `value` error for one that holds itself. */
  named_modules(prefix = ''): IterableIterator<[string, AnyModule]> {
    proved('named_modules()', prefix, TEXT);
    return modulesOf(this, prefix, []).values();
  }

  /** Every parameter by dotted name; one held in two places comes twice. */
  *named_parameters(): Generator<[string, Parameter]> {
    for (const [path, module] of this.named_modules())
      for (const [name, value] of Object.entries(module)) if (isParameter(value)) yield [path ? `${path}.${name}` : name, value];
  }

  /** Parameters by name, as checkpoints store them. */
  state_dict(): Map<string, Parameter> {
    return new Map(this.named_parameters());
  }

  /** Evaluation mode, the one that modules start in. */
  eval(): this {
    return this.train(false);
  }

  /** Marks the module and its parts. Nothing here computes dropout or gradients, so calls refuse while `training` is set. */
  train(mode = true): this {
    proved('train()', mode, FLAG);
    if (mode) this.refuseTraining();
    for (const [, module] of this.named_modules()) module.training = mode;
    return this;
  }

  /** What a layer shows of itself between its brackets. */
  extra_repr(): string {
    return '';
  }

  /** Its parts by name, as PyTorch prints a module. */
  override toString(): string {
    const parts = this.children().map(([name, part]) => `  (${name}): ${String(part).replaceAll('\n', '\n  ')}\n`);
    return `${this.constructor.name}(${this.extra_repr()}${parts.length > 0 ? `\n${parts.join('')}` : ''})`;
  }

  /** What `JSON.stringify` writes: {@link toString}, for weights do not belong there. */
  toJSON(): string {
    return this.toString();
  }

  [INSPECT](): string {
    return this.toString();
  }

  [DENO_INSPECT](): string {
    return this.toString();
  }

  /** Throws a `training` error in models that must not be trained at all. */
  protected refuseTraining(): void {}
}

function modulesOf(module: AnyModule, path: string, holders: readonly AnyModule[]): [string, AnyModule][] {
  if (holders.includes(module))
    throw new TraceletError('value', {
      what: `module ${path}`,
      expected: 'modules that hold parts of their own',
      got: `a ${module.constructor.name} that holds itself`,
      cure: 'Keep what refers back to a module out of its fields: a #private field is no part',
    });
  const within = module.children().flatMap(([name, child]) => modulesOf(child, path ? `${path}.${name}` : name, [...holders, module]));
  return [[path, module], ...within];
}

/** Makes modules callable in the eyes of the type checker. */
export interface Module<Args extends unknown[] = [Tensor], Result = Tensor> {
  (...args: Args): Result;
}

/** A module whatever its arguments and result. */
// biome-ignore lint/suspicious/noExplicitAny: arguments are contravariant, so nothing narrower takes every module
export type AnyModule = Module<any[], any>;

const isParameter = (value: unknown): value is Parameter => value instanceof Tensor && 'storedAs' in value;
