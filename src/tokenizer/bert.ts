import { checkOptions, type OptionTable } from '../base/options.ts';
import type { SourceOptions } from '../sources/folder.ts';
import { BERT_OPTIONS, type BertSettings, type BertTokenizerOptions, bertParts, bertSettings } from './bertsettings.ts';
import { optionsFromFiles } from './fileoptions.ts';
import type { TokenizerFiles } from './files.ts';
import { places } from './known.ts';
import { Made } from './made.ts';
import { bertFiles } from './save.ts';
import type { Shared } from './settings.ts';
import { PreTrainedTokenizerFast, prevailing } from './tokenizer.ts';

/** What prevails over the files of a BertTokenizer. */
export type Overrides = Partial<Omit<BertTokenizerOptions, 'vocab'>>;
const { vocab: _, ...overrides } = BERT_OPTIONS;
export const OVERRIDES: OptionTable<Overrides> = overrides;

/**
 * BERT's tokenizer: `BertTokenizerFast` of Hugging Face transformers, giving the ids, tokens and offsets that it gives for
 * every text. A lone surrogate in a text counts as U+FFFD, as it would once encoded to UTF-8. Adding tokens alone
 * changes it. Bad options and texts throw a {@link TraceletError}.
 */
export class BertTokenizer extends PreTrainedTokenizerFast {
  readonly #settings: BertSettings;

  constructor(options: BertTokenizerOptions) {
    const settings = bertSettings(options);
    super(Made.of(settings, bertFiles, changed));
    this.#settings = settings;
  }

  /**
   * Reads `tokenizer.json` or `vocab.txt`, with the files beside it that say more, from a directory, an address or a hub id; or a trace in
   * which they travel. Without `tokenizer_config.json` a tokenizer.json decides alone. Of the path of one such file that file alone is
   * read. `options` prevail over what the files say.
   */
  static override async from_pretrained(source: string | URL, options: Overrides & SourceOptions = {}): Promise<BertTokenizer> {
    const { filesFrom } = await places();
    return BertTokenizer.from_files(...(await filesFrom<Overrides>('BertTokenizer.from_pretrained', source, options, OVERRIDES)));
  }

  /** Builds a tokenizer from the texts of its files; `options` prevail over them. */
  static override from_files(files: TokenizerFiles, options: Overrides = {}): BertTokenizer {
    const known = checkOptions<Overrides>('BertTokenizer.from_files', options, OVERRIDES);
    return new BertTokenizer({ ...optionsFromFiles(files), ...prevailing(known) });
  }

  /** Texts of the files from which {@link from_files} builds the same tokenizer. */
  override files(): Record<'vocab.txt' | 'tokenizer_config.json', string> {
    return super.files() as ReturnType<typeof bertFiles>;
  }

  /** What pieces within a word begin with. */
  get wordpieces_prefix(): string {
    return this.#settings.wordpieces_prefix;
  }
  get do_lower_case(): boolean {
    return this.#settings.do_lower_case;
  }
  /** null where it follows `do_lower_case`. */
  get strip_accents(): boolean | null {
    return this.#settings.strip_accents;
  }
}

/** The special tokens that are put around texts follow from their roles. */
function changed(settings: BertSettings, changes: Partial<Shared>): BertSettings {
  const now = { ...settings, ...changes };
  return { ...now, parts: bertParts(now, settings.parts.model.vocab, now) };
}
