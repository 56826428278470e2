"""HMR2 in PyTorch's own runtimes: eager, compiled, TorchScript, AOTInductor (`.pt2`)."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from benchmarks.gpu_check.comparison import on_device, outputs_of, parity_rows
from benchmarks.gpu_check.findings import Findings
from benchmarks.gpu_check.networks import Workshop
from benchmarks.gpu_check.timing import device, in_full_precision, median_seconds
from export.graphs.inductor import write_package
from export.graphs.served_graph import Arrays, ServedGraph
from export.graphs.torchscript import write_torchscript

Run = Callable[..., Any]
EAGER = "eager FP32"


def eager(workshop: Workshop, batches: Sequence[int], findings: Findings) -> None:
    """Measure the module as it is: FP32 without TF32, and with its products in FP16 and BF16."""
    for precision in ("FP32", *lower_precisions()):
        with findings.unless_it_fails(f"eager {precision}"):
            measure_hmr2(workshop, f"eager {precision}", precision, batches, findings, lambda graph: graph.module)


def compiled(workshop: Workshop, batches: Sequence[int], findings: Findings) -> None:
    """Measure `torch.compile`, anew for each batch size: one that serves all of them would be slower at each.

    All sizes in FP16, the first one in BF16 too: compiling takes most of the time.
    """

    def compile_anew(graph: ServedGraph) -> Run:
        torch.compiler.reset()
        run: Run = torch.compile(graph.module, mode="reduce-overhead", dynamic=False)
        return run

    for precision in lower_precisions() or ("FP32",):
        runtime = f"compiled {precision}"
        sizes = batches if precision != "BF16" else batches[:1]
        with findings.unless_it_fails(runtime):
            measure_hmr2(workshop, runtime, precision, sizes, findings, compile_anew)


def torchscript(workshop: Workshop, batches: Sequence[int], findings: Findings) -> None:
    """Measure the file that Triton's PyTorch backend loads, traced on the CPU as the exporter does it."""
    precision = served_precision()

    def load(_: ServedGraph) -> Run:
        path = workshop.folder / "hmr2.pt"
        if not path.is_file():
            write_torchscript(workshop.hmr2(precision), path)
        jit: Any = torch.jit
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TorchScript is deprecated
            module = jit.load(str(path), map_location=device())
            run: Run = jit.freeze(module.eval())
        return run

    with findings.unless_it_fails(f"TorchScript {precision}"):
        measure_hmr2(workshop, f"TorchScript {precision}", precision, batches, findings, load)


def aot_inductor(workshop: Workshop, batches: Sequence[int], findings: Findings) -> None:
    """Measure a `.pt2` package with a free batch dimension, compiled ahead of time for this device."""
    precision = served_precision()

    def load(graph: ServedGraph) -> Run:
        path = workshop.folder / "hmr2.pt2"
        if not path.is_file():
            write_package(graph, path)
        run: Run = torch._inductor.aoti_load_package(str(path))
        return run

    with findings.unless_it_fails(f".pt2 {precision}"):
        measure_hmr2(workshop, f".pt2 {precision}", precision, batches, findings, load)


def lower_precisions() -> tuple[str, ...]:
    """Return the types in which products are measured beside FP32: none on a CPU, which has no units for them."""
    return ("FP16", "BF16") if torch.cuda.is_available() else ()


def served_precision() -> str:
    """Return the type that is served: FP16 on a card, FP32 on a CPU."""
    return (*lower_precisions(), "FP32")[0]


def measure_hmr2(
    workshop: Workshop,
    runtime: str,
    precision: str,
    batches: Sequence[int],
    findings: Findings,
    prepare: Callable[[ServedGraph], Run],
) -> None:
    """Prepare the runtime for each batch size and time it; compare its outputs at the first."""
    in_full_precision()
    inputs, expected = workshop.reference()
    graph = workshop.hmr2(precision)
    graph.module.to(device())
    for batch in batches:
        with findings.unless_it_fails(f"{runtime}, batch {batch}"), torch.inference_mode():
            run = prepare(graph)
            arguments = on_device(repeated(inputs, batch), graph, device())
            got = outputs_of(graph, run(*arguments))
            if batch == batches[0]:
                for row in parity_rows(graph, runtime, precision, expected, got):
                    findings.add("parity", row)
            seconds = median_seconds(lambda run=run, arguments=arguments: run(*arguments))  # type: ignore[misc]
            findings.add("speed", {"runtime": runtime, "batch": batch, "seconds": seconds})


def repeated(inputs: Arrays, rows: int) -> Arrays:
    """Return the first ``rows`` of the inputs, beginning again where there are not enough."""
    return {name: values[np.arange(rows) % len(values)] for name, values in inputs.items()}
