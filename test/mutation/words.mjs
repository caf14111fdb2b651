/** Leaves the words of errors alone: what a caller acts on is the code, which is mutated, and when it comes. */
import { declareValuePlugin, PluginKind } from '@stryker-mutator/api/plugin';

const WORDS = new Set(['what', 'expected', 'got', 'cure', 'sentence']);

/** Functions that make an error, or say what is wrong with a value. */
const MAKERS = /problem|error$|^(bad|wrong|misplaced|refused?|unsupported|limit)$/i;

const isText = (path) => path.isStringLiteral() || path.isTemplateLiteral();

/** A property with words of an error, an argument behind the code or the condition of one, or one of a function that makes one. */
function holdsWords({ node, parent, listKey, key }) {
  if (node.type === 'ObjectProperty') return WORDS.has(node.key.name);
  if (listKey !== 'arguments') return false;
  const callee = parent.callee.property ?? parent.callee;
  if (callee.name === 'TraceletError' || callee.name === 'expect') return key > 0;
  return MAKERS.test(callee.name ?? callee.id?.name ?? '');
}

const words = {
  shouldIgnore(path) {
    if (isText(path) && path.find(holdsWords)) return 'words of an error';
  },
};

export const strykerPlugins = [declareValuePlugin(PluginKind.Ignore, 'words', words)];
