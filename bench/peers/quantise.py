"""The int8 form of an ONNX graph as people ship it: constants folded, then onnxruntime's dynamic quantisation.

    python quantise.py GRAPH OUT
"""

import os
import sys
import tempfile

import onnx
import onnxruntime
from onnxruntime.quantization import QuantType, quantize_dynamic

graph, out = sys.argv[1:]
with tempfile.TemporaryDirectory(dir=os.path.dirname(out)) as scratch:
    inline, folded, quantised = (os.path.join(scratch, f"{name}.onnx") for name in ("inline", "folded", "quantised"))
    onnx.save(onnx.load(graph), inline)  # weights outside the file keep the transposed ones from being folded
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = folded
    options.log_severity_level = 3
    onnxruntime.InferenceSession(inline, options, providers=["CPUExecutionProvider"])
    quantize_dynamic(folded, quantised, weight_type=QuantType.QInt8)
    os.replace(quantised, out)
