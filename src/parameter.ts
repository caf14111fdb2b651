import { TraceletError } from './error.ts';
import { type Shape, sizeOf, Tensor } from './tensor.ts';

/** Fills the values of a parameter that no checkpoint gave. */
export type Initialiser = (values: Float32Array) => void;

/**
 * A float32 weight of a module, as `torch.nn.Parameter`. Its values are made on first use, or set from a checkpoint. They are
 * changed through {@link set} alone: the kernels keep copies, and what is written into `data` may never reach them.
 */
export class Parameter extends Tensor {
  #values: Float32Array | null = null;
  /** Counts how often the values were set. */
  version = 0;
  /** What makes the values if they are read before being set. */
  initialise: Initialiser;

  constructor(shape: Shape, initialise: Initialiser) {
    for (const size of shape)
      if (!Number.isInteger(size) || size < 1)
        throw new TraceletError('value', { what: 'parameter', expected: 'dimensions that are whole numbers above 0', got: `[${shape}]` });
    super('float32', shape, null);
    this.initialise = initialise;
  }

  override get data(): Float32Array {
    if (!this.#values) {
      this.#values = new Float32Array(sizeOf(this.shape));
      this.initialise(this.#values);
    }
    return this.#values;
  }

  /** Takes `values` as they are, without a copy. */
  set(values: Float32Array): void {
    this.#values = new Tensor('float32', this.shape, values).data as Float32Array;
    this.version++;
  }
}
