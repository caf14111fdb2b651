/** How many letters have to be changed, added, left out or exchanged with their neighbour to make one word of the other. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}

const LONGEST = 64;
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The one of `names` that `name` is most likely a slip of: spelled in another style, or a letter or two away. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > LONGEST) return undefined;
  const wanted = plain(name);
  const far = names.map((known) => distance(wanted, plain(known)));
  const least = far.reduce((a, b) => Math.min(a, b), Infinity);
  return least <= Math.max(1, Math.floor(wanted.length / 4)) ? names[far.indexOf(least)] : undefined;
}

/** What can be done about `name`, which is none of `names` but like one of them. */
export function didYouMean(name: string, names: readonly string[]): string | undefined {
  const meant = nearest(name, names);
  return meant === undefined ? undefined : `Did you mean ${meant}?`;
}
