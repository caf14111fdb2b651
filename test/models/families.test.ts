import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
// @ts-expect-error a script without types
import { table } from '../../scripts/models.mjs';
import { ARCHITECTURES, AutoModelForPreTraining, RobertaForMaskedLM } from '../../src/index.ts';
import { fixture } from '../support/fixtures.ts';

test('docs/models.md has every class; node scripts/models.mjs writes it', () => {
  const docs = readFileSync(new URL('../../docs/models.md', import.meta.url), 'utf8');
  expect(docs).toContain(`\n${table(ARCHITECTURES)}\n`);
});

test('the model that a family was pre-trained as is one of masked words where it has no head for that alone', async () => {
  const folder = fixture('zoo/roberta-RobertaForSequenceClassification');
  expect(await AutoModelForPreTraining.from_pretrained(folder, { strict: false })).toBeInstanceOf(RobertaForMaskedLM);
});
