/** Told of what was passed over because no answer depends on it. What changes numbers is an error. */
export type OnWarn = (message: string) => void;

const told = new Set<string>();

/** Tells `onwarn`, or else the console, which hears the same words once. */
export function warn(message: string, onwarn?: OnWarn): void {
  if (onwarn) onwarn(message);
  else if (!told.has(message)) {
    told.add(message);
    console.warn(`tracelet: ${message}`);
  }
}
