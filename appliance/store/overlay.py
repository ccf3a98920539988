"""A table as TinyDB sees it: read lazily, and written by what has changed."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from appliance.store.table import Table

PAGE_ROWS: Final = 500

Fields = dict[str, Any]


class Rows(Mapping[str, Fields]):
    """A table as TinyDB reads it, lazily: documents by id as text. No cursor stays open between two steps."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def items(self) -> ItemsView[str, Fields]:
        """Give pairs of id and document, read a page of rows at a time."""
        return PagedItems(self, self._table)

    def __getitem__(self, key: str) -> Fields:
        text = str(key)
        if not text.isdecimal() or str(int(text)) != text:
            raise KeyError(key)
        document = self._table.fetch(int(text))
        if document is None:
            raise KeyError(key)
        return document

    def __iter__(self) -> Iterator[str]:
        return map(str, self._table.ids())

    def __len__(self) -> int:
        return self._table.size()


class PagedItems(ItemsView[str, Fields]):
    """The items of a lazy table, in pages by id."""

    def __init__(self, rows: Rows, table: Table) -> None:
        super().__init__(rows)
        self._table = table

    def __iter__(self) -> Iterator[tuple[str, Fields]]:
        after: int | None = None
        while page := self._table.page(after, PAGE_ROWS):
            for document in page:
                yield str(document.doc_id), dict(document)
            after = page[-1].doc_id


class Overlay(MutableMapping[int, Fields]):
    """What an update does to a table: rows come in when asked for, and only what changed goes out."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._loaded: dict[int, tuple[str, Fields]] = {}
        self._set: dict[int, Fields] = {}
        self._deleted: set[int] = set()
        self._cleared = False

    def __contains__(self, key: object) -> bool:
        if key in self._set or key in self._loaded:
            return True
        if self._cleared or key in self._deleted or not isinstance(key, int):
            return False
        return self._table.has(key)

    def __getitem__(self, key: int) -> Fields:
        if key in self._set:
            return self._set[key]
        if key in self._loaded:
            return self._loaded[key][1]
        if self._cleared or key in self._deleted:
            raise KeyError(key)
        text = self._table.text(key)
        if text is None:
            raise KeyError(key)
        document = self._table.parse(key, text)
        self._loaded[key] = (text, document)
        return document

    def __setitem__(self, key: int, document: Fields) -> None:
        self._loaded.pop(key, None)
        self._deleted.discard(key)
        self._set[key] = document

    def __delitem__(self, key: int) -> None:
        if key not in self:
            raise KeyError(key)
        self._loaded.pop(key, None)
        self._set.pop(key, None)
        self._deleted.add(key)

    def __iter__(self) -> Iterator[int]:
        stored = [] if self._cleared else [key for key in self._table.ids() if key not in self._deleted]
        known = set(stored)
        return iter([*stored, *(key for key in self._set if key not in known)])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        """Empty the table in one statement."""
        self._loaded.clear()
        self._set.clear()
        self._deleted.clear()
        self._cleared = True

    @property
    def highest_set(self) -> int:
        """Highest id set in this update."""
        return max(self._set, default=0)

    def changes(self) -> tuple[bool, set[int], dict[int, Fields]]:
        """Give what to write: whether all rows go first, which ids go, and what stands where."""
        edited = {
            key: document for key, (text, document) in self._loaded.items() if self._table.dump(key, document) != text
        }
        return self._cleared, self._deleted, {**edited, **self._set}
