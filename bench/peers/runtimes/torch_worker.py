"""PyTorch in a process of its own: answers the requests of worker.mjs, a line of JSON each.

    python torch_worker.py '{"make": "eager" | "trace" | "product" | "bare", ...}'
"""

import base64
import json
import resource
import sys
import time


def send(message):
    print(json.dumps(message), flush=True)


options = json.loads(sys.argv[1])
if options["make"] == "bare":
    send({"version": sys.version.split()[0]})
else:
    try:
        import torch
        from torch_bert import load_bert, token_ids
    except ImportError as missing:
        send({"error": str(missing)})
        sys.exit()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    send({"version": torch.__version__})


class Model:
    """A BERT of the checkpoint, run op by op or as a trace for one length."""

    def open(self):
        self.model = load_bert(options["checkpoint"])

    def prepare(self, tokens):
        ids = torch.tensor([token_ids(tokens)])
        inputs = (ids, torch.zeros_like(ids), torch.ones_like(ids))
        run = torch.jit.trace(self.model, inputs) if options["make"] == "trace" else self.model
        return lambda: run(*inputs)


class Product:
    """x times the transpose of w; the values do not change the time and are compared nowhere."""

    def open(self):
        self.x = torch.randn(options["rows"], options["inner"])
        self.w = torch.randn(options["cols"], options["inner"])

    def prepare(self, tokens):
        return lambda: (torch.nn.functional.linear(self.x, self.w),)


def sample(run, calls):
    cpu = time.process_time()
    since = time.perf_counter()
    for _ in range(calls):
        run()
    wall = time.perf_counter() - since
    return {"wall": 1000 * wall, "cpu": 1000 * (time.process_time() - cpu)}


def values(tensor):
    return base64.b64encode(tensor.contiguous().numpy().tobytes()).decode()


subject = Product() if options["make"] == "product" else Model()
run = None
for line in sys.stdin:
    request = json.loads(line)
    try:
        match request["ask"]:
            case "open":
                send(subject.open() or {})
            case "prepare":
                run = subject.prepare(request.get("tokens"))
                send({})
            case "answer":
                send({"outputs": [values(output) for output in run()]})
            case "sample":
                send(sample(run, request["calls"]))
            case "peak":
                send({"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024})
    except Exception as error:
        send({"error": f"{type(error).__name__}: {error}"})
