"""What torch's ONNX exporter does for nothing, left out: a quarter of an export's time. The files stay the same."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, cast

import onnxscript._framework_apis.torch_2_5 as torchlib
from onnxscript.rewriter import RewriteRule
from torch.fx._lazy_graph_module import _use_lazy_graph_module
from torch.onnx._internal.exporter import _registration

_all_operators = cache(torchlib.get_torchlib_ops)
"""Parses the source of five hundred functions, which are the same at every export."""


@contextmanager
def without_detours() -> Iterator[None]:
    """Let the exporter go without its detours for as long as the context lasts."""
    registration: Any = _registration
    apis, rule = registration.onnxscript_apis, cast("Any", RewriteRule)
    operators, rewrite = apis.get_torchlib_ops, rule.try_rewrite

    def rewrite_if_it_begins_so(self: Any, model: Any, graph: Any, node: Any, **options: Any) -> Any:
        # A rule with two results looks through the whole graph, and each does for every node of it.
        first = self._target_pattern.output_nodes[0].op_identifier()
        return None if first not in (None, node.op_identifier()) else rewrite(self, model, graph, node, **options)

    apis.get_torchlib_ops, rule.try_rewrite = _all_operators, rewrite_if_it_begins_so
    try:
        with _use_lazy_graph_module(True):  # the code of a graph is written when it is run, not at every change
            yield
    finally:
        apis.get_torchlib_ops, rule.try_rewrite = operators, rewrite
