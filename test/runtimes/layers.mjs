/** Folders of the fixtures that share files with others, and these, the last prevailing. */
const SHARED = {
  'ce-1': ['sentence/encoder'],
  'ce-1-short': ['sentence/encoder', 'encoders/ce-1'],
  'sparse-max': ['sentence/encoder'],
  'sparse-sum': ['sentence/encoder', 'encoders/sparse-max'],
  colbert: ['sentence/encoder'],
  'colbert-pylate': [],
  'colbert-stanford': [],
  'router-sparse': [],
  'router-dense': [],
  'router-asym': ['sentence/encoder'],
};

/** Their names. */
export const SHARING = Object.keys(SHARED);

/** Where the files of a folder of sentence-transformers lie among the fixtures, those of its own last. @param {string} name */
export const layersOf = (name) =>
  name in SHARED ? [...SHARED[name], `encoders/${name}`] : ['sentence/encoder', `sentence/${name.replace('st-', '')}`];
