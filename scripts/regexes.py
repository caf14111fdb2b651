"""Prints regular expressions and what Oniguruma, as the Rust tokenizers library carries it, finds by them.

    /tmp/venv/bin/python scripts/regexes.py regexes | gzip -9n > test/fixtures/tokenizer/regexes.jsonl.gz
    /tmp/venv/bin/python scripts/regexes.py splits | gzip -9n > test/fixtures/tokenizer/splits.jsonl.gz
    /tmp/venv/bin/python scripts/regexes.py points > test/fixtures/tokenizer/points.jsonl

The first line are texts. For `regexes` each other line is a pattern with the starts and ends of its matches, in code
points, text by text, or with `fails`, what the library says of a pattern that it refuses. For `splits` it is a
pre-tokenizer with the starts and ends of its pieces. For `points` each line is a pre-tokenizer with the number of starts
and ends of its pieces of all code points in order, and the SHA-256 of those, one after the other.
"""

import hashlib
import json
import random
import sys

from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers

SPLITS = [
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+",
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+",
    r" ?[^(\s|[.,!?…。，、।۔،])]+",
    r"[\u4e00-\u9fff\u3040-\u309f\u30a0-\u30ff]+",
    r"[!\"#$%&'()*+,\-./:;<=>?@\[\]^_`{|}~]+",
    r"(?:\r?\n)+(?!\r?\n)",
    r"\d{1,3}(?=(?:\d{3})*\b)",
    r"[\p{P}\p{S}&&[^']]+|'",
    r"[A-Za-z\p{Cyrillic}]+(?:['’-][A-Za-z]+)*",
    r"(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})",
    r"(?<![A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])",
    r"\s?\p{Han}|\p{Hiragana}+|\p{Katakana}+|\p{Hangul}+|\p{Thai}+|\p{Arabic}+|\p{Devanagari}+|\p{Latin}+",
]
SYNTAX = r"""
a(?i)b|c|(?i)ss|(?i)ß|(?i)[ß]|(?i)[^ß]+|(?i)k+|(?i)\p{Lu}+|(?i)[\p{Lu}]+|(?i)[a-c]+|(?i)\u00b5|(?i)[^a]+|(?i)sss|(?i)ss+|(?i)s+s|(?i)(?:s)s|(?i)s(?-i)s|(?i)ff|(?i)ﬀ|(?i)ffi|(?i)ﬃ|(?i)ﬅ|(?i)st|(?i)[ﬅ]|(?i)ŉ|(?i)ʼn
(?i)i̇|(?i)İ|(?i)i|(?i)ı|(?i)I|(?i)σ+|(?i)ς|(?i)ǰ|(?i)[a-z&&[^k]]+|(?i)[[^a]]|(?i)[^[^a]]|(?i)ẞ|(?i)Ω|(?i)å|(?i)ǆ|(?i)ᾳ|(?i)αι|(?i)[\w&&[^a-y]]+|(?i)x{2}y?|(?i:a)B|(?i-i:a)B|(?-i:a)|(?i)\x41|(?i)\p{Ll}|(?i)[[:upper:]]+|(?i)[[:lower:]]
(?m).|(?m).+|.|.+|.*|^|$|^a|a$|^.|.$|a\Z|a\z|\Aa|\A|\z|\Z|\b|\B|\Ga|\G|\bx|\b\w+\b|\w+\b|\B\w|(?m)a.|(?-m).|(?m:.)a|(?im)A.|(?x) a b # c|(?x)a\ b|(?x)[a b]+|(?x: a )b|(?x)a #c)|(?xi) A | b
a++b|a*+a|a?+a|a{2}+|a{,2}|a{2}?|a{1,2}?|a{1,2}+|a{2,1}|a{b|a{1,|a{,}|a{}|{|{a}|a{ 1}|a{1 }|a{,2}?|a{0}b|a{0,0}b|a{3,}|a{2,}?|a{1,3}b|a{1,3}?b|(?:ab){1,2}|(?:ab){2}?|(?:ab){1,2}?|(?:ab){1,2}+a|(?:ab)++a|(?:a|ab)+c|(?:a|ab)++c|(?:a|ab)*?c
a**|a+*|a*+*|a?*|a*?*|a+?*|a??*|a??+|(?:a?)?|(?:a??)?b|(?:a+)?|(?:a+)??|(?:a*?)+b|(?:a??)*b|(?:a?)*?b|(?:a|b?)*c|(?:a*)*|(?:a*)+|(?:a*)+b|(a|b*)*c|(?:a|b*)*?c|(?:(?:a?)*)*b|(?:a?b?)*c|(?:b?a?)+|(?:|a)+|(?:|a)*b|(?:a|)+|(?:a|)+?b|(?:\b|a)+|(?:(?=a)|b)*a|(?:^|a)+|(?:a{0,2}){2,3}|(?:a?){3}|(?:a?){2,}|(?:){3}a|(?:a*?){2}|(?:^a|b)+
*a|+a|?a|a|(*a)|()|(|a)|(a|)|a|(?:)|(?#c)a|(?#c\)d)a|(?#c|a||b|(a)(b)|((a)|b)+|(?<n>a)|(?'n'a)|(?<n>a|b)+|(?>a|ab)c|(?>a*)a|(?>ab|a)b|(?>a|b)+|(?:a|ab)(?=c)|(?=a)|(?!a)|(?=ab)a|(?!ab)a|(?=a*b)a|(?!a*b)a|(?=(?!ab)a)a|(?=a)*|(?=a)+a|(?!a)*|(?=a)?a|(?=a){2}a
(?<=a)|(?<!a)|(?<=a)b|(?<!a)b|(?<=a|bc)d|(?<=a+)b|(?<=a*)b|(?<=ab?)c|(?<!a.)b|(?<!ab|c)d|(?<=(a))b|(?<=(?:a))b|(?<=^)a|(?<=^a)b|(?<=\b)a|(?<=a{2})b|(?<=a{1,2})b|(?<=[ab]+c)d|(?<!\w)\w|(?<=\s)\S+|(?<!\s)\s|(?<=(?<=a)b)c|(?<!(?<!a)b)c|(?<=(?<!a)b)c|(?<!(?<=a)b)c|(?<=é)a|(?<=😀)|(?<=.)b|(?<=\n)a|(?<=$)|(?<=a$)|(?<=(?i)A)b|(?i)(?<=A)b|(?<=(?=a)a)b|(?<=(?!a)b)c|(?<=(?>a))b|(?<=a++)b|(?<!a++)b|(?<!(a))b|(?<=\R)a|(?<=ß)s|(?i)(?<=ss)x|(?<=)a|(?<!)a
\h+|\H+|\R|\R+|\R\R|\N|\N+|\O|\O+|\d+|\D+|\s+|\S+|\w+|\W+|[\w]+|[\W]+|[^\w]+|[^\w\s]+|[\d]+|[\s]+|[\h]+|[\H]+|[\S]+|[\D]+|\e|\a|\f|\v|\n|\t|\r|[\n\t\r\f\v\a\e]+|[\b]|[\R]|[\N]|[\O]|[\X]|[\A]|[\z]|[\K]|[\k]|[\y]|[\B]|[\G]|[\Z]|[\p]|\p|\P|\pL|\p{|\p{}|\p{^}|[\p{L}]+|[^\p{L}]+|[\P{L}]+|[\p{^L}]+|\P{^L}+|\p{^L}+|[^\P{L}]+
\_|\q|\é|\8|\08|\0|\00|\000|\0000|\012|\101|\1|(a)\1|(?<n>a)\k<n>|\g<1>(a)|\x|\x4|\x41|\x{41}|\x{1F600}|\x{00000041}|\x{110000}|\x{d800}|\x{}|\x{g}|\xe9|\xc3\xa9|\u0041|\u00e9|\u41|\ud83d\ude00|\U0041|\cA|\C-a|\M-a|\c|\C|\c[|\c\\|\c?|\Q|\E|[\x41-\x43]+|[\u0041-\u0043]|[\x{41}-\x{43}]|[\101]|[\0-\x20]+|[\cA]|\x{41 42}
[a&&b]|[a-z&&[^b]]+|[a&&]|[&&a]|[^a-c&&b]+|[^a&&a]|[a-c&&b-d]+|[a-d&&b-e&&c-f]|[a-z&&[aeiou]]+|[a-z&&aeiou]+|[a&b]+|[a&&&b]|[&]|[&&]|[[:alpha:]&&[^a]]+|[\w&&[^\d]]+|[[a-c]&&[b-d]]|[^[a-c]&&[b-d]]|[^[^a]]|[[^a]b]
[[:alpha:]]+|[[:^alpha:]]+|[[:digit:]]+|[[:space:]]+|[[:punct:]]+|[[:upper:]]+|[[:lower:]]+|[[:alnum:]]+|[[:word:]]+|[[:xdigit:]]+|[[:cntrl:]]|[[:graph:]]+|[[:print:]]+|[[:blank:]]+|[[:ascii:]]+|[^[:alpha:]]+|[[:alpha:][:digit:]]+|[a[:digit:]b]+|[[:foo:]]|[[:alpha:]|[:alpha:]|[[:ALPHA:]]|[[:alpha]|[[:a]|[[: alpha:]]|[[.a.]]|[[=a=]]|[[:^foo:]]
[]a]|[]|[^]|[^]a]+|[a]]|[[]|[[a]|[a-]+|[-a]+|[a-c-e]+|[a-c-]+|[--a]|[a--]|[a--b]|[+--]+|[a-\d]|[\d-a]|[\d-]+|[a-[b]]|[c-a]|[a-a]|[a\-c]+|[a\]b]+|[\[\]]+|[\\]|[a[bc]]+|[^a[bc]]+|[a[^b]]+|[.]|[*+?]+|[$^]+|[\^a]+|[^^]|[a^]|[a|b]+|[(a)]+|[{}]+|[#]|[ ]|[é]|[à-ü]+|[😀-😎]+|[^😀]+|[\-]|[a-\]]|[\w-]+|[\w-a]|[-\w]+|[\s\S]|[^\s\S]|[a-z-[b]]|[[a-z]-b]+|[a-[:digit:]]|[[:digit:]-a]|[x-\x7a]+
\p{L}+|\p{Lu}|\p{Ll}+|\p{Lt}|\p{Lm}|\p{Lo}+|\p{M}+|\p{Mn}|\p{N}+|\p{Nd}|\p{Nl}|\p{No}|\p{P}+|\p{Pc}|\p{Pd}|\p{Ps}|\p{Pe}|\p{Pi}|\p{Pf}|\p{Po}|\p{S}|\p{Sm}|\p{Sc}|\p{Sk}|\p{So}|\p{Z}+|\p{Zs}|\p{Zl}|\p{C}|\p{Cc}|\p{Cf}|\p{Cn}|\p{Co}|\p{Cs}|\p{LC}+|\p{L&}|\p{Letter}+|\p{ l e t t e r }|\p{UPPERCASE_LETTER}|\p{Uppercase-Letter}|\p{Han}+|\p{han}|\p{Hani}|\p{Latin}+|\p{Latn}|\p{Greek}|\p{Common}+|\p{Inherited}|\p{Zyyy}|\p{Zinh}|\p{Unknown}|\p{Hiragana}|\p{Alpha}+|\p{Alnum}+|\p{Alphabetic}|\p{Upper}+|\p{Lower}+|\p{Uppercase}|\p{Lowercase}|\p{Punct}+|\p{Space}|\p{White_Space}|\p{Any}|\p{ASCII}+|\p{Assigned}|\p{XDigit}|\p{Digit}|\p{Word}+|\p{Blank}|\p{Cntrl}|\p{Graph}+|\p{Print}+|\p{Emoji}|\p{Extended_Pictographic}|\p{Foo}|\p{Is_L}|\p{IsL}|\p{Script=Latin}|\p{sc=Latn}|\p{gc=L}|\p{Lx}|\p{L
(?~ab)|(?(1)a|b)|(a)(?(1)b|c)|(?{x})|(*FAIL)|(?|a)|(?P<n>a)|(?&n)|(?R)|(?i|(?i-|(?i:|(?s)a|(?u)a|(?a)a|(?W)\w|(?y{g})a|(?I)a|(?:a|(a|a)|)|(?|(?=|(?<|(?<n|(?<n>|(?<>a)|(?<1>a)|(?<n-a>a)|(?i)|(?i)(?-i)a|(?ii)A|(?i--i)A|(?-)a|(?)a|(?:a)(?i)b|(a(?i)b)c|a(?i)b(?-i)c|(?^i)a|(?C)a
^*|^+a|$*|\b+|\b*a|\b?a|\A*a|\B+|\z?|\G*|(?:^)*a|(?:\b)+|(?<=a)*b|(?<!a)+b|(?=a)?+|\K|a\Kb|\X|\X+|\y|\Y|e\X|a{1001}|a{100000}|a{100001}|a{0,100000}b|(?:a{2}){3}|(?:a{1,2}b?){2,3}|a{01}|a{1,02}
""".strip()
TEXTS = [
    "", "a", "aa", "aab", "aaab", "abc", "abab", "ababa", "bcd ad acb db", "cab", "a\nb", "a\n", "b\na\ra\n\n", "a\r\nb\r\n", "AbC aBcD", "xßXSSſs sss",
    "ss SS ß ẞ ſs ﬀ ff FFI ﬃ ﬅ st ﬆ", "kK\u212a İ i\u0307 ı I ŉ ʼn", "Σςσ µμΜ Ωω\u2126 Åå\u212b ǄǅǆᾳᾼΑΙ ǰ", "It's 1234567 o'clock, they'LL say: \"we'Re\" don'ſ x\u00b2\u00bd",
    " \t\u00a0\u3000\u2028\u2029\u0085\u001c\u180e\u200b ", "日本語テキスト、ひらがな한국어ภาษาไทย العربية हिन्दी", "👩🏽\u200d💻😀😎 a\u0301e\u0301 Ⅷⓐ ٣4½",
    "HTTPServer2Go camelCase snake_case kebab-case", "\x01\x07\x08\x0b\x0c\x1b\x7f\x00", "a{b a{1, {a} a{} a{,} [:a-c] -]^\\|()*+?.$#&", "\u0378\ue000\uffff\U0010ffff\u00ad", "a b  ab   A B",
    "pPqQ8_0xé Äöü 'x' <n> A\x01B\x1f", "aaaaaaaaaaaaab", "dcbabcd-e--a", "\u2160 \u00aa \u01c5 \u02b0 \u0300 \u20ac ^ + _ « » ( ) – ’",
]
ATOMS = ["a", "b", "c", "\\w", "\\s", "[ab]", "[^a]", ".", "é", "\\b", "^", "$", "(?=a)", "(?!b)", "(?<=a)", "(?<!b)", "\\p{L}", "ab", "bc", "(?i:A)", "(?<=ab|c)", "\\R"]
COUNTS = ["", "", "", "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{1,2}", "{0,2}?", "{2,}", "{,1}"]


def pieces(line):
    """Alternatives of a line at its top, each a pattern; and the whole line cut blindly, for patterns that are none."""
    seen, depth, bracket, start, i = [], 0, False, 0, 0
    while i < len(line):
        c = line[i]
        if c == "\\":
            i += 1
        elif c == "(" and not bracket:
            depth += 1
        elif c == ")" and not bracket:
            depth = max(0, depth - 1)
        elif c == "|" and depth == 0:
            seen.append(line[start:i])
            start = i + 1
        i += 1
    return dict.fromkeys(seen + [line[start:]] + line.split("|"))


def grown(rng, depth):
    parts = []
    for _ in range(rng.randint(1, 3)):
        atom = rng.choice(ATOMS)
        if depth and rng.random() < 0.4:
            opening = rng.choice(["(?:", "(?:", "(", "(?>", "(?=", "(?!"])
            atom = opening + "|".join(grown(rng, depth - 1) for _ in range(rng.randint(1, 3))) + ")"
        count = rng.choice(COUNTS)
        if len(atom) > 1 and not atom.startswith(("[", "(", "\\w", "\\s", "\\p", "\\R")):
            atom = atom if atom[0] in "\\^$" else f"(?:{atom})"
        if atom in ("\\b", "^", "$"):
            count = ""
        parts.append(atom + count)
    return "".join(parts)


def answer(pattern):
    try:
        regex = Regex(pattern)
    except Exception as error:
        return {"pattern": pattern, "fails": str(error)}
    split = pre_tokenizers.Split(regex, "removed", True)
    replace = normalizers.Replace(regex, "\x02")
    return {"pattern": pattern, "found": [matches(split, replace, text) for text in TEXTS]}


def matches(split, replace, text):
    """Starts and ends; the library tells of empty matches only by what it puts in their places."""
    ends = {start: end for _, (start, end) in split.pre_tokenize_str(text)}
    out, at = [], 0
    between = replace.normalize_str(text).split("\x02")
    for plain in between[:-1]:
        at += len(plain)
        out += [at, ends.get(at, at)]
        at = out[-1]
    assert at + len(between[-1]) == len(text), (text, between, ends)
    return out


def regexes():
    rng = random.Random(22)
    patterns = list(SPLITS)
    for line in SYNTAX.split("\n"):
        patterns += pieces(line)
    patterns += ["|".join(grown(rng, 2) for _ in range(rng.randint(1, 2))) for _ in range(700)]
    print(json.dumps(TEXTS))
    for pattern in dict.fromkeys(patterns):
        print(json.dumps(answer(pattern), separators=(",", ":")))


def splits():
    texts = [text for text in TEXTS if text]
    print(json.dumps(texts))
    for pattern in ["a", "ab", " ", ""] + [Regex(p) for p in [r"\s", r"\b", "a?", "(?=a)", r"\p{L}+|\p{N}", "[^a]", r"(?<=\s)", "ab|b", ""]]:
        for behavior in ["removed", "isolated", "contiguous", "merged_with_previous", "merged_with_next"]:
            for invert in [False, True]:
                split(pre_tokenizers.Split(pattern, behavior, invert), texts)
    for part in [pre_tokenizers.CharDelimiterSplit("\U0001f600"), pre_tokenizers.FixedLength(2), pre_tokenizers.UnicodeScripts()]:
        split(part, texts)


POINTS = r"""
\w+ [\w]+ \s+ \d+ \h+ \R+ [[:punct:]]+ [[:print:]]+ [[:graph:]]+ \p{Alnum}+ [[:alpha:]]+ \p{Upper}+ \p{Lower}+ \p{Lu}+ \p{Ll}+ \p{Lt}+ \p{Lm}+
\p{Lo}+ \p{M}+ \p{Mn}+ \p{N}+ \p{No}+ \p{P}+ \p{Po}+ \p{S}+ \p{Z}+ \p{C}+ \p{Cf}+ \p{Common}+ \p{Han}+ \p{Latin}+ \p{Unknown}+ \p{Emoji}+
\p{Extended_Pictographic}+ (?i)[\p{Lu}]+ (?i)[a-z]+ (?i)[[:lower:]]+
""".split()


def points():
    text = "".join(chr(c) for c in range(0x110000) if not 0xD800 <= c < 0xE000)
    parts = [pre_tokenizers.Split(Regex(pattern), "isolated", False) for pattern in POINTS]
    for part in parts + [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(True), pre_tokenizers.UnicodeScripts()]:
        ends = [at for _, offsets in part.pre_tokenize_str(text) for at in offsets]
        digest = hashlib.sha256(",".join(map(str, ends)).encode()).hexdigest()
        print(json.dumps({"component": written(part), "count": len(ends), "sha256": digest}, separators=(",", ":")))


def written(part):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = part
    return json.loads(tokenizer.to_str())["pre_tokenizer"]


def split(part, texts):
    answers = [[at for _, offsets in part.pre_tokenize_str(text) for at in offsets] for text in texts]
    print(json.dumps({"component": written(part), "answers": answers}, separators=(",", ":")))


if __name__ == "__main__":
    {"regexes": regexes, "splits": splits, "points": points}[sys.argv[1]]()
