"""XML from strangers: no document type, so no entities; elements with their lines, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Final
from xml.parsers import expat

_DEEP: Final = 64
_READ: Final = 1 << 16


class Forbidden(Exception):
    """A document type, or elements in too many others."""


class Malformed(Exception):
    """No XML; `line` counts from 1."""

    def __init__(self, text: str, line: int) -> None:
        super().__init__(text)
        self.line = line


class _Enough(Exception):
    """The first element has begun: no document type can follow."""


@dataclass(slots=True)
class Element:
    """An element without its namespace."""

    name: str
    line: int
    attributes: Mapping[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def every(self, *path: str) -> Iterator[Element]:
        """Give the descendants at a path of names; "**" stands for any depth."""
        if not path:
            yield self
            return
        first, *rest = path
        for child in self.children:
            if first == "**":
                yield from child.every(*path)
                if rest and child.name == rest[0]:
                    yield from child.every(*rest[1:])
            elif child.name == first:
                yield from child.every(*rest)

    def first(self, *path: str) -> Element | None:
        """Give the first descendant at a path that has a text."""
        return next((found for found in self.every(*path) if found.text), None)


def refuse_doctype(part: IO[bytes]) -> None:
    """Raise Forbidden if an XML document has a document type; whatever else is wrong is for others to say."""

    def begun(*_: object) -> None:
        raise _Enough

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = begun
    try:
        while chunk := part.read(_READ):
            parser.Parse(chunk, False)
    except (_Enough, expat.ExpatError):
        return


def _refuse(*_: object) -> None:
    raise Forbidden("it has a document type (<!DOCTYPE>); delete that")


def elements(content: bytes, name: str, take: Callable[[Element], None]) -> int:
    """Hand over every outermost element of a name when it is whole; give how many there were.

    Forbidden or Malformed end it.
    """
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    open_elements: list[Element] = []
    depth = count = 0

    def begin(qualified: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEP:
            raise Forbidden(f"elements stand in more than {_DEEP} others")
        local = qualified.rpartition(" ")[2]
        if open_elements or local == name:
            bare = {key.rpartition(" ")[2]: value for key, value in attributes.items()}
            open_elements.append(Element(name=local, line=parser.CurrentLineNumber, attributes=bare))

    def end(_: str) -> None:
        nonlocal depth, count
        depth -= 1
        if not open_elements:
            return
        whole = open_elements.pop()
        whole.text = whole.text.strip()
        if open_elements:
            open_elements[-1].children.append(whole)
        else:
            count += 1
            take(whole)

    def letters(text: str) -> None:
        if open_elements:
            open_elements[-1].text += text

    parser.StartDoctypeDeclHandler = _refuse
    parser.StartElementHandler = begin
    parser.EndElementHandler = end
    parser.CharacterDataHandler = letters
    try:
        parser.Parse(content, True)
    except expat.ExpatError as error:
        raise Malformed(expat.ErrorString(error.code), error.lineno) from error
    return count
