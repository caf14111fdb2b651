/** Something that can be called: what it is called in messages, and how. */
export interface Callee {
  name: string;
  call(args: readonly unknown[]): unknown;
  /** Whether it is read and takes no arguments. */
  isGetter?: boolean;
}

type Fn = (...args: unknown[]) => unknown;

const isFunction = (value: unknown): value is Fn => typeof value === 'function';
export const isClass = (value: unknown): value is Fn => isFunction(value) && /^class\b/.test(Function.prototype.toString.call(value));

const isNative = (value: unknown): boolean => /\[native code\]\s*\}$/.test(String(value));

/** What classes have of the language, and what they say to the library alone. */
const OF_CLASSES = ['length', 'name', 'prototype', 'family', 'schema'];
const ENDS: readonly unknown[] = [null, Object.prototype, Function.prototype, Error.prototype, Error];

const nameOf = (key: string | symbol): string => (typeof key === 'symbol' ? `[${key.description}]` : key);

/** Finds everything of the library that can be called, each once. */
export class Reachable {
  readonly callees: Callee[] = [];
  readonly classes = new Map<Fn, string>();
  readonly #seen = new Set<unknown>();

  /** What a namespace or an object of it holds, all the way down. */
  addNamespace(holder: object, path: string): void {
    if (this.#seen.has(holder)) return;
    this.#seen.add(holder);
    const isNested = ([, value]: [string, unknown]) => Number(typeof value === 'object');
    const entries = Object.entries(holder).sort((a, b) => isNested(a) - isNested(b));
    for (const [key, value] of entries) this.#addValue(value, path ? `${path}.${key}` : key, holder);
  }

  #addValue(value: unknown, name: string, holder: object): void {
    if (isClass(value)) this.#addClass(value, name);
    else if (isFunction(value)) this.#add(value, { name, call: (args) => value.apply(holder, [...args]) });
    else if (typeof value === 'object' && value !== null && !Array.isArray(value)) this.addNamespace(value, name);
  }

  #add(identity: unknown, callee: Callee): void {
    if (this.#seen.has(identity) || isNative(identity)) return;
    this.#seen.add(identity);
    this.callees.push(callee);
  }

  #addClass(made: Fn, name: string): void {
    if (this.classes.has(made)) return;
    this.classes.set(made, name);
    this.#add(made, { name: `new ${name}`, call: (args) => Reflect.construct(made, [...args]) });
    for (let of: object = made; !ENDS.includes(of); of = Object.getPrototypeOf(of))
      for (const key of Reflect.ownKeys(of))
        if (!OF_CLASSES.includes(key as string)) this.#addValue(Reflect.get(made, key), `${name}.${nameOf(key)}`, made);
  }

  /** Methods and accessors of an instance, those that it inherits as well, and the instance itself where it can be called. */
  addInstance(name: string, make: () => object): void {
    const first = make();
    if (isFunction(first)) this.callees.push({ name: `${name}()`, call: (args) => (make() as Fn)(...args) });
    for (let of = Object.getPrototypeOf(first); !ENDS.includes(of); of = Object.getPrototypeOf(of)) {
      for (const key of Reflect.ownKeys(of)) {
        if (key === 'constructor') continue;
        const { value, get, set } = Object.getOwnPropertyDescriptor(of, key) as PropertyDescriptor;
        const path = `${name}#${nameOf(key)}`;
        if (get) this.#add(get, { name: path, call: () => get.call(make()), isGetter: true });
        if (set) this.#add(set, { name: `${path} =`, call: ([given]) => set.call(make(), given) });
        if (isFunction(value)) this.#add(value, { name: path, call: (args) => value.apply(make(), [...args]) });
      }
    }
  }
}
