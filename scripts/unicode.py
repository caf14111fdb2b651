"""Derives what the BERT tokenizer knows about characters from the Rust tokenizers library.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
    /tmp/venv/bin/python scripts/unicode.py table > src/tokenizer/unicode.ts && npx biome format --write src/tokenizer
    /tmp/venv/bin/python scripts/unicode.py cases tokenizer.json > test/fixtures/tokenizer/cases.jsonl

`table` asks the library about every code point and prints the module. `cases` prints adversarial texts with the
library's answers, for the tokenizer.json of an uncased BERT.
"""

import json
import random
import sys
import unicodedata

from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
HANGUL = range(0xAC00, 0xAC00 + 11172)
DIGITS = [chr(c) for c in range(37, 127) if chr(c) not in "'\\"]
BASE = len(DIGITS) // 2


def bert(**on):
    off = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return normalizers.BertNormalizer(**{**off, **on}).normalize_str


nfd = normalizers.NFD().normalize_str
strip = bert(strip_accents=True)


def varint(n):
    """Base 44, most significant digit first; the digits before the last are raised by 44."""
    out = DIGITS[n % BASE]
    while n := n // BASE:
        out = DIGITS[BASE + n % BASE] + out
    return out


def signed(n):
    return varint(2 * n if n >= 0 else -2 * n - 1)


def runs(values):
    """[start, end, value] for stretches of neighbouring code points with one value."""
    out = []
    for c, v in sorted(values.items()):
        if out and out[-1][1] == c and out[-1][2] == v:
            out[-1][1] = c + 1
        else:
            out.append([c, c + 1, v])
    return out


def encode_set(members):
    text, at = "", 0
    for start, end, _ in runs(dict.fromkeys(members, 0)):
        text += varint(start - at) + varint(end - start)
        at = end
    return text


def encode_ranks(ranks):
    text, at = "", 0
    for start, end, rank in runs(ranks):
        text += varint(start - at) + varint(end - start) + varint(rank)
        at = end
    return text


def encode_strip(strips):
    """Neighbours share a run: gap, count, then for each the distance from the target before."""
    text, at, target = "", 0, 0
    for start, end, _ in runs(dict.fromkeys(strips, 0)):
        text += varint(start - at) + varint(end - start)
        for c in range(start, end):
            text += signed(strips[c] - target)
            target = strips[c]
        at = end
    return text


def encode_lower(lowers):
    """Runs of one step (1, or 2 where cases alternate) and one distance: gap, count, step, distance."""
    groups = []
    for c, target in sorted(lowers.items()):
        g = groups[-1] if groups else None
        step = c - (g["start"] + (g["count"] - 1) * g["step"]) if g else 0
        if g and target - c == g["by"] and (step == g["step"] or (g["count"] == 1 and step == 2)):
            g["step"] = step
            g["count"] += 1
        else:
            groups.append(dict(start=c, count=1, step=1, by=target - c))
    text, at = "", 0
    for g in groups:
        text += varint(g["start"] - at) + varint(g["count"]) + varint(g["step"]) + signed(g["by"])
        at = g["start"] + g["count"] * g["step"]
    return text


def encode_long(longs):
    text, at = "", 0
    for c, target in sorted(longs.items()):
        text += varint(c - at) + varint(len(target))
        at, before = c, c
        for t in map(ord, target):
            text += signed(t - before)
            before = t
    return text


def combining_classes():
    """ccc of every character that the library reorders, found by how it sorts against known marks."""
    known = {}
    for c in SCALARS:
        ccc, mark = unicodedata.combining(chr(c)), chr(c)
        moves = nfd("x\u0345" + mark)[1] == mark if ccc < 240 else nfd("x" + mark + "\u0334")[1] != mark
        if ccc and ccc not in known and moves:
            known[ccc] = mark
    low, high = known[min(known)], known[max(known)]
    swaps = lambda a, b: nfd("x" + a + b) != "x" + a + b
    classes = {}
    for c in SCALARS:
        ch = chr(c)
        if nfd(ch) == ch and (swaps(ch, low) or swaps(high, ch)):
            same = [k for k, mark in known.items() if not swaps(ch, mark) and not swaps(mark, ch)]
            assert len(same) == 1, hex(c)
            classes[c] = same[0]
    return classes


def answer(ok, c, got):
    if not ok:
        raise AssertionError(f"U+{c:04X}: {got!r}")


def classify():
    clean, han, lower = bert(clean_text=True), bert(handle_chinese_chars=True), bert(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    unknown = Tokenizer(models.WordPiece({"[UNK]": 0, "[X]": 1}, unk_token="[UNK]"))
    unknown.add_tokens([AddedToken("[X]", single_word=True, normalized=False)])
    sets = {name: set() for name in ["DROPPED", "SPACE", "PUNCTUATION", "MARK", "HAN", "WORD"]}
    strips, lowers = {}, {}
    for c in SCALARS:
        ch = chr(c)
        cleaned, words, stripped, lowered = clean("a" + ch + "b"), split("a" + ch + "b"), strip(ch), lower(ch)
        words = [w for w, _ in words]
        answer(cleaned in ("ab", "a b", "a" + ch + "b"), c, cleaned)
        answer(words in (["a", "b"], ["a", ch, "b"], ["a" + ch + "b"]), c, words)
        answer(cleaned != "a b" or words == ["a", "b"], c, words)
        answer(stripped == "".join(x for x in nfd(ch) if strip(x)), c, stripped)
        if cleaned == "ab":
            sets["DROPPED"].add(c)
        if words == ["a", "b"]:
            answer(cleaned in ("ab", "a b"), c, cleaned)
            sets["SPACE"].add(c)
        if words == ["a", ch, "b"]:
            sets["PUNCTUATION"].add(c)
        if stripped == "":
            sets["MARK"].add(c)
        if han(ch) == f" {ch} ":
            sets["HAN"].add(c)
        if unknown.encode(ch + "[X]").ids != [0, 1] and words != ["a", "b"]:
            sets["WORD"].add(c)
        if stripped not in ("", ch) and c not in HANGUL:
            strips[c] = stripped
        if lowered != ch:
            lowers[c] = lowered
    return sets, strips, lowers


def observable_ranks(classes, marks):
    """
    Order among marks shows only through the ones that stay after stripping, so a class counts as the interval
    between theirs that it falls in. A character that decomposes and is stripped whole moves as its first part.
    """
    stay = sorted({ccc for c, ccc in classes.items() if c not in marks})
    rank = lambda ccc: 1 + 2 * sum(s < ccc for s in stay) + (ccc in stay)
    ranks = {c: rank(ccc) for c, ccc in classes.items()}
    for c in marks:
        first = ord(nfd(chr(c))[0])
        if first in classes:
            ranks[c] = rank(classes[first])
    return ranks


def only(mapping, keep):
    return {c: v for c, v in mapping.items() if keep(v)}


def table():
    sets, strips, lowers = classify()
    ranks = observable_ranks(combining_classes(), sets["MARK"])
    one = lambda v: len(v) == 1
    many = lambda v: len(v) > 1
    strings = {name: encode_set(members) for name, members in sets.items()}
    strings["RANK"] = encode_ranks(ranks)
    strings["STRIP"] = encode_strip({c: ord(v) for c, v in only(strips, one).items()})
    strings["STRIP_LONG"] = encode_long(only(strips, many))
    strings["LOWER"] = encode_lower({c: ord(v) for c, v in only(lowers, one).items()})
    strings["LOWER_LONG"] = encode_long(only(lowers, many))
    about = {
        "DROPPED": "Removed by clean_text.",
        "SPACE": "Whitespace.",
        "PUNCTUATION": "A word of its own.",
        "MARK": "Nothing is left of it when accents are stripped.",
        "HAN": "Set apart by tokenize_chinese_chars.",
        "WORD": "Part of a word next to a single_word token.",
        "RANK": "Runs of (gap, length, rank): marks that sort, and where among each other.",
        "STRIP": "Runs of (gap, length, targets): what is left without accents, Hangul aside.",
        "STRIP_LONG": "(gap, length, parts): the same where more than one character is left.",
        "LOWER": "Runs of (gap, length, step, distance to the lower case).",
        "LOWER_LONG": "(gap, length, parts): the same where it has more than one character.",
    }
    print("// Printed by scripts/unicode.py. Numbers in base 44 as characters.ts reads them; sets are runs of (gap, length).")
    for name, text in strings.items():
        print(f"\n/** {about[name]} */\nexport const {name} =\n  '{text}';")


def case_tokenizer(path, lower, accents):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower, strip_accents=accents)
    return tokenizer


SPECIALS = ["[CLS]", "[SEP]", "[MASK]", "[PAD]", "[UNK]", "[MASK", "mask]", "[cls]", "[[SEP]]"]
PLAIN = ["the", "unaffable", "Jim", "Henson", "tokenization", "don't", "3.14", "e-mail", "…", "ﬁ", "İstanbul", "ΟΔΟΣ", "x" * 101]
ODD = "\u0344\u0f73\u0f81\u0c48\u0cc7\u0ccb\u0dde\u1d15e\U0001d15e\U0001d160\U0001d165\U0001d16d\u302e\u302f\ua953\u1b44\u08e0\u0334\u0327\u0345\u0301"
RANGES = [(0x20, 0x7F), (0, 0x20), (0x80, 0x250), (0x300, 0x370), (0x370, 0x600), (0x600, 0xE00), (0xE00, 0x1200), (0x1D00, 0x2100),
          (0x2000, 0x2070), (0x2100, 0x2C00), (0x2C00, 0x3100), (0x3041, 0x3200), (0x4E00, 0xA000), (0xA000, 0xAC00), (0xAC00, 0xD7A4),
          (0xF900, 0xFB00), (0xFB00, 0x10000), (0x10000, 0x11A00), (0x1D100, 0x1D800), (0x1E000, 0x1EF00), (0x1F300, 0x1FB00),
          (0x20000, 0x20100), (0x2B800, 0x2B930), (0x2F800, 0x2FA20), (0xE0000, 0xE0200), (0x10FF00, 0x110000)]


def fuzzed(rng):
    out = []
    for _ in range(rng.randint(0, 14)):
        kind = rng.random()
        if kind < 0.1:
            out.append(rng.choice(SPECIALS))
        elif kind < 0.35:
            out.append(rng.choice(PLAIN))
        elif kind < 0.45:
            out.append(rng.choice(" \t\n\u00a0\u3000\u200b\u0085\u2028\u000b\ufeff"))
        elif kind < 0.6:
            out.append("".join(rng.choice(ODD) for _ in range(rng.randint(1, 5))))
        else:
            low, high = rng.choice(RANGES)
            out.append("".join(chr(rng.randrange(low, high)) for _ in range(rng.randint(1, 5))))
        if rng.random() < 0.3:
            out.append(" ")
    return "".join(out)


def cases(path, count=320):
    rng = random.Random(20)
    for i in range(count):
        lower, accents = rng.choice([(True, None), (True, None), (True, False), (False, None), (False, True)])
        tokenizer = case_tokenizer(path, lower, accents)
        case = {"do_lower_case": lower, "strip_accents": accents, "text": fuzzed(rng)}
        if rng.random() < 0.4:
            case["pair"] = fuzzed(rng)
        if rng.random() < 0.5:
            case["max_length"] = rng.randint(3, 24)
            case["truncation"] = rng.choice(["longest_first", "longest_first", "only_first", "only_second"])
            tokenizer.enable_truncation(case["max_length"], strategy=case["truncation"])
        try:
            encoding = tokenizer.encode(case["text"], case.get("pair"))
        except Exception:
            case["fails"] = True
        else:
            case.update(input_ids=encoding.ids, token_type_ids=encoding.type_ids, tokens=encoding.tokens, offsets=encoding.offsets)
        print(json.dumps(case, separators=(",", ":")))


if __name__ == "__main__":
    {"table": table, "cases": cases}[sys.argv[1]](*sys.argv[2:])
