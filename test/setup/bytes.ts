import { expect } from 'vitest';

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array => new Uint8Array(buffer, byteOffset, byteLength);

/** Typed arrays of one class with the same bits are equal; `toEqual` looks at others element by element, which takes a second for some files. */
expect.addEqualityTesters([
  (a, b) => {
    const alike = ArrayBuffer.isView(a) && ArrayBuffer.isView(b) && Object.getPrototypeOf(a) === Object.getPrototypeOf(b);
    return alike && Buffer.compare(bytesOf(a), bytesOf(b)) === 0 ? true : undefined;
  },
]);
