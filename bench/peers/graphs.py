"""Exports folders of transformers as ONNX graphs, laid out as transformers.js takes them: python -P graphs.py OUT FOLDER...

Needs torch, transformers, onnx and onnxscript, and -P: scripts beside it have names of modules of Python. OUT/<name of the folder>/ gets its config and tokenizer, and onnx/model.onnx.
"""
import json
import os
import shutil
import sys
import torch
import transformers

os.environ["HF_HUB_OFFLINE"] = "1"
out, *folders = sys.argv[1:]
for folder in folders:
    home = os.path.join(out, os.path.basename(folder.rstrip("/")))
    os.makedirs(os.path.join(home, "onnx"), exist_ok=True)
    for name in os.listdir(folder):
        if name.endswith(".json"):
            shutil.copy(os.path.join(folder, name), home)
    config = json.load(open(os.path.join(folder, "config.json")))
    model = getattr(transformers, config["architectures"][0]).from_pretrained(folder, attn_implementation="eager").eval()
    names = ["input_ids", "attention_mask", "token_type_ids"]
    inputs = {name: torch.ones(2, 12, dtype=torch.long) for name in names}
    inputs["input_ids"] += 5
    axes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("sequence", max=config["max_position_embeddings"])}
    outputs = [name for name, value in model(**inputs).items() if value is not None]
    path = os.path.join(home, "onnx", "model.onnx")
    shapes = {name: axes for name in names}
    torch.onnx.export(model, (), path, kwargs=inputs, input_names=names, output_names=outputs, dynamic_shapes=shapes, external_data=False)
    print(path, flush=True)
