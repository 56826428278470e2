"""Which module of this project imports which: read from the source, so that late imports count, too."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("tracker_service", "export", "harness", "benchmarks", "deploy", "samples", "tests")
"""The project's packages, by the names of their folders."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import statement, for one of the names in it.

    Attributes:
        importer: dotted name of the module that imports.
        imported: dotted name of what is imported: a module of this project, or as written.
        place: file and line, below the root.
    """

    importer: str
    imported: str
    place: str

    def __str__(self) -> str:
        return f"{self.place}: {self.importer} imports {self.imported}"


def modules_of(root: Path, packages: Sequence[str] = PACKAGES) -> dict[str, Path]:
    """Return the files of the packages below ``root`` by dotted module name; a package stands for its `__init__.py`."""
    found = {}
    for package in packages:
        for path in sorted((root / package).rglob("*.py")):
            parts = path.relative_to(root).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imports_of(root: Path, packages: Sequence[str] = PACKAGES) -> list[Import]:
    """Return every import in the packages below ``root``, of their own modules and of others'.

    Raises:
        ValueError: an import is relative; this project writes module names in full.
    """
    modules = modules_of(root, packages)
    found = []
    for module, path in modules.items():
        for node in ast.walk(ast.parse(path.read_bytes(), str(path))):
            for name in _imported(node, modules, path):
                found.append(Import(module, name, f"{path.relative_to(root)}:{getattr(node, 'lineno', 0)}"))
    return found


def _imported(node: ast.AST, modules: dict[str, Path], path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        if node.level or node.module is None:
            raise ValueError(f"{path}:{node.lineno}: expected the module's full name, got a relative import")
        names = (f"{node.module}.{alias.name}" for alias in node.names)
        yield from dict.fromkeys(name if name in modules else node.module for name in names)
