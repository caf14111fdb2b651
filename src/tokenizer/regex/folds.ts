import { longMappings, mappings } from '../packed.ts';
import { between, complement, has, type Ranges, union } from './ranges.ts';
import { choiceOf, type Node, type SetNode, sequenceOf, setOf } from './syntax.ts';
import { FOLD, FOLD_LONG } from './tables.ts';

interface Folds {
  /** The least of the code points that match each other, for those that match others. */
  readonly first: ReadonlyMap<number, number>;
  /** By the least of them. */
  readonly same: ReadonlyMap<number, readonly number[]>;
  /** Texts that single characters match as well, as the least characters that match theirs. */
  readonly long: ReadonlyMap<number, readonly number[]>;
  /** The longest of them. */
  readonly longest: number;
  /** The characters that match a text, by its key. */
  readonly byText: ReadonlyMap<string, readonly number[]>;
}

let known: Folds | undefined;

function folds(): Folds {
  known ??= decode();
  return known;
}

function decode(): Folds {
  const first = mappings(FOLD);
  const same = grouped(first);
  for (const [least, others] of same) {
    others.push(least);
    first.set(least, least);
  }
  const long = longMappings(FOLD_LONG);
  const byText = new Map<string, number[]>();
  for (const [code, parts] of long) {
    const leasts = parts.map((part) => first.get(part) ?? part);
    long.set(code, leasts);
    byText.set(keyOf(leasts), [...(byText.get(keyOf(leasts)) ?? []), code]);
  }
  return { first, same, long, longest: Math.max(...[...long.values()].map((parts) => parts.length)), byText };
}

function grouped(first: ReadonlyMap<number, number>): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const [code, least] of first) {
    const group = groups.get(least);
    if (group) group.push(code);
    else groups.set(least, [code]);
  }
  return groups;
}

const keyOf = (codes: readonly number[]): string => codes.join(' ');

/** `set`, and every single character that matches one of it regardless of case. */
export function foldedSet(set: Ranges): Ranges {
  const { first, same } = folds();
  if (set.length === 2 && set[1] === set[0] + 1)
    return union(...[set[0], ...(same.get(first.get(set[0]) ?? -1) ?? [])].map((code) => between(code)));
  const added: Ranges[] = [];
  for (const group of same.values()) if (group.some((code) => has(set, code))) added.push(...group.map((code) => between(code)));
  return union(set, ...added);
}

/** A set in brackets, regardless of case: its characters, and the texts that are alike to some of them. */
export function foldedClass(set: Ranges, isNot: boolean): Node {
  const folded = foldedSet(set);
  if (isNot) return setOf(complement(folded));
  const texts = new Map([...folds().long].filter(([code]) => has(folded, code)).map(([, parts]) => [keyOf(parts), parts]));
  return choiceOf([setOf(folded), ...[...texts.values()].map(textOf)]);
}

const textOf = (codes: readonly number[]): Node => sequenceOf(codes.map((code) => setOf(foldedSet(between(code)))));

/** An expression in which characters written regardless of case match the texts that are alike, and their texts such characters. */
export function folded(node: Node, isBehind = false): Node {
  switch (node.kind) {
    case 'set':
    case 'sequence':
      return sequenceOf(foldedSequence(flat(node), isBehind));
    case 'choice':
      return choiceOf(node.parts.map((part) => folded(part, isBehind)));
    case 'at':
      return node;
    case 'look':
      return { ...node, body: folded(node.body, isBehind || node.behind) };
    default:
      return { ...node, body: folded(node.body, isBehind) };
  }
}

/** The parts of sequences within sequences. */
const flat = (node: Node): readonly Node[] => (node.kind === 'sequence' ? node.parts.flatMap(flat) : [node]);

function foldedSequence(parts: readonly Node[], isBehind: boolean): Node[] {
  const done: Node[] = [];
  for (let i = 0; i < parts.length; ) {
    const part = parts[i];
    const isWritten = part.kind === 'set' && part.literal !== undefined;
    const [node, taken] = isWritten && !isBehind ? foldedAt(parts, i) : [part.kind === 'set' ? setOf(part.set) : folded(part, isBehind), 1];
    done.push(node);
    i += taken;
  }
  return done;
}

function foldedAt(parts: readonly Node[], at: number): [node: Node, taken: number] {
  const codes = literalsAt(parts, at);
  for (let length = codes.length; length > 1; length--) {
    const alike = folds().byText.get(keyOf(codes.slice(0, length)));
    if (alike) return [choiceOf([textOf(codes.slice(0, length)), setOf(union(...alike.map((code) => between(code))))]), length];
  }
  const { set, literal } = parts[at] as SetNode;
  const text = folds().long.get(literal as number);
  return [text ? choiceOf([textOf(text), setOf(set)]) : setOf(set), 1];
}

/** The characters written from `at` on, as the least that match them. */
function literalsAt(parts: readonly Node[], at: number): number[] {
  const { first, longest } = folds();
  const codes: number[] = [];
  for (let i = at; i < parts.length && codes.length < longest; i++) {
    const part = parts[i];
    if (part.kind !== 'set' || part.literal === undefined) break;
    codes.push(first.get(part.literal) ?? part.literal);
  }
  return codes;
}
