import { describe, expect, test } from 'vitest';
import { clusterEnd } from '../../src/tokenizer/normalizers/clusters.ts';

/** Clusters of code points in hexadecimal: those within one are joined by spaces. */
const ROWS: [rule: string, clusters: string[]][] = [
  ['a return and a line feed', ['d a', 'd']],
  ['nothing with controls', ['a', 'd', '301', '0', '61']],
  ['marks with what is before', ['61 301 302', '62']],
  ['spacing marks too', ['915 93e', '915']],
  ['what comes before with what is behind', ['600 31', '32', '600 600 41']],
  ['parts of a Hangul syllable', ['1100 1161 11a8', '1100 1100 ac00 11a8', '1100 ac01 11a8 11a8']],
  ['vowels with syllables that have none after theirs', ['ac00 1161 1162', 'ac01', '1161', 'ac01', '1100']],
  ['no vowel behind a final, nor a beginning behind a vowel', ['11a8', '1161', '1100', '61', '1161']],
  ['the last of each block', ['115f 11a7 11ff', 'a97c d7c6 d7fb', 'a960 d7b0 d7cb', 'd7a3', '1161', 'd788 1161', 'd7a4', '1161']],
  ['vowels beyond the basic plane', ['1100 16d63 11a8', '1100 16d67', '1100 16d6a', '1100', '16d64', '1100', '16d66', '1100', '16d6b']],
  ['no neighbours of these blocks', ['1100', '1200', 'a95f', '1161', '115f', 'd7c7', '1161', 'd7ca', 'd7fc']],
  ['pictographs behind joiners', ['1f469 200d 1f4bb', '1f469', '1f469 200d 1f469 200d 1f467']],
  ['pictographs with marks behind joiners', ['2764 fe0f 200d 1f525', '1f3f4 e0067 e007f 200d 2764']],
  ['no pictograph behind a joiner of something else', ['61 200d', '1f4bb', 'd', '200d', '1f4bb']],
  ['no pictograph without a joiner', ['1f469 fe0f', '1f4bb', '1f469 200d', '61']],
  ['consonants that are linked', ['915 94d 937', '915 94d 200d 937', '915 93c 94d 937', '915 94d 937 94d 930']],
  ['no consonants that are not', ['915', '937', '915 93c', '937', '915 200d', '937']],
  ['no consonants around a non-joiner', ['915 94d 200c', '937', '915 200c 94d', '937']],
  ['no consonants around a spacing mark', ['915 94d 93e', '937', '915 93e 94d', '937']],
  ['no consonant with what is none', ['61 94d', '937', 'd', '94d', '937', '915 94d', '61']],
];

describe('characters of several code points', () => {
  test.each(ROWS)('join %s', (_, clusters) => {
    const code = clusters.flatMap((cluster) => cluster.split(' ').map((each) => Number.parseInt(each, 16)));
    const found: string[] = [];
    for (let start = 0; start < code.length; ) {
      const end = clusterEnd(code, start);
      found.push(code.slice(start, end).map((each) => each.toString(16)).join(' ')); // biome-ignore format: one row
      start = end;
    }
    expect(found).toEqual(clusters);
  });

  test('are those of the platform, where it has rules for them', () => {
    const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
    for (const [rule, clusters] of ROWS.filter(([name]) => !/consonant|plane/.test(name))) {
      const text = clusters
        .flatMap((cluster) => cluster.split(' ').map((each) => String.fromCodePoint(Number.parseInt(each, 16))))
        .join('');
      const own = clusters.map((cluster) => String.fromCodePoint(...cluster.split(' ').map((each) => Number.parseInt(each, 16))));
      expect(Array.from(segmenter.segment(text), ({ segment }) => segment), rule).toEqual(own); // biome-ignore format: one row
    }
  });
});
