"""HMR2 in ONNX Runtime: on CUDA, on TensorRT, and where each operator really runs."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.gpu_check.comparison import parity_rows
from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.networks import Workshop
from benchmarks.gpu_check.timing import median_seconds
from benchmarks.gpu_check.torch_runs import repeated, served_precision
from export.graphs.served_graph import Arrays, ServedGraph

_CUDA: dict[str, Any] = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
PROVIDERS = {"CUDA": "CUDAExecutionProvider", "TensorRT": "TensorrtExecutionProvider", "CPU": "CPUExecutionProvider"}


def onnx(workshop: Workshop, batches: Sequence[int], findings: Findings) -> None:
    """Measure every provider that this ONNX Runtime has; on a machine with a card, the CPU's is left out."""
    import onnxruntime as ort  # absent from some machines: the reason is then the import's

    from export.graphs.onnx_graph import write_onnx  # needs onnx and onnxscript

    precision = served_precision()
    there = set(ort.get_available_providers())
    wanted = ("CUDA", "TensorRT") if precision != "FP32" else ("CUDA", "TensorRT", "CPU")
    usable = [name for name in wanted if PROVIDERS[name] in there]
    for name in wanted:
        if name not in usable:
            findings.missing(f"ONNX Runtime {name}", f"ONNX Runtime {ort.__version__} has no {PROVIDERS[name]}")
    if "CUDA" not in usable:
        _simulated_placement(workshop, findings)
    if not usable:
        return
    inputs, expected = workshop.reference()
    graph = workshop.hmr2(precision)
    path = workshop.folder / "model.onnx"
    write_onnx(graph, path)
    for name in usable:
        runtime = f"ONNX Runtime {name} {precision}"
        with findings.unless_it_fails(runtime):
            session = _session(path, name, workshop.folder)
            got = _run(session, graph, repeated(inputs, batches[0]))
            for row in parity_rows(graph, runtime, precision, expected, got):
                findings.add("parity", row)
            for batch in batches:
                with findings.unless_it_fails(f"{runtime}, batch {batch}"):
                    binding = _bound(session, graph, repeated(inputs, batch), name)
                    seconds = median_seconds(lambda s=session, b=binding: s.run_with_iobinding(b))  # type: ignore[misc]
                    findings.add("speed", {"runtime": runtime, "batch": batch, "seconds": seconds})
            _placement(session, runtime, findings)


def _simulated_placement(workshop: Workshop, findings: Findings) -> None:
    """Say where the nodes would run, by ONNX Runtime's list of kernels; fewer layers have the same operators."""
    from export.graphs.onnx_graph import write_onnx
    from export.graphs.placement import read_nodes, releases, unplaced

    folder = workshop.folder / "few_layers"
    folder.mkdir()
    graph = Workshop(folder, "small").hmr2("FP16")
    write_onnx(graph, folder / "model.onnx")
    nodes = read_nodes(folder / "model.onnx")
    release = releases()[-1]
    left = Counter(node.operator for node in unplaced(nodes, release))
    row = {"runtime": f"simulated: CUDA FP16, kernels of {release}", "nodes": len(nodes.graph.node)}
    findings.add("placement", {**row, "on_cpu": dict(left) or "none"})


def _session(path: Path, name: str, folder: Path) -> Any:
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.enable_profiling = True
    options.profile_file_prefix = str(folder / f"profile-{name}")
    settings: dict[str, Any] = dict(_CUDA) if name == "CUDA" else {}
    if name == "TensorRT":
        # Neither fp16 nor int8 set: a strongly typed network, which keeps the graph's own types.
        settings = {"trt_engine_cache_enable": "1", "trt_engine_cache_path": str(folder)}
        settings |= {f"trt_profile_{end}_shapes": f"crops:{rows}x256x256x3" for end, rows in _TRT_ROWS.items()}
    chosen = [(PROVIDERS[name], settings)]
    session = ort.InferenceSession(str(path), options, providers=chosen)
    if session.get_providers()[0] != PROVIDERS[name]:
        raise RuntimeError(f"expected {PROVIDERS[name]}, got {session.get_providers()[0]}: it fell back silently")
    return session


_TRT_ROWS = {"min": 1, "opt": 32, "max": 64}


def _run(session: Any, graph: ServedGraph, inputs: Arrays) -> Arrays:
    values = session.run(list(graph.outputs), inputs)
    return {name: np.asarray(value, np.float32) for name, value in zip(graph.outputs, values, strict=True)}


def _bound(session: Any, graph: ServedGraph, inputs: Arrays, name: str) -> Any:
    """Return inputs and outputs on the device, so that copies are not timed."""
    import onnxruntime as ort

    place = "cpu" if name == "CPU" else "cuda"
    binding = session.io_binding()
    for key, values in inputs.items():
        binding.bind_ortvalue_input(key, ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(values), place, 0))
    for key in graph.outputs:
        binding.bind_output(key, place, 0)
    return binding


def _placement(session: Any, runtime: str, findings: Findings) -> None:
    """Count the nodes by the provider that ran them, from the session's own profile."""
    events = json.loads(Path(session.end_profiling()).read_text())
    nodes = {
        (event["name"], event["args"]["provider"]): event["args"].get("op_name", "?")
        for event in events
        if event.get("cat") == "Node" and "provider" in event.get("args", {})
    }
    by_provider = Counter(provider for _, provider in nodes)
    on_cpu = Counter(kind for (_, provider), kind in nodes.items() if provider == PROVIDERS["CPU"])
    findings.add(
        "placement",
        {
            "runtime": runtime,
            "nodes": dict(by_provider),
            "on_cpu": "-" if "CPU " in runtime else dict(on_cpu) or "none",
        },
    )
