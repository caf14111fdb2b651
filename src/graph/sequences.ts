import type { Value } from './graph.ts';

/** The sequence of a text. */
export const SEQUENCE = 'sequence';

/** That of what is made of a text, where a model takes both; also the symbol that stands for its length. */
export const DECODER_SEQUENCE = 'decoder_sequence';

/** That of what a decoder is given of an encoder beside its text. */
export const ENCODER_SEQUENCE = 'encoder_sequence';

/** The sequence whose tokens an input has entries for, by its name: that of a decoder, of an encoder beside a text, or of the text. */
export const sequenceOfInput = (name: string): string => (/^(en|de)coder_/.exec(name)?.[0] ?? '') + SEQUENCE;

/** Tells which sequence the rows of values stand for: that of the first operand that has one. */
export class Sequences {
  readonly #known = new Map<Value, string | undefined>();

  of(value: Value): string | undefined {
    if (value.kind === 'host') return value.sequence;
    if (value.kind === 'input') return sequenceOfInput(value.name);
    if (value.kind === 'constant') return undefined;
    if (value.kind === 'view') return this.of(value.base);
    if (!this.#known.has(value)) this.#known.set(value, this.#first(Object.values(value.operands)));
    return this.#known.get(value);
  }

  #first(operands: readonly (Value | null)[]): string | undefined {
    for (const operand of operands) {
      const found = operand && this.of(operand);
      if (found) return found;
    }
    return undefined;
  }
}
