/** A base whose instances are functions: calling one calls its `call_`. No code is made at run time. */
export abstract class Callable {
  constructor() {
    const instance = ((...args: unknown[]) =>
      (instance as unknown as { call_: (...args: unknown[]) => unknown }).call_(...args)) as unknown as {
      name?: string;
      length?: number;
    };
    delete instance.name;
    delete instance.length;
    // biome-ignore lint/correctness/noConstructorReturn: an instance has to be a function to be called
    return Object.setPrototypeOf(instance, new.target.prototype);
  }
}
