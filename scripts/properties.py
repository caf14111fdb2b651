"""Derives what regular expressions know about characters from Oniguruma, as the Rust tokenizers library carries it.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install tokenizers==0.23.3 fonttools
    /tmp/venv/bin/python scripts/properties.py regex > src/tokenizer/regex/tables.ts
    /tmp/venv/bin/python scripts/properties.py pieces > src/tokenizer/pretokenizers/tables.ts && npx biome format --write src/tokenizer

`regex` asks the library which code points every property has, and what each matches regardless of case; fonttools gives
the names of scripts. `pieces` asks where pre-tokenizers split that go by tables of their own.
"""

import sys

from fontTools.unicodedata import Scripts
from tokenizers import Regex, pre_tokenizers
from unicode import SCALARS, encode_long, encode_lower, encode_set, encode_values, runs, varint

ALL = "".join(map(chr, SCALARS))
CATEGORIES = "Cc Cf Cn Co Cs Ll Lm Lo Lt Lu Mc Me Mn Nd Nl No Pc Pd Pe Pf Pi Po Ps Sc Sk Sm So Zl Zp Zs".split()


def found(pattern, text=ALL):
    return [piece for piece, _ in pre_tokenizers.Split(Regex(pattern), "removed", True).pre_tokenize_str(text)]


def members(pattern):
    return {ord(c) for piece in found(f"{pattern}+") for c in piece}


def known(name):
    try:
        Regex(rf"\p{{{name}}}")
        return True
    except Exception:
        return False


def encode_runs(values):
    """(length, value) of neighbouring code points with one value, from U+0000 on."""
    return "".join(varint(end - start) + varint(value) for start, end, value in runs(values))


def categories():
    values = {c: CATEGORIES.index("Cs") for c in range(0xD800, 0xE000)}
    for i, name in enumerate(CATEGORIES):
        values.update(dict.fromkeys(members(rf"\p{{{name}}}"), i))
    assert len(values) == 0x110000
    return values


def scripts():
    """Short and long names of scripts, and the script of each code point, counted from 1."""
    names = [(short, long) for short, long in sorted(Scripts.NAMES.items()) if known(short) and known(long) and long != "Unknown"]
    values = dict.fromkeys(range(0x110000), 0)
    for i, (short, _) in enumerate(names):
        values.update(dict.fromkeys(members(rf"\p{{{short}}}"), i + 1))
    return names, values


def cased():
    changes = lambda c: {c, *c.lower(), *c.upper(), *c.title(), *c.casefold(), *c.swapcase()}
    together = set()
    for c in ALL:
        if len(changes(c)) > 1:
            together |= changes(c)
    together |= set(map(chr, members(r"[\p{Lu}\p{Ll}\p{Lt}]")))
    return sorted(together)


def folds():
    """For what matches others regardless of case, the least of those; and the texts that some match."""
    every = cased()
    spaced = "\n".join(every)
    first, long = {}, {}
    for c in every:
        same = [m for m in found(f"(?i){c}", spaced) if m != "\n"]
        assert c in same
        if len(same) > 1 and c != min(same):
            first[ord(c)] = ord(min(same))
        text = c.casefold()
        if len(text) > 1 and found(f"(?i){c}", text) == [text]:
            long[ord(c)] = text
    return first, long


def export(about, name, text):
    print(f"\n/** {about} */\nexport const {name} =\n  '{text}';")


def regex():
    category = categories()
    of = lambda *names: {c for c, v in category.items() if CATEGORIES[v] in names}
    names, script = scripts()
    first, long = folds()
    print("// Printed by scripts/properties.py. Numbers in base 44 as packed.ts reads them; sets are runs of (gap, length).")
    export("Names of general categories as {@link CATEGORY} counts them.", "CATEGORIES", " ".join(CATEGORIES))
    export("Runs of (length, general category).", "CATEGORY", encode_runs(category))
    export("Short and long names of scripts as {@link SCRIPT} counts them, from 1.", "SCRIPTS", " ".join(f"{s} {l}" for s, l in names))
    export("Runs of (length, script); 0 is none.", "SCRIPT", encode_runs(script))
    alphabetic = members(r"\p{Alphabetic}")
    assert alphabetic >= of("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")
    export("Alphabetic, but neither letters nor letter numbers.", "ALPHABETIC", encode_set(alphabetic - of("Lu", "Ll", "Lt", "Lm", "Lo", "Nl")))
    export("Uppercase, but not Lu.", "UPPERCASE", encode_set(members(r"\p{Uppercase}") - of("Lu")))
    export("Lowercase, but not Ll.", "LOWERCASE", encode_set(members(r"\p{Lowercase}") - of("Ll")))
    export("Emoji.", "EMOJI", encode_set(members(r"\p{Emoji}")))
    export("Extended_Pictographic.", "PICTOGRAPHIC", encode_set(members(r"\p{Extended_Pictographic}")))
    export("Runs of (gap, length, step, distance to the least of those that match regardless of case).", "FOLD", encode_lower(first))
    export("(gap, length, parts): what matches several characters regardless of case.", "FOLD_LONG", encode_long(long))


def numeric():
    """What Digits splits off, each asked for between two letters."""
    together = pre_tokenizers.Digits(individual_digits=True).pre_tokenize_str("".join(f"a{c}" for c in ALL))
    return {ord(piece) for i, (piece, (start, _)) in enumerate(together) if start % 2 and len(piece) == 1}


def groups():
    """Groups of scripts between which UnicodeScripts splits, counted from 0; without what goes with any."""
    pieces = lambda text: [piece for piece, _ in pre_tokenizers.UnicodeScripts().pre_tokenize_str(text)]
    first, values = [], {}
    for run in pieces("".join(c for c in ALL if pieces(c))):
        same = (i for i, c in enumerate(first) if len(pieces(c + run[0])) == 1)
        group = next(same, len(first))
        if group == len(first):
            first.append(run[0])
        values.update(dict.fromkeys(map(ord, run), group))
    return values


def pieces():
    print("// Printed by scripts/properties.py. Numbers in base 44 as packed.ts reads them.")
    export("Runs of (gap, length): numeric to Digits.", "NUMERIC", encode_set(numeric()))
    export("Runs of (gap, length, group of scripts) to UnicodeScripts; others go with any.", "GROUPS", encode_values(groups()))


if __name__ == "__main__":
    {"regex": regex, "pieces": pieces}[sys.argv[1]]()
