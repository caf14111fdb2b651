import type { Program } from './program.ts';
import { codeBefore, kindOf } from './reading.ts';
import type { Place } from './syntax.ts';

/** What a search looks at. */
export interface Subject {
  text: string;
  begin: number;
  end: number;
  /** Where the search began. */
  from: number;
}

const BREAK = 10;

type Test = (subject: Subject, at: number, program: Program) => boolean;

const isEdge: Test = ({ text, begin, end }, at, program) =>
  (at > begin && isWord(codeBefore(text, at, begin), program)) !== (at < end && isWord(text.codePointAt(at) as number, program));

const isWord = (code: number, { alphabet, words }: Program): boolean =>
  alphabet.members[words + kindOf(code, alphabet.blocks, alphabet.index)] === 1;

const TESTS: Record<Place, Test> = {
  start: ({ begin }, at) => at === begin,
  end: ({ end }, at) => at === end,
  beforeLastBreak: ({ text, end }, at) => at === end || (at + 1 === end && text.charCodeAt(at) === BREAK),
  lineStart: ({ text, begin, end }, at) => at === begin || (at < end && text.charCodeAt(at - 1) === BREAK),
  lineEnd: ({ text, end }, at) => at === end || text.charCodeAt(at) === BREAK,
  searchStart: ({ from }, at) => at === from,
  wordEdge: isEdge,
  notWordEdge: (subject, at, program) => !isEdge(subject, at, program),
};

/** Places as programs count them. */
export const PLACES = Object.keys(TESTS) as readonly Place[];

const BY_NUMBER: readonly Test[] = PLACES.map((place) => TESTS[place]);

/** Whether `at` is a place of the number `place`. */
export const isAt = (place: number, subject: Subject, at: number, program: Program): boolean => BY_NUMBER[place](subject, at, program);
