import { decodeUtf8 } from '../../base/decode.ts';
import { isObject } from '../../base/json.ts';
import { NAMES } from '../../base/schema.ts';
import { read, write } from '../chars.ts';
import { type Fields, field, flag, text } from '../fields.ts';
import type { Decoder } from '../interfaces.ts';
import { readSentencePieceNormalizer } from '../normalizers/sentencepiece.ts';

const BYTE = /^<0x([0-9A-F]{2})>$/;
const REPLACEMENT = '\ufffd';
const MARK = '▁';

/** As `SentencePieceProcessor::Decode`: control pieces go, bytes become characters, and spaces before the text go. */
export const readSentencePieceDecoder = (fields: Fields): Decoder => {
  const controls = new Set(field(fields, 'control_symbols', NAMES, []));
  const [unknown, surface] = [text(fields, 'unk_piece'), text(fields, 'unk_surface', ' ⁇ ')];
  const [adds, trims] = [flag(fields, 'add_dummy_prefix', true), flag(fields, 'remove_extra_whitespaces', true)];
  const hasBytes = flag(fields, 'byte_fallback', false);
  const denormalize = denormalizerOf(fields);
  return (tokens) => {
    let done = '';
    let bytes: number[] = [];
    let isStart = true;
    let hadSpace = false;
    for (const token of tokens) {
      const byte = hasBytes ? BYTE.exec(token)?.[1] : undefined;
      if (byte !== undefined) {
        bytes.push(Number.parseInt(byte, 16));
        continue;
      }
      done += charactersOf(bytes);
      bytes = [];
      if (hadSpace || done !== '') isStart = false;
      hadSpace = false;
      if (controls.has(token)) continue;
      if (token === unknown) {
        done += surface;
        continue;
      }
      const isLed = isStart && (adds || trims) && token.startsWith(MARK);
      hadSpace = isLed && !trims;
      done += token.slice(isLed ? MARK.length : 0).replaceAll(MARK, ' ');
    }
    return [denormalize(done + charactersOf(bytes))];
  };
};

/** The rules that a model has for what was decoded. */
function denormalizerOf({ name, json }: Fields): (text: string) => string {
  const { denormalizer } = json;
  if (!isObject(denormalizer)) return (decoded) => decoded;
  const normalizer = readSentencePieceNormalizer({ name: `denormalizer of ${name}`, json: denormalizer });
  return (decoded) => write(normalizer(read(decoded, 0, decoded.length))).text;
}

/** How many bytes a character has that begins with a byte. */
const lengthBy = (lead: number): number => (lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** The characters of UTF-8; U+FFFD for each byte that is of none. */
function charactersOf(bytes: readonly number[]): string {
  let characters = '';
  for (let at = 0; at < bytes.length; ) {
    const end = at + lengthBy(bytes[at]);
    const character = end <= bytes.length ? decodeUtf8(Uint8Array.from(bytes.slice(at, end))) : undefined;
    characters += character ?? REPLACEMENT;
    at = character === undefined ? at + 1 : end;
  }
  return characters;
}
