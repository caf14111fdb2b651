"""Asks tokenizers and transformers what encodings answer, and what added tokens change.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers==0.23.3 transformers==5.24.0
    /tmp/venv/bin/python scripts/encodings.py SOURCE test/fixtures/tokenizer/encodings

SOURCE/<name> holds a tokenizer.json and a texts.jsonl, of which each line has a `text`. A fixture has a tokenizer.json in its first
line. `adding.jsonl`: steps that add tokens to it, with what each answers, and the ids of texts after each. `skipped` is decoded once
saved and read again: before, the library still knows what tokens were. The others: texts, or words, with what they are encoded by, as
`enable_truncation` and `enable_padding` take it, the rows, and what methods say of them.
"""

import json
import os
import random
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "critical"
os.environ["RUST_BACKTRACE"] = "0"

from tokenizers import AddedToken, Tokenizer, processors  # noqa: E402
from transformers import PreTrainedTokenizerFast  # noqa: E402

SOURCE, OUT = sys.argv[1:3]
BY_TOKEN = ["token_to_sequence", "token_to_word", "token_to_chars"]
BY_PLACE = ["word_to_tokens", "word_to_chars", "char_to_token", "char_to_word"]
MOST_ROWS = 12


def lines(name):
    with open(f"{SOURCE}/{name}/texts.jsonl", encoding="utf8") as file:
        return [json.loads(line) for line in file]


def write(name, first, rows):
    with open(f"{OUT}/{name}.jsonl", "w", encoding="utf8") as file:
        for row in [first, *rows]:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def digits(column):
    return "".join(map(str, column))


def row_of(encoding):
    row = {"ids": encoding.ids, "offsets": [place for offset in encoding.offsets for place in offset]}
    row["special"] = digits(encoding.special_tokens_mask)
    if any(encoding.type_ids):
        row["type_ids"] = digits(encoding.type_ids)
    if not all(encoding.attention_mask):
        row["attention"] = digits(encoding.attention_mask)
    return {**row, "words": encoding.word_ids, "sequences": encoding.sequence_ids}


def asked(rng, rows):
    """Questions about rows, of which each begins with the number of its row, and their answers."""
    for _ in range(10):
        batch = rng.randrange(len(rows))
        method = rng.choice(BY_TOKEN + BY_PLACE)
        length = len(rows[batch].ids)
        if method in BY_TOKEN:
            args = [rng.randrange(length + 2)]
        else:
            args = [rng.randrange(60 if method.startswith("char") else length + 1), rng.choice([0, 0, 1, 1, 2])]
        answer = getattr(rows[batch], method)(*args)
        yield [method, [batch, *args], list(answer) if isinstance(answer, tuple) else answer]


def words_of(rng, text):
    words = text.split(" ")
    if rng.random() < 0.3:
        words.insert(rng.randrange(len(words) + 1), "")
    if rng.random() < 0.3:
        words[:2] = [" ".join(words[:2])]
    return words


def options_of(rng, pad, is_pair):
    options = {}
    if rng.random() < 0.8:
        strategies = ["longest_first", "longest_first", "only_first", *(["only_second"] if is_pair else [])]
        options["truncation"] = {
            "max_length": rng.choice([3, 4, 6, 7, 9, 12, 20]),
            "stride": rng.choice([0, 0, 1, 1, 2, 3, 5]),
            "strategy": rng.choice(strategies),
            "direction": rng.choice(["right", "left"]),
        }
    if rng.random() < 0.3:
        options["padding"] = {"direction": rng.choice(["right", "left"]), **pad}
    if rng.random() < 0.25:
        options["add_special_tokens"] = False
    return options


def encoded(tokenizer, text, pair, options):
    tokenizer.no_truncation()
    tokenizer.no_padding()
    if "truncation" in options:
        tokenizer.enable_truncation(**options["truncation"])
    if "padding" in options:
        tokenizer.enable_padding(**options["padding"])
    special = options.get("add_special_tokens", True)
    return tokenizer.encode(text, pair, is_pretokenized=isinstance(text, list), add_special_tokens=special)


def cases(tokenizer, texts, count, seed):
    rng = random.Random(seed)
    token = "[PAD]" if tokenizer.token_to_id("[PAD]") is not None else "<unk>"
    pad = {"pad_id": tokenizer.token_to_id(token), "pad_token": token}
    found = []
    while len(found) < count:
        text, pair = rng.choice(texts), rng.choice(texts) if rng.random() < 0.5 else None
        if rng.random() < 0.45:
            text, pair = words_of(rng, text), pair and words_of(rng, pair)
        options = options_of(rng, pad, pair is not None)
        try:
            encoding = encoded(tokenizer, text, pair, options)
        except BaseException as refused:  # a panic is no Exception
            if isinstance(refused, KeyboardInterrupt):
                raise
            continue
        rows = [encoding, *encoding.overflowing]
        if len(rows) > MOST_ROWS or (len(rows) == 1 and rng.random() < 0.7):
            continue
        given = {"text": text, **({} if pair is None else {"pair": pair}), **({"options": options} if options else {})}
        overflow = {"overflowing": [row_of(row) for row in rows[1:]]} if rows[1:] else {}
        found.append({**given, **row_of(encoding), **overflow, "asks": list(asked(rng, rows))})
    return found


def fresh(rng, *more):
    content = rng.choice(["zz", "zzq", "ab c", "the", "Ünï", "<x>", "[CLS]", "q", "the cat", "!", "##s", *more])
    if rng.random() < 0.5:
        return content
    flags = {flag: True for flag in ("single_word", "lstrip", "rstrip", "normalized") if rng.random() < 0.25}
    return {"content": content, **flags, **({"normalized": False} if "normalized" not in flags and rng.random() < 0.3 else {})}


def native(token):
    return token if isinstance(token, str) else AddedToken(**token)


def step(rng, tokenizer):
    if rng.random() < 0.6:
        tokens, special = [fresh(rng, "") for _ in range(rng.randrange(1, 4))], rng.random() < 0.4
        count = tokenizer.add_tokens([native(token) for token in tokens], special_tokens=special)
        return {"add_tokens": tokens, "special_tokens": special, "count": count}
    roles = rng.sample(["bos_token", "eos_token", "pad_token", "mask_token", "sep_token"], rng.randrange(3))
    tokens = {role: fresh(rng) for role in roles}
    if rng.random() < 0.6:
        tokens["extra_special_tokens"] = [fresh(rng) for _ in range(2)]
    replace = rng.random() < 0.6
    natives = {key: [native(t) for t in value] if isinstance(value, list) else native(value) for key, value in tokens.items()}
    count = tokenizer.add_special_tokens(natives, replace_extra_special_tokens=replace)
    return {"add_special_tokens": tokens, "replace": replace, "count": count}


TEXTS = ["the  zzq [CLS] ab c abzzq", "zz q! <x> the cat Ünï uni", "THE ZZ ##s thecat <x>the"]


def adding(name, count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        tokenizer = PreTrainedTokenizerFast(tokenizer_file=f"{SOURCE}/{name}/tokenizer.json", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
        steps = []
        for _ in range(3):
            done = step(rng, tokenizer)
            ids = [tokenizer(text).input_ids for text in TEXTS]
            with tempfile.TemporaryDirectory() as folder:
                tokenizer.save_pretrained(folder)
                saved = PreTrainedTokenizerFast.from_pretrained(folder)
            skipped = [saved.decode(each, skip_special_tokens=True) for each in ids]
            steps.append({**done, "length": len(tokenizer), "all": sorted(tokenizer.all_special_tokens), "ids": ids, "skipped": skipped})
        yield steps


def main():
    os.makedirs(OUT, exist_ok=True)
    for name, count in (("bert-uncased", 60), ("bert-added", 50), ("unigram-bytes", 45)):
        with open(f"{SOURCE}/{name}/tokenizer.json", encoding="utf8") as file:
            tokenizer_json = json.load(file)
        texts = [line["text"] for line in lines(name) if 8 < len(line["text"]) < 60]
        write(name, tokenizer_json, cases(Tokenizer.from_str(json.dumps(tokenizer_json)), texts, count, 7))
        if name != "bert-uncased":
            continue
        write("adding", {"texts": TEXTS, **tokenizer_json}, list(adding(name, 60, 7)))
        special = [("[CLS]", 2), ("[SEP]", 3)]
        tokenizer = Tokenizer.from_str(json.dumps(tokenizer_json))
        tokenizer.post_processor = processors.TemplateProcessing(single="[CLS]:1 $A:2", pair="$B:3 [SEP]:4 $A:5 [CLS]:6", special_tokens=special)
        changed = json.loads(tokenizer.to_str())
        write("types", changed, cases(tokenizer, texts, 40, 8))
    with open(f"{SOURCE}/bert-cased/tokenizer.json", encoding="utf8") as file:
        tokenizer_json = json.load(file)
    telling = [line for line in lines("bert-cased") if "words" in line or "overflowing" in line or "pair" in line]
    write("bert-cased", tokenizer_json, telling)


main()
