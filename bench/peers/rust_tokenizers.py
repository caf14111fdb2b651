"""The tokenizers library in a process of its own: a line of stdin is a request for one pass over all texts.

    python rust_tokenizers.py tokenizer.json texts.json
"""

import json
import sys
import time

from tokenizers import Tokenizer

tokenizer = Tokenizer.from_file(sys.argv[1])
with open(sys.argv[2], encoding="utf-8") as file:
    texts = json.load(file)
ids = [tokenizer.encode(text).ids for text in texts]
print(json.dumps(ids), flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    for text in texts:
        tokenizer.encode(text).ids
    print(json.dumps({"wall": 1000 * (time.perf_counter() - wall), "cpu": 1000 * (time.process_time() - cpu)}), flush=True)
