import { CONVERTED } from './converters/index.ts';
import { readBPEDecoder } from './decoders/bpe.ts';
import { byteFallback } from './decoders/bytefallback.ts';
import { byteLevelDecoder } from './decoders/bytelevel.ts';
import { readCTC } from './decoders/ctc.ts';
import { DECODERS } from './decoders/index.ts';
import { readMetaspace as readMetaspaceDecoder } from './decoders/metaspace.ts';
import { readReplace as readReplaceDecoder } from './decoders/replace.ts';
import { readSentencePieceDecoder } from './decoders/sentencepiece.ts';
import { readStrip as readStripDecoder } from './decoders/strip.ts';
import { VOCABULARY_READERS } from './fileoptions.ts';
import { known } from './known.ts';
import { readBPE } from './models/bpe.ts';
import { MODELS } from './models/index.ts';
import { readSentencePieceModel } from './models/sentencepiece/index.ts';
import { readUnigram } from './models/unigram.ts';
import { readWordLevel } from './models/wordlevel.ts';
import { byteLevelNormalizer } from './normalizers/bytelevel.ts';
import { nfc, nfd, nfkc, nfkd } from './normalizers/forms.ts';
import { NORMALIZERS } from './normalizers/index.ts';
import { nmt } from './normalizers/nmt.ts';
import { readPrecompiled } from './normalizers/precompiled.ts';
import { readPrepend } from './normalizers/prepend.ts';
import { readReplace } from './normalizers/replace.ts';
import { readSentencePieceNormalizer } from './normalizers/sentencepiece.ts';
import { readStrip, stripAccents } from './normalizers/strip.ts';
import { readByteLevel } from './pretokenizers/bytelevel.ts';
import { readCharDelimiterSplit } from './pretokenizers/delimiter.ts';
import { readDigits } from './pretokenizers/digits.ts';
import { readFixedLength } from './pretokenizers/fixed.ts';
import { PRE_TOKENIZERS } from './pretokenizers/index.ts';
import { readMetaspace } from './pretokenizers/metaspace.ts';
import { readPunctuation } from './pretokenizers/punctuation.ts';
import { unicodeScripts } from './pretokenizers/scripts.ts';
import { readSplit } from './pretokenizers/split.ts';
import { whitespace, whitespaceSplit } from './pretokenizers/whitespace.ts';
import { readByteLevelProcessor } from './processors/bytelevel.ts';
import { PROCESSORS } from './processors/index.ts';
import { readRobertaProcessing } from './processors/roberta.ts';

/** All parts that a tokenizer.json may name, and all vocabularies that a folder may hold, beside those of BERT. */
Object.assign(NORMALIZERS, {
  ByteLevel: () => byteLevelNormalizer,
  NFC: () => nfc,
  NFD: () => nfd,
  NFKC: () => nfkc,
  NFKD: () => nfkd,
  Nmt: () => nmt,
  Precompiled: readPrecompiled,
  Prepend: readPrepend,
  Replace: readReplace,
  SentencePiece: readSentencePieceNormalizer,
  Strip: readStrip,
  StripAccents: () => stripAccents,
} satisfies typeof NORMALIZERS);
Object.assign(PRE_TOKENIZERS, {
  ByteLevel: readByteLevel,
  CharDelimiterSplit: readCharDelimiterSplit,
  Digits: readDigits,
  FixedLength: readFixedLength,
  Metaspace: readMetaspace,
  Punctuation: readPunctuation,
  Split: readSplit,
  UnicodeScripts: () => unicodeScripts,
  Whitespace: () => whitespace,
  WhitespaceSplit: () => whitespaceSplit,
} satisfies typeof PRE_TOKENIZERS);
Object.assign(MODELS, {
  BPE: readBPE,
  SentencePiece: readSentencePieceModel,
  Unigram: readUnigram,
  WordLevel: readWordLevel,
} satisfies typeof MODELS);
Object.assign(PROCESSORS, { ByteLevel: readByteLevelProcessor, RobertaProcessing: readRobertaProcessing } satisfies typeof PROCESSORS);
Object.assign(DECODERS, {
  BPEDecoder: readBPEDecoder,
  ByteFallback: () => byteFallback,
  ByteLevel: () => byteLevelDecoder,
  CTC: readCTC,
  Fuse: () => (tokens: readonly string[]) => [tokens.join('')],
  Metaspace: readMetaspaceDecoder,
  Replace: readReplaceDecoder,
  SentencePiece: readSentencePieceDecoder,
  Strip: readStripDecoder,
} satisfies typeof DECODERS);
Object.assign(VOCABULARY_READERS, CONVERTED);
known.all = true;
