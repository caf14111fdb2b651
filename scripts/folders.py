"""Asks transformers what folders of BERT tokenizers mean.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install transformers==5.24.0
    /tmp/venv/bin/python scripts/folders.py flags > test/fixtures/tokenizer/flags.json
    /tmp/venv/bin/python scripts/folders.py folders > test/fixtures/tokenizer/folders.jsonl

`flags` prints how a text is split for every combination of class, flags and normalizer. `folders` prints a tokenizer.json
and then folders, a line each, with the answers of AutoTokenizer; a tokenizer.json in them is what differs from the first. transformers 4.57.6 answers the same but for clean_text of tokenizer.json, which
BERT's classes kept; for ConvBERT, RetriBERT and REALM, whose flags prevailed; for MPNet and Splinter, whose Chinese
characters tokenizer.json decided; and for special tokens in a list beside others, or under names of their own.
"""

import itertools
import json
import os
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "critical"

from transformers import AutoTokenizer  # noqa: E402

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
FLAGS_OF_TOKENS = dict(single_word=False, lstrip=False, rstrip=False, normalized=False)
TYPES = ("SpecialToken", "Sequence", "SpecialToken", "Sequence", "SpecialToken")


def template(*pieces):
    return [{kind: {"id": id, "type_id": type}} for kind, (id, type) in zip(TYPES, pieces)]


def tokenizer_json(vocab, **changes):
    cls, sep = [("[CLS]", 0), ("[SEP]", 0)]
    ids = {token: id for id, token in enumerate(vocab)}
    known = [token for token in SPECIAL if token in ids]
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [dict(id=ids[token], content=token, special=True, **FLAGS_OF_TOKENS) for token in known],
        "normalizer": bert_normalizer(True, True, None, True),
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": template(cls, ("A", 0), sep),
            "pair": template(cls, ("A", 0), sep, ("B", 1), ("[SEP]", 1)),
            "special_tokens": {t: {"id": t, "ids": [ids[t]], "tokens": [t]} for t in ("[CLS]", "[SEP]")},
        },
        "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
        "model": {
            "type": "WordPiece",
            "unk_token": "[UNK]",
            "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100,
            "vocab": ids,
        },
        **changes,
    }


def bert_normalizer(clean_text, handle_chinese_chars, strip_accents, lowercase):
    return {
        "type": "BertNormalizer",
        "clean_text": clean_text,
        "handle_chinese_chars": handle_chinese_chars,
        "strip_accents": strip_accents,
        "lowercase": lowercase,
    }


def load(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, content in {"config.json": {"model_type": "bert"}, **files}.items():
            if name == "tokenizer.json" and isinstance(content, dict):
                content = {**PLAIN, **content}
            with open(f"{folder}/{name}", "w", encoding="utf-8") as file:
                file.write(content if isinstance(content, str) else json.dumps(content))
        return AutoTokenizer.from_pretrained(folder)


ABSENT = "absent"
CLASSES = [
    ABSENT,
    "BertTokenizer",
    "BertTokenizerFast",
    "PreTrainedTokenizerFast",
    "TokenizersBackend",
    "DistilBertTokenizer",
    "ElectraTokenizerFast",
    "MobileBertTokenizer",
    "SqueezeBertTokenizer",
    "LayoutLMTokenizer",
    "LxmertTokenizer",
    "FunnelTokenizer",
    "MPNetTokenizer",
    "SplinterTokenizer",
    "ConvBertTokenizer",
    "RetriBertTokenizer",
    "NoSuchTokenizer",
]
NORMALIZERS = [(True, True, None, True), (True, True, None, False), (False, False, False, True), (True, False, True, False)]
FLAGS = {
    "do_lower_case": [ABSENT, True, False],
    "strip_accents": [ABSENT, None, True, False],
    "tokenize_chinese_chars": [ABSENT, True, False],
}
LETTERS = [*SPECIAL, "É", "é", "E", "e", "x", "中", "x中", "ab"]
TEXT = "É x中 a\0b"


def flags():
    answers, table = [], {}
    for name in CLASSES:
        table[name] = []
        for normalizer in NORMALIZERS:
            file = tokenizer_json(LETTERS, normalizer=bert_normalizer(*normalizer))
            row = ""
            for values in itertools.product(*FLAGS.values()):
                given = {"tokenizer_class": name, **dict(zip(FLAGS, values))}
                config = {key: value for key, value in given.items() if value != ABSENT}
                answer = load({"tokenizer.json": file, "tokenizer_config.json": config}).tokenize(TEXT)
                if answer not in answers:
                    answers.append(answer)
                row += chr(ord("a") + answers.index(answer))
            table[name].append(row)
    normalizers = [bert_normalizer(*normalizer) for normalizer in NORMALIZERS]
    file = tokenizer_json(LETTERS)
    out = dict(text=TEXT, absent=ABSENT, flags=FLAGS, normalizers=normalizers, answers=answers, table=table, tokenizer=file)
    print(json.dumps(out, ensure_ascii=False))


WORDS = [*SPECIAL, "jim", "has", "hen", "##son", "covid", "##19", "<", ">", "e", "/", "1"]
SMALL = [*SPECIAL, "jim", "has", "one", "two", "three", "four"]
PLAIN = tokenizer_json(SMALL)
OLD = "[UNK] [CLS] [SEP] want ##want ##ed wa un runn ##ing , low lowest".split()


def lines(tokens):
    return "".join(f"{token}\n" for token in tokens)


def token(id, content, **flags):
    return dict(id=id, content=content, **{**FLAGS_OF_TOKENS, "special": False, **flags})


def folders():
    words, text = {"vocab.txt": lines(WORDS)}, "<e1> Jim </e1> has covid19 [X] [Y] [Z] [MASK]"
    added, extra = "added_tokens.json", "extra_special_tokens"
    config, names = "tokenizer_config.json", "special_tokens_map.json"
    x = {"16": {"content": "[X]", "special": True}}
    yield text, words
    yield text, {**words, added: {"<e1>": 16, "</e1>": 17, "covid19": 18}}
    yield text, {**words, added: {"covid19": 18, "</e1>": 17, "<e1>": 16}}
    yield text, {**words, added: {"<e1>": 25, "</e1>": 20}}
    yield text, {**words, added: {"jim": 18, "</e1>": 16}}
    yield text, {**words, added: {"<e1>": 16}, config: {"added_tokens_decoder": x}}
    yield text, {**words, added: {"[X]": 17, "[Y]": 16}, names: {"cls_token": "jim"}}
    yield text, {**words, names: {"additional_special_tokens": ["[X]", "[Y]"]}}
    yield text, {**words, names: {"additional_special_tokens": ["[X]"], "mask_token": "has"}}
    yield text, {**words, names: {"additional_special_tokens": ["[X]"]}, config: {"additional_special_tokens": ["[Z]", "[Y]"]}}
    yield text, {**words, names: {"additional_special_tokens": ["[Y]"], "cls_token": "jim"}, config: {"added_tokens_decoder": x}}
    yield text, {**words, config: {extra: ["[Y]", "[X]"]}}
    yield text, {**words, config: {extra: {"x_token": "[X]", "y_token": "[Y]"}}}
    yield text, {**words, config: {extra: ["[X]"], "additional_special_tokens": ["[Y]"]}}
    yield text, {**words, config: {extra: {"x_token": "[X]"}, "additional_special_tokens": ["[Y]"]}}
    yield text, {**words, config: {extra: {}, "additional_special_tokens": ["[Y]"]}}
    yield text, {**words, config: {"image_token": "[X]", "add_bos_token": False}}
    yield text, {**words, config: {"bos_token": "[X]", "eos_token": "[Y]"}}
    yield text, {**words, names: {"bos_token": "[X]", "eos_token": "[Y]"}}
    yield text, {**words, names: {extra: ["[X]", "[Y]"]}, config: {extra: ["[Y]", "[Z]"]}}
    yield text, {**words, config: {"added_tokens_decoder": {"30": {"content": "[X]"}, "25": {"content": "[Y]", "special": True}}}}
    yield text, {**words, config: {"split_special_tokens": True}}
    yield text, {**words, config: {"max_len": 77}}
    yield text, {**words, config: {"model_max_length": 66, "max_len": 77}}
    yield text, {"vocab.txt": lines([*WORDS, "jim"])}
    yield text, {"vocab.txt": lines([*WORDS[:8], "", "", *WORDS[8:]])}
    old = "UNwantéd,running [MASK] [PAD] [X] low"
    yield old, {"vocab.txt": lines(OLD)}
    yield old, {"vocab.txt": lines(OLD), added: {"[X]": 13}}
    yield old, {"vocab.txt": lines(OLD), names: {"additional_special_tokens": ["[X]"]}}
    yield old, {"vocab.txt": lines(OLD), config: {"mask_token": "low", "pad_token": "[X]"}}

    text = "[X] Jim has [Y] one two [MASK] three"
    left = dict(
        truncation=dict(direction="Left", max_length=4, strategy="LongestFirst", stride=1),
        padding=dict(
            strategy={"Fixed": 6}, direction="Left", pad_to_multiple_of=8, pad_id=5, pad_type_id=3, pad_token="jim"
        ),
    )
    right = json.loads(json.dumps(left).replace("Left", "Right"))
    sides = {"padding_side": "left", "truncation_side": "right"}
    vocab = PLAIN["model"]["vocab"]
    hole = {"model": {**PLAIN["model"], "vocab": {t: id for t, id in vocab.items() if t != "three"}}}
    double = json.dumps(PLAIN).replace('"three": 9', '"one": 9')
    untyped = {"model": {name: value for name, value in PLAIN["model"].items() if name != "type"}}
    unlisted = {"added_tokens": [*PLAIN["added_tokens"], token(20, "[X]"), token(21, "[Y]", special=True)]}
    few = tokenizer_json(["[UNK]", "[CLS]", "[SEP]", "jim", "one"])
    few = {name: few[name] for name in ("added_tokens", "post_processor", "model")}
    for name in ["BertTokenizer", "PreTrainedTokenizerFast", "TokenizersBackend", None]:
        given = {"tokenizer_class": name} if name else {}
        for file in [{}, hole, double, untyped, unlisted, few]:
            yield text, {"tokenizer.json": file, config: given}
        for file in [left, right]:
            yield text, {"tokenizer.json": file, config: given}
            yield text, {"tokenizer.json": file, config: {**given, **sides, "pad_token": "[PAD]"}}
        yield text, {"tokenizer.json": {}, config: given, added: {"[X]": 11, "[MASK]": 4}}
        yield text, {"tokenizer.json": {}, config: given, names: {"additional_special_tokens": ["[X]"]}}
        yield text, {"tokenizer.json": {}, config: {**given, "added_tokens_decoder": {"11": {"content": "[Y]"}}}}
        yield text, {"tokenizer.json": {}, config: given, "vocab.txt": lines(WORDS)}


def answers(text, files):
    tokenizer = load(files)
    limit = tokenizer.model_max_length
    out = {
        "files": files,
        "text": text,
        "ids": tokenizer(text)["input_ids"],
        "pair": tokenizer("jim", text)["input_ids"],
        "cut": tokenizer(text, truncation=True, max_length=5)["input_ids"],
        "vocab_size": tokenizer.vocab_size,
        "length": len(tokenizer),
        "limit": limit if limit < 1e20 else None,
    }
    if tokenizer.pad_token is not None:
        out["padded"] = tokenizer(text, padding="max_length", max_length=24)["input_ids"]
        out["special"] = tokenizer.all_special_tokens
    return out


if sys.argv[1] == "flags":
    flags()
else:
    print(json.dumps({"tokenizer": PLAIN}))
    for case in folders():
        print(json.dumps(answers(*case), ensure_ascii=False))
