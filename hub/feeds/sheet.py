"""Excel workbooks (.xlsx): the first sheet, its first row being the heading."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from hub.feeds.finding import Place, Reading, Unreadable
from hub.feeds.heading import columns_of
from hub.feeds.rows import RowReader
from hub.feeds.xml import Forbidden, refuse_doctype

_MAX_UNPACKED: Final = 1 << 30
_WHAT_TO_DO: Final = "open it in Excel or LibreOffice and save it again as .xlsx, or as CSV UTF-8"


def read_sheet(content: bytes, place: Place) -> Reading:
    """Read a workbook. Formulas count by their last result."""
    _look_into(content)
    rows = _rows(content)
    reader = RowReader(place)
    _, heading = next(rows, (1, []))
    while heading and not heading[-1]:
        heading.pop()
    columns, findings = columns_of(heading, place.language, whole=place.whole)
    if findings:
        return Reading(findings=tuple(findings))
    for line, row in rows:
        if not any(row):
            continue
        if any(row[len(columns) :]):
            reader.find(line, "", f"has a value right of the last column, {columns[-1]!r}; delete it")
            continue
        values = [*row, *[""] * len(columns)]
        reader.take(line, dict(zip(columns, values, strict=False)))
    return reader.reading("read as an Excel workbook, its first sheet")


def _look_into(content: bytes) -> None:
    """Refuse what would be too large unpacked, and XML with a document type: no workbook has one."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_UNPACKED:
                raise Unreadable("the workbook is too large; save the list as CSV UTF-8")
            for entry in archive.infolist():
                if entry.filename.endswith((".xml", ".rels")):
                    with archive.open(entry) as part:
                        refuse_doctype(part)
    except Forbidden as error:
        raise Unreadable(f"not a workbook that Excel made: {error}") from error
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, OSError, RuntimeError) as error:
        raise Unreadable(f"the workbook is damaged or locked ({error}); {_WHAT_TO_DO}") from error


def _rows(content: bytes) -> Iterator[tuple[int, list[str]]]:
    import openpyxl  # noqa: PLC0415 - a fifth of a second that only a workbook needs

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for line, row in enumerate(sheet.iter_rows(values_only=True), 1):
                yield line, [_text(value) for value in row]
    except Exception as error:
        # The library has no fault of its own: a damaged workbook may raise anything.
        raise Unreadable(f"not a workbook that can be read ({type(error).__name__}); {_WHAT_TO_DO}") from error


def _text(value: object) -> str:
    """Give a cell as it would be typed. Excel counts in binary fractions of 15 digits: so many are given back."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float():
            return format(value, ".15g")
        case datetime() | date():
            return value.isoformat()
        case _:
            return str(value)
