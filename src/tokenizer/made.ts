import type { Settings, Shared } from './settings.ts';

type Files = Record<string, string>;

/** What a tokenizer does, and the files that say so. Adding tokens alone changes it. */
export class Made {
  #settings: Settings;
  readonly files: () => Files;
  readonly change: (changes: Partial<Shared>) => void;

  private constructor(settings: Settings, files: () => Files, change: (changes: Partial<Shared>) => void) {
    this.#settings = settings;
    this.files = files;
    this.change = change;
  }

  /** Of settings of some kind; `changed` says what becomes of them. */
  static of<S extends Settings>(settings: S, filesOf: (settings: S) => Files, changed: (settings: S, changes: Partial<Shared>) => S): Made {
    let now = settings;
    const made: Made = new Made(
      settings,
      () => filesOf(now),
      (changes) => {
        now = changed(now, changes);
        made.#settings = now;
      },
    );
    return made;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** What follows from the settings, made anew when it is asked for after a change. */
  derived<T>(make: (settings: Settings) => T): () => T {
    let from: Settings | undefined;
    let value: T;
    return () => {
      if (from !== this.#settings) {
        value = make(this.#settings);
        from = this.#settings;
      }
      return value;
    };
  }
}
