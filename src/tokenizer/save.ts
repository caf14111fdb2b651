import { addedToken } from './roles.ts';
import { type Settings, TOKENIZER_OPTIONS } from './settings.ts';
import { formatVocab } from './vocab.ts';

/** The fewest files that rebuild the same tokenizer. */
export function filesOf(settings: Settings): Record<'vocab.txt' | 'tokenizer_config.json', string> {
  const { vocab, roles, added, model_max_length, extra_special_tokens, ...others } = settings;
  const tokens = [...added].sort((a, b) => a.id - b.id).map(({ id, token }) => addedToken('added', { ...token, id }));
  const options: Record<string, unknown> = {
    ...others,
    ...Object.fromEntries(Object.entries(roles).map(([role, filler]) => [role, filler?.token ?? null])),
    ...(Object.keys(extra_special_tokens).length > 0 && { extra_special_tokens }),
    ...(model_max_length !== Infinity && { model_max_length }),
    ...(!isConsecutive(settings) && { added_tokens: tokens }),
  };
  const names = Object.keys(TOKENIZER_OPTIONS).filter((name) => name in options);
  const config = {
    tokenizer_class: 'BertTokenizer',
    ...Object.fromEntries(names.map((name) => [name, options[name]])),
    added_tokens_decoder: Object.fromEntries(tokens.map(({ id, ...token }) => [id, token])),
  };
  return { 'vocab.txt': formatVocab(vocab), 'tokenizer_config.json': JSON.stringify(config, null, 2) };
}

/** Whether the tokens that are not in the vocabulary have the ids behind it, as transformers gives them. */
function isConsecutive({ vocab, added }: Settings): boolean {
  const behind = added.filter(({ text }) => vocab.lookup.find(text) < 0).map(({ id }) => id);
  return behind.sort((a, b) => a - b).every((id, i) => id === vocab.tokens.length + i);
}
