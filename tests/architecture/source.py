"""The source as the architecture tests read it: every module of the product, as a syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("appliance", "hub", "simulators")


@dataclass(frozen=True)
class Import:
    """One import statement's target, as an absolute dotted name."""

    name: str
    line: int

    @property
    def top(self) -> str:
        """The package that has to be installed for it."""
        return self.name.partition(".")[0]


@dataclass(frozen=True)
class Module:
    """One module of the product."""

    file: Path

    @property
    def path(self) -> str:
        """Where it stands, from the root of the repository."""
        return self.file.relative_to(ROOT).as_posix()

    @cached_property
    def text(self) -> str:
        """What stands in it."""
        return self.file.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """What it means."""
        return ast.parse(self.text, filename=self.path)

    def nodes(self, *kinds: type[ast.AST]) -> Iterator[ast.AST]:
        """Give every node of some kinds."""
        return (node for node in ast.walk(self.tree) if isinstance(node, kinds))

    def imports(self) -> Iterator[Import]:
        """Give everything it imports, also inside functions and for the type checker only."""
        for node in self.nodes(ast.Import):
            assert isinstance(node, ast.Import)
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        for node in self.nodes(ast.ImportFrom):
            assert isinstance(node, ast.ImportFrom)
            assert node.level == 0, f"{self.path}:{node.lineno}: relative import"
            yield Import(node.module or "", node.lineno)

    def at(self, node: ast.AST) -> str:
        """Name a place, as an editor opens it."""
        return f"{self.path}:{getattr(node, 'lineno', 1)}"


def modules(*folders: str) -> list[Module]:
    """Give the modules below some folders, or those files themselves, in order of path; without folders: all."""
    files: list[Path] = []
    for folder in folders or PACKAGES:
        place = ROOT / folder
        files += [place] if place.is_file() else place.rglob("*.py")
    return [Module(file) for file in sorted(files)]


def called(node: ast.AST) -> str:
    """Give the last name of what a call calls: `run` of `subprocess.run(...)`."""
    assert isinstance(node, ast.Call)
    match node.func:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return ""
