"""Derives what tokenizers know about characters from the Rust tokenizers library.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers
    /tmp/venv/bin/python scripts/unicode.py table > src/tokenizer/unicode.ts && npx biome format --write src/tokenizer
    /tmp/venv/bin/python scripts/unicode.py cases tokenizer.json > test/fixtures/tokenizer/cases.jsonl
    /tmp/venv/bin/python scripts/unicode.py parts CHARSMAP > test/fixtures/tokenizer/parts.jsonl

`table` asks the library about every code point and prints the module. `cases` prints adversarial texts with the
library's answers, for the tokenizer.json of an uncased BERT. `parts` prints adversarial texts, and what single parts
make of them; CHARSMAP is a file with a precompiled_charsmap as tokenizer.json has it.
"""

import base64
import json
import random
import sys
import unicodedata

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

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
    for g, after in list(zip(groups, groups[1:])):
        if after["start"] < g["start"] + g["count"] * g["step"]:
            g["count"] -= 1
            last = g["start"] + g["count"] * g["step"]
            groups.insert(groups.index(after), dict(start=last, count=1, step=1, by=g["by"]))
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


def classed():
    """Every character that the library reorders, found by how it sorts against marks of the lowest and the highest class."""
    low, high = "\u0334", "\u0345"
    swaps = lambda a, b: nfd("x" + a + b) != "x" + a + b
    return {c for c in SCALARS if nfd(chr(c)) == chr(c) and (swaps(chr(c), low) or swaps(high, chr(c)))}


def answer(ok, c, got):
    if not ok:
        raise AssertionError(f"U+{c:04X}: {got!r}")


def classify():
    clean, han, lower = bert(clean_text=True), bert(handle_chinese_chars=True), bert(lowercase=True)
    split = pre_tokenizers.BertPreTokenizer().pre_tokenize_str
    unknown = Tokenizer(models.WordPiece({"[UNK]": 0, "[X]": 1}, unk_token="[UNK]"))
    unknown.add_tokens([AddedToken("[X]", single_word=True, normalized=False)])
    compatible, bare = normalizers.NFKD().normalize_str, normalizers.StripAccents().normalize_str
    sets = {name: set() for name in ["DROPPED", "SPACE", "PUNCTUATION", "MARK", "COMBINING", "HAN", "WORD", "DECOMPOSED"]}
    lowers = {}
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
        if bare(ch) == "":
            sets["COMBINING"].add(c)
        if compatible(ch) != ch and c not in HANGUL:
            answer(compatible(ch) == unicodedata.normalize("NFKD", ch) and nfd(ch) == unicodedata.normalize("NFD", ch), c, compatible(ch))
            sets["DECOMPOSED"].add(c)
        if lowered != ch:
            lowers[c] = lowered
    return sets, lowers


def only(mapping, keep):
    return {c: v for c, v in mapping.items() if keep(v)}


def charsmap(rules):
    """A normalizer that rewrites what `rules` name: a double array trie and the texts it leads to, as sentencepiece stores them."""
    texts, units = b"", {}
    root = {}
    for key, text in rules.items():
        node = root
        for byte in key.encode():
            node = node.setdefault(byte, {})
        node[0] = len(texts)
        texts += text.encode() + b"\0"
    blocks = 0

    def place(node, at, label):
        nonlocal blocks
        blocks += 1
        base = 256 * blocks
        units[at] = label | (0 in node) << 8 | (at ^ base) << 10
        for byte, child in node.items():
            if byte == 0:
                units[base] = child | 1 << 31
            else:
                place(child, base ^ byte, byte)

    place(root, 0, 0)
    array = b"".join(units.get(i, 0).to_bytes(4, "little") for i in range(256 * (blocks + 1)))
    return normalizers.Precompiled(len(array).to_bytes(4, "little") + array + texts).normalize_str


def clusters():
    """
    What joins into one character of several code points, seen by what is rewritten: such a character of less than six bytes
    as a whole by the rule that its beginning has, which drops the marks behind it, a longer one code point by code point.
    """
    mark, zwj, pict, virama, ka = "\u0302", "\u200d", "\u2122", "\u094d", "\u0915"
    rewrite = charsmap({"a": "X", pict: "X", ka: "X", "\u0301": "X"})
    whole = lambda text: not rewrite(text).endswith(mark)
    sets = {name: set() for name in ["CONTROL", "EXTEND", "SPACING", "PREPEND", "PICTOGRAPH", "CONSONANT", "LINKER"]}
    for c in SCALARS:
        ch = chr(c)
        joins = rewrite("a" + ch) == "X" and ch not in "\r\n"
        if joins:
            extends = not whole("\u00a9" + ch + zwj + pict + mark)
            sets["EXTEND" if extends else "SPACING"].add(c)
        elif ch != "a" and whole(ch + "\u0301" + mark):
            sets["CONTROL"].add(c)
        if not whole(ch + "a" + mark):
            sets["PREPEND"].add(c)
        if not whole(ch + zwj + pict + mark):
            sets["PICTOGRAPH"].add(c)
        if not whole(ch + virama + ka + mark):
            sets["CONSONANT"].add(c)
        if not whole(ka + ch + ka + mark):
            sets["LINKER"].add(c)
    return sets


def table():
    sets, lowers = classify()
    one = lambda v: len(v) == 1
    many = lambda v: len(v) > 1
    strings = {name: encode_set(members) for name, members in {**sets, "CLASSED": classed(), **clusters()}.items()}
    strings["LOWER"] = encode_lower({c: ord(v) for c, v in only(lowers, one).items()})
    strings["LOWER_LONG"] = encode_long(only(lowers, many))
    about = {
        "DROPPED": "Removed by clean_text.",
        "SPACE": "Whitespace.",
        "PUNCTUATION": "A word of its own.",
        "MARK": "Removed by strip_accents of BERT, once decomposed.",
        "COMBINING": "Removed by StripAccents.",
        "CLASSED": "Has a combining class.",
        "HAN": "Set apart by tokenize_chinese_chars.",
        "WORD": "Part of a word next to a single_word token.",
        "DECOMPOSED": "Other than its compatible decomposition, Hangul aside.",
        "CONTROL": "Joins with nothing.",
        "EXTEND": "Joins with what is before.",
        "SPACING": "Joins with what is before, but not across it.",
        "PREPEND": "Joins with what is behind.",
        "PICTOGRAPH": "Joins with one like it behind a joiner.",
        "CONSONANT": "Joins with one like it behind a linker.",
        "LINKER": "Links consonants.",
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


def joined(rng, pools):
    """Code points that decide where characters end."""
    few = ["\r\n", "\u0301", "\u200d", "\u094d", "\u0915", "\u2122", "\u00a9", "\u0600", "\u1112", "\u1161", "\u11ab", "\u0958", "\u0344"]
    kinds = [lambda: chr(rng.choice(rng.choice(pools))), lambda: rng.choice(few), lambda: rng.choice(["a", "e", " ", "\n", "\u2581", "word"])]
    return "".join(rng.choices(kinds, [5, 3, 2])[0]() for _ in range(rng.randint(1, 9)))


def parts(path):
    rng = random.Random(21)
    precompiled = normalizers.Precompiled(base64.b64decode(open(path).read()))
    pools = [sorted(members) for members in clusters().values()]
    texts = [fuzzed(rng) for _ in range(70)] + [joined(rng, pools) for _ in range(150)]
    n, p = normalizers, pre_tokenizers
    lows = [n.NFC(), n.NFD(), n.NFKC(), n.NFKD(), n.Lowercase(), n.StripAccents(), n.Strip(), n.Strip(left=False), n.Replace("a", "bb"), precompiled]
    lows += [n.Replace(Regex(r"\s+|e{2,}"), "_"), n.BertNormalizer(strip_accents=True, lowercase=False), n.Sequence([n.NFKD(), n.StripAccents(), n.Strip()])]
    pres = [p.BertPreTokenizer(), p.WhitespaceSplit(), p.Sequence([p.WhitespaceSplit(), p.Punctuation(), p.Metaspace("_", "first")])]
    pres += [p.Punctuation(b) for b in ("removed", "isolated", "contiguous", "merged_with_previous", "merged_with_next")]
    pres += [p.Metaspace("\u2581", "always"), p.Metaspace("\u2581", "first", split=False), p.Metaspace("_", "never")]
    print(json.dumps(texts))
    for part in lows + pres:
        tokenizer = Tokenizer(models.BPE())
        name = "normalizer" if part in lows else "pre_tokenizer"
        setattr(tokenizer, name, part)
        answer = part.normalize_str if part in lows else part.pre_tokenize_str
        component = json.loads(tokenizer.to_str())[name]
        if part is precompiled:
            component["precompiled_charsmap"] = ""
        answers = [None if answer(text) == text else answer(text) for text in texts]
        print(json.dumps({name: component, "answers": answers}, separators=(",", ":")))


if __name__ == "__main__":
    {"table": table, "cases": cases, "parts": parts}[sys.argv[1]](*sys.argv[2:])
