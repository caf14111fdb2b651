"""BERT in PyTorch, with the names of the checkpoint and the attention that transformers uses."""

import json
import struct
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional


class Embeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        self.word_embeddings = nn.Embedding(config["vocab_size"], hidden)
        self.position_embeddings = nn.Embedding(config["max_position_embeddings"], hidden)
        self.token_type_embeddings = nn.Embedding(config["type_vocab_size"], hidden)
        self.LayerNorm = nn.LayerNorm(hidden, config["layer_norm_eps"])

    def forward(self, ids, types):
        places = torch.arange(ids.shape[1])
        return self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings(types) + self.position_embeddings(places))


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden = config["hidden_size"]
        self.heads = config["num_attention_heads"]
        self.query, self.key, self.value = (nn.Linear(hidden, hidden) for _ in range(3))

    def forward(self, x, mask):
        split = lambda y: y.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)
        context = functional.scaled_dot_product_attention(split(self.query(x)), split(self.key(x)), split(self.value(x)), mask)
        return context.transpose(1, 2).reshape(x.shape)


class Output(nn.Module):
    def __init__(self, inner, config):
        super().__init__()
        self.dense = nn.Linear(inner, config["hidden_size"])
        self.LayerNorm = nn.LayerNorm(config["hidden_size"], config["layer_norm_eps"])

    def forward(self, x, residual):
        return self.LayerNorm(self.dense(x) + residual)


class Layer(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, inner = config["hidden_size"], config["intermediate_size"]
        self.attention = nn.ModuleDict({"self": Attention(config), "output": Output(hidden, config)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(hidden, inner)})
        self.output = Output(inner, config)

    def forward(self, x, mask):
        x = self.attention["output"](self.attention["self"](x, mask), x)
        return self.output(functional.gelu(self.intermediate["dense"](x)), x)


class Bert(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embeddings = Embeddings(config)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer(config) for _ in range(config["num_hidden_layers"]))})
        self.pooler = nn.ModuleDict({"dense": nn.Linear(config["hidden_size"], config["hidden_size"])})

    def forward(self, ids, types, attention_mask):
        x = self.embeddings(ids, types)
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.encoder["layer"]:
            x = layer(x, mask)
        return x, torch.tanh(self.pooler["dense"](x[:, 0]))


def load_bert(folder):
    """The model of config.json with the weights of model.safetensors."""
    config = json.loads(Path(folder, "config.json").read_text())
    raw = bytearray(Path(folder, "model.safetensors").read_bytes())
    (length,) = struct.unpack_from("<Q", raw)
    state = {}
    for name, entry in json.loads(raw[8 : 8 + length]).items():
        if entry.get("dtype") != "F32":
            continue
        first, last = entry["data_offsets"]
        state[name] = torch.frombuffer(raw, dtype=torch.float32, count=(last - first) // 4, offset=8 + length + first).view(entry["shape"])
    with torch.device("meta"):
        model = Bert(config)
    model.load_state_dict(state, assign=True)
    return model.eval()


def token_ids(count, seed=1):
    """The ids that answers.mjs draws."""
    words, state = [], seed
    for _ in range(count - 2):
        state = (state * 1664525 + 1013904223) % 2**32
        words.append(1996 + state % 28000)
    return [101, *words, 102]
