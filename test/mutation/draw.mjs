/** Draws some of many, each equally likely, and says how far what they show holds for all. */

/** Items in an order that follows from the seed. @template T @param {readonly T[]} items @param {number} seed */
export function shuffled(items, seed) {
  let state = seed >>> 0;
  const order = items.map((item) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return { item, key: Math.imul(state ^ (state >>> 13), 0x297a2d39) >>> 0 };
  });
  return order.sort((a, b) => a.key - b.key).map(({ item }) => item);
}

/** Where the share in all lies with 95 % certainty if `hits` of `count` drawn are hits: Wilson's score interval. */
export function interval(hits, count) {
  const z2 = 1.96 ** 2;
  const middle = (hits + z2 / 2) / (count + z2);
  const reach = (1.96 / (count + z2)) * Math.sqrt((hits * (count - hits)) / count + z2 / 4);
  return [middle - reach, middle + reach];
}
