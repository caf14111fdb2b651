import { Aten } from '../aten/aten.ts';
import type { Argument, Site } from '../aten/values.ts';

/** The op that makes ranges, of which code of PyTorch up to 1.3 has the length of the traced inputs. */
const RANGE = 'arange';

/** One pass over code in which the length of ranges was written down, at another length. */
export class ContinuedAten extends Aten {
  readonly #written: number;
  readonly #length: number;

  /**
   * @param written the length of the inputs that were traced
   * @param length that of the inputs of this pass
   * @param formulates as {@link Aten} takes it
   */
  constructor(written: number, length: number, formulates: boolean) {
    super(formulates);
    this.#written = written;
    this.#length = length;
  }

  override call(name: string, positional: readonly Argument[], named: ReadonlyMap<string, Argument>, site: Site): Argument {
    const continued = name === RANGE && positional.length === 1 && positional[0] === this.#written;
    return super.call(name, continued ? [this.#length] : positional, named, site);
  }
}
