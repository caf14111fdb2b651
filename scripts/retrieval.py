"""Makes folders of late interaction and of routes, and asks sentence-transformers what they answer.

    python -m venv /tmp/venv && /tmp/venv/bin/pip install sentence-transformers==6.2.0 transformers==5.23.0
    /tmp/venv/bin/python scripts/retrieval.py test/fixtures

Weights are seeded. Folders of PyLate and of Stanford's ColBERT are written as those libraries write them; routes as sentence-transformers saves them.
"""

import json
import os
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "critical"

import torch  # noqa: E402
from safetensors.torch import load_file, save_file  # noqa: E402
from sentence_transformers import MultiVectorEncoder, SentenceTransformer, SparseEncoder  # noqa: E402
from sentence_transformers.sentence_transformer.modules import Dense, Normalize, Pooling, Router, StaticEmbedding, Transformer  # noqa: E402
from sentence_transformers.sparse_encoder.modules import SparseStaticEmbedding, SpladePooling  # noqa: E402
from tokenizers import Tokenizer  # noqa: E402
from transformers import AutoTokenizer, BertConfig, BertForMaskedLM, BertModel  # noqa: E402

TOP = sys.argv[1]
ENCODER = f"{TOP}/sentence/encoder"
EAGER = dict(attn_implementation="eager")
QUERIES = ["A man is eating food in Paris.", "I can't believe it's not butter!", "the quick brown fox jumps over the lazy dog again and again"]
DOCUMENTS = QUERIES + ["Hello", "İstanbul ve Köln, Straße 12 test", "John Smith works at Acme Corp. in New York City; Mary-Ann O'Neill doesn't. " * 2]
WIDTH, HIDDEN = 8, 16


def write(path, content):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf8") as file:
        json.dump(content, file, ensure_ascii=False)


def listed(value):
    if isinstance(value, torch.Tensor):
        return [round(number, 8) for number in value.tolist()] if value.ndim == 1 else [listed(row) for row in value]
    return [listed(each) for each in value]


def config(**changes):
    with open(f"{ENCODER}/config.json") as file:
        return BertConfig(**{**json.load(file), **changes})


def fresh(name):
    folder = f"{TOP}/encoders/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return folder


def seeded(module, scale=0.3):
    generator = torch.Generator().manual_seed(7)
    with torch.no_grad():
        for parameter in module.parameters():
            noise = torch.randn(parameter.shape, generator=generator) * scale
            parameter.copy_(noise + (parameter if parameter.ndim == 1 else 0))
    return module.eval()


def late(folder):
    model = MultiVectorEncoder(folder, device="cpu", model_kwargs=EAGER)
    query, document = model.encode_query(QUERIES), model.encode_document(DOCUMENTS)
    answers = dict(queries=QUERIES, documents=DOCUMENTS, query=listed(query), document=listed(document), maxsim=listed(model.similarity(query, document)))
    write(f"{folder}/multi.json", answers)


def pylate(name, **says):
    folder = fresh(name)
    tokenizer = AutoTokenizer.from_pretrained(ENCODER)
    tokenizer.add_tokens(["[Q] ", "[D] "])
    tokenizer.save_pretrained(folder)
    seeded(BertModel(config(vocab_size=len(tokenizer)), add_pooling_layer=False)).save_pretrained(folder)
    dense = seeded(torch.nn.ModuleDict(dict(linear=torch.nn.Linear(HIDDEN, WIDTH, bias=False))))
    os.makedirs(f"{folder}/1_Dense")
    save_file(dense.state_dict(), f"{folder}/1_Dense/model.safetensors")
    said = dict(in_features=HIDDEN, out_features=WIDTH, bias=False, activation_function="torch.nn.modules.linear.Identity", use_residual=False)
    write(f"{folder}/1_Dense/config.json", said)
    types = ["sentence_transformers.models.Transformer", "pylate.models.Dense.Dense"]
    write(f"{folder}/modules.json", [dict(idx=i, name=str(i), path=f"{i}_Dense" if i else "", type=type) for i, type in enumerate(types)])
    write(f"{folder}/sentence_bert_config.json", dict(max_seq_length=15, do_lower_case=False))
    general = dict(prompts={}, default_prompt_name=None, similarity_fn_name="MaxSim", query_prefix="[Q] ", document_prefix="[D] ")
    general |= dict(query_length=12, document_length=24, attend_to_expansion_tokens=False, skiplist_words=list("!\"#%&'(),-./:;?"), do_query_expansion=True)
    write(f"{folder}/config_sentence_transformers.json", general | says)
    late(folder)


def stanford(name, **says):
    folder = fresh(name)
    with open(f"{ENCODER}/tokenizer.json", encoding="utf8") as file:
        whole = json.load(file)
    vocab = whole["model"]["vocab"]
    for i, word in enumerate(list(vocab)[-2:]):
        vocab[f"[unused{i}]"] = vocab.pop(word)
    write(f"{folder}/tokenizer.json", whole)
    shutil.copy(f"{ENCODER}/tokenizer_config.json", folder)
    encoder = seeded(BertModel(config()))
    linear = seeded(torch.nn.Linear(HIDDEN, WIDTH, bias=False))
    save_file({"linear.weight": linear.weight.data, **{f"bert.{at}": each for at, each in encoder.state_dict().items()}}, f"{folder}/model.safetensors", {"format": "pt"})
    write(f"{folder}/config.json", {**encoder.config.to_dict(), "architectures": ["HF_ColBERT"]})
    metadata = dict(query_token_id="[unused0]", doc_token_id="[unused1]", query_token="[Q]", doc_token="[D]", ncells=None, dim=WIDTH)
    metadata |= dict(doc_maxlen=20, mask_punctuation=True, query_maxlen=16, attend_to_mask_tokens=False, interaction="colbert", similarity="cosine", nway=2, lr=3e-6)
    write(f"{folder}/artifact.metadata", metadata | says)
    late(folder)


def words(row):
    indices = row.nonzero()[:, 0]
    return dict(indices=indices.tolist(), values=listed(row[indices]))


def routed(model, folder):
    model.save_pretrained(folder)
    os.path.exists(f"{folder}/README.md") and os.remove(f"{folder}/README.md")


def sparse_routes():
    folder = fresh("router-sparse")
    masked = f"{TOP}/encoders/sparse-max"
    base = f"{folder}/base"
    shutil.copytree(ENCODER, base)
    shutil.copytree(masked, base, dirs_exist_ok=True, ignore=shutil.ignore_patterns("modules.json", "1_*", "config_sentence*", "sparse.json"))
    encoder = Transformer(base, transformer_task="fill-mask", model_kwargs=EAGER)
    generator = torch.Generator().manual_seed(7)
    weight = torch.rand(600, generator=generator) * (torch.rand(600, generator=generator) > 0.3)
    queries = SparseStaticEmbedding(encoder.tokenizer, weight=weight, frozen=True)
    router = Router.for_query_document(query_modules=[queries], document_modules=[encoder, SpladePooling("max", activation_function="log1p_relu")])
    routed(SparseEncoder(modules=[router], similarity_fn_name="dot", device="cpu"), folder)
    shutil.rmtree(base)
    model = SparseEncoder(folder, device="cpu", model_kwargs=EAGER)
    made = dict(query=model.encode_query(DOCUMENTS), document=model.encode_document(DOCUMENTS), plain=model.encode(DOCUMENTS))
    similarity = listed(model.similarity(made["query"], made["document"]))
    write(f"{folder}/router.json", dict(texts=DOCUMENTS, similarity=similarity, **{way: [words(row) for row in each.to_dense()] for way, each in made.items()}))


def dense_answers(folder):
    model = SentenceTransformer(folder, device="cpu", model_kwargs=EAGER)
    ways = dict(query=model.encode_query, document=model.encode_document, plain=model.encode)
    write(f"{folder}/router.json", dict(texts=DOCUMENTS, **{name: listed(way(DOCUMENTS, convert_to_tensor=True)) for name, way in ways.items()}))


def dense_routes():
    folder = fresh("router-dense")
    table = StaticEmbedding(Tokenizer.from_file(f"{ENCODER}/tokenizer.json"), embedding_weights=torch.randn(600, WIDTH, generator=torch.Generator().manual_seed(7)))
    encoder = Transformer(ENCODER, model_kwargs=EAGER, max_seq_length=32)
    documents = [encoder, Pooling(HIDDEN, "mean"), seeded(Dense(HIDDEN, WIDTH))]
    routed(SentenceTransformer(modules=[Router.for_query_document([table], documents), Normalize()], device="cpu", prompts=dict(query="find: ")), folder)
    dense_answers(folder)


def asymmetric():
    folder = fresh("router-asym")
    shutil.copytree(ENCODER, folder, dirs_exist_ok=True)
    ends = dict(query=[seeded(Dense(HIDDEN, WIDTH), 0.2)], document=[seeded(Dense(HIDDEN, WIDTH), 0.4)])
    routed(SentenceTransformer(modules=[Transformer(ENCODER), Pooling(HIDDEN, "cls"), Router(ends)], device="cpu"), folder)
    router = f"{folder}/2_Router"
    os.rename(router, f"{folder}/2_Asym")
    os.rename(f"{folder}/2_Asym/router_config.json", f"{folder}/2_Asym/config.json")
    with open(f"{folder}/modules.json") as file:
        modules = json.load(file)
    modules[2] |= dict(path="2_Asym", type="sentence_transformers.models.Asym")
    write(f"{folder}/modules.json", modules)
    dense_answers(folder)
    for shared in ("model.safetensors", "tokenizer.json", "tokenizer_config.json", "config.json"):
        os.remove(f"{folder}/{shared}")


pylate("colbert-pylate")
stanford("colbert-stanford")
sparse_routes()
dense_routes()
asymmetric()
