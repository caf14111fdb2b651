import { decodeUtf8 } from '../../base/decode.ts';
import type { Decoder } from '../interfaces.ts';

const BYTE = /^<0x([0-9a-fA-F]{2})>$/;

/** Tokens such as `<0x61>` become the text whose bytes they are together; U+FFFD each where those are no text. */
export const byteFallback: Decoder = (tokens) => {
  const parts: string[] = [];
  let bytes: number[] = [];
  for (const token of [...tokens, undefined]) {
    const byte = token === undefined ? undefined : BYTE.exec(token)?.[1];
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16));
    else {
      if (bytes.length) parts.push(...textOf(bytes));
      bytes = [];
      if (token !== undefined) parts.push(token);
    }
  }
  return parts;
};

function textOf(bytes: readonly number[]): string[] {
  const text = decodeUtf8(Uint8Array.from(bytes));
  return text === undefined ? bytes.map(() => '\ufffd') : [text];
}
