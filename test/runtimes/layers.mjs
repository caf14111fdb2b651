/** Where folders of the fixtures lie that are no pipelines, by how their names begin. */
const HOMES = { st: 'sentence', ce: 'encoders', sparse: 'encoders', colbert: 'encoders', router: 'encoders' };

/** Folders of the fixtures that lack files, and in which these lie, the last prevailing. */
const BENEATH = {
  'ce-1': ['sentence/encoder'],
  'ce-1-short': ['sentence/encoder', 'encoders/ce-1'],
  'sparse-max': ['sentence/encoder'],
  'sparse-sum': ['sentence/encoder', 'encoders/sparse-max'],
  colbert: ['sentence/encoder'],
  'router-asym': ['sentence/encoder'],
  'st-normalize': ['encoders/ce-3'],
  'classify-multi': ['pipelines/classify-1'],
  features: ['pipelines/classify-1'],
  'mask-roberta': ['pipelines/classify-roberta'],
  'qa-roberta': ['pipelines/classify-roberta'],
  'zero-shot-roberta': ['pipelines/classify-roberta'],
};

/** Those whose tokenizer is one of `tokenizer/truth`. */
const TOKENIZERS = {
  'classify-roberta': 'roberta',
  'mask-roberta': 'roberta',
  'qa-roberta': 'roberta',
  'zero-shot-roberta': 'roberta',
  'ner-roberta': 'roberta-prefix',
  'ner-xlmr': 'xlm-roberta',
  'mask-deberta': 'deberta-v3',
};

/** Where the files of a folder of its own lie among the fixtures. @param {string} name */
export const homeOf = (name) => {
  const [kind] = name.split('-');
  return kind in HOMES ? `${HOMES[kind]}/${name.replace('st-', '')}` : `pipelines/${name}`;
};

/** Where the files of a folder lie among the fixtures, those of its own last. @param {string} name */
export const layersOf = (name) => [...(BENEATH[name] ?? (name.startsWith('st-') ? ['sentence/encoder'] : [])), homeOf(name)];

/** The tokenizer of `tokenizer/truth` that a folder without one of its own has. @param {string} name @returns {string | undefined} */
export const tokenizerOf = (name) => TOKENIZERS[name];
