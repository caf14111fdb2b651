import { characters, SPACE } from '../characters.ts';
import { splitAt } from './behavior.ts';

/** Words between whitespace. */
export const whitespaceSplit = splitAt((code) => (characters().flags[code] & SPACE) !== 0, 'Removed');
