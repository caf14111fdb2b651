import { TraceletError } from '../base/error.ts';
import { describe } from '../base/json.ts';
import { FUNCTION, proved } from '../base/options.ts';
import { isFunction } from '../base/realm.ts';
import { oneOf } from '../base/schema.ts';
import { allocate, type Values } from './elements.ts';
import { type Half, isHalf, roundToHalf } from './half.ts';
import { type Shape, sizeOf, Tensor } from './tensor.ts';

/** Fills the values of a parameter that no checkpoint gave. */
export type Initialiser = (values: Float32Array) => void;

/** The dtypes that traces and checkpoints store weights in. */
export type Stored = 'float32' | Half;

const STORED = oneOf<Stored>(['float32', 'float16', 'bfloat16']);

/**
 * A float32 weight of a module, as `torch.nn.Parameter`. Its values are made on first use, or set from a checkpoint. They may be
 * changed with {@link set} or in `data`, which ops then look at anew in every call. Values that came as 16-bit floats are kept so in traces.
 */
export class Parameter extends Tensor<'float32'> {
  #values: Float32Array | null = null;
  #version = 0;
  #lent = false;
  #initialise: Initialiser;
  #storedAs: Stored = 'float32';

  constructor(values: Tensor);
  constructor(shape: Shape, initialise: Initialiser);
  constructor(given: Shape | Tensor, initialise?: Initialiser) {
    const shape = given instanceof Tensor ? given.shape : given;
    const whole = Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= 1);
    if (!whole)
      throw new TraceletError('value', { what: 'parameter', expected: 'dimensions that are whole numbers above 0', got: describe(shape) });
    if (!(given instanceof Tensor) && !isFunction(initialise))
      throw new TraceletError('value', {
        what: 'parameter',
        expected: 'a tensor, or a shape and a function that fills the values',
        got: `a shape and ${describe(initialise)}`,
      });
    super('float32', shape, null);
    this.#initialise = initialise ?? (() => {});
    if (given instanceof Tensor) this.set(given);
    Object.defineProperty(this, 'data', { get: () => this.#lend(), enumerable: true });
  }

  #lend(): Float32Array {
    this.#lent = true;
    return this.elements;
  }

  override get elements(): Float32Array {
    if (!this.#values) {
      this.#values = allocate('float32', sizeOf(this.shape));
      this.#initialise(this.#values);
    }
    return this.#values;
  }

  /** Whether somebody has the elements and may write to them. */
  get lent(): boolean {
    return this.#lent;
  }

  /** The same elements under another shape, which a trace holds under the name of the parameter. */
  protected override reshaped(shape: Shape): Tensor<'float32'> {
    return new Reshaped(this, shape);
  }

  /** Counts how often the values were set. */
  get version(): number {
    return this.#version;
  }

  /** The dtype in which traces and checkpoints store the values, as long as it holds each of them. */
  get storedAs(): Stored {
    return this.#storedAs;
  }

  /** What makes the values if they are read before being set. */
  get initialise(): Initialiser {
    return this.#initialise;
  }

  set initialise(initialise: Initialiser) {
    this.#initialise = proved('parameter: initialise', initialise, FUNCTION) as Initialiser;
  }

  /** Takes a copy of `values`: a tensor, or an array of as many numbers. Throws `shape`, `dtype` and `value` errors. */
  set(values: Tensor | Values): void {
    const given = values instanceof Tensor ? values.operand('float32', 'parameter').elements : values;
    const storedAs = values instanceof Tensor && isHalf(values.dtype) ? values.dtype : 'float32';
    this.adopt(new Tensor('float32', this.shape, given).data.slice(), storedAs);
  }

  /** Takes `values` as they are, and in which dtype to store them. Nobody else may write to them. */
  adopt(values: Float32Array, storedAs: Stored = 'float32'): void {
    this.#values = new Tensor('float32', this.shape, values).data;
    this.#storedAs = storedAs;
    this.#version++;
  }

  /** Rounds the values once to those that `dtype` holds, where it is not what they are stored as, and stores them so. Throws `value` errors for others. */
  store(dtype: Stored): void {
    proved('parameter: store', dtype, STORED);
    const values = this.elements.slice();
    if (dtype !== 'float32' && dtype !== this.#storedAs) roundToHalf(values, dtype);
    this.adopt(values, dtype);
  }
}

/** The elements of a parameter under another shape. */
export class Reshaped extends Tensor<'float32'> {
  readonly parameter: Parameter;

  constructor(parameter: Parameter, shape: Shape) {
    super('float32', shape, parameter.data);
    this.parameter = parameter;
  }

  protected override reshaped(shape: Shape): Tensor<'float32'> {
    return new Reshaped(this.parameter, shape);
  }
}
