import fc from 'fast-check';
import { BertTokenizer } from '../../src/index.ts';

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'jim', 'hen', '##son', 'was', 'a', 'puppet', '##eer', '!'];
export const tokenizer = new BertTokenizer({ vocab });

export const WORDS = ['jim', 'henson', 'was', 'a', 'puppeteer', '!', 'frog', ''];
export const phrases = (most: number) => fc.array(fc.constantFrom(...WORDS), { maxLength: most }).map((words) => words.join(' '));
export const LONG = 'jim henson was a puppeteer ! '.repeat(4);
