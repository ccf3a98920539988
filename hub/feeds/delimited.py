"""CSV: the encoding and the separator are found out, or it is said what to do."""

from __future__ import annotations

import codecs
import csv
import io
from typing import Final

from hub.feeds.finding import Place, Reading, Unreadable
from hub.feeds.heading import column_of, columns_of
from hub.feeds.rows import RowReader

_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs"}
_BEYOND_ASCII: Final = frozenset("æøåÆØÅäöüÄÖÜéèêëÉÈÊËáàâãÁÀÂíìîïóòôõÓÒÔúùûÚÙÛñÑçÇßšŠžŽýÿ§°–—’“”«»½¼®™©€£…·×´\u00a0")
"""What Windows-1252 has for the words of a shop. In another encoding the letters would come out as other signs."""


def read_delimited(content: bytes, place: Place) -> Reading:
    """Read a CSV file with a heading: columns in any order, separated by comma, semicolon or tab."""
    text, encoding = _decoded(content)
    first = text.lstrip("\r\n").partition("\n")[0]
    separator = max(
        _SEPARATORS, key=lambda mark: sum(column_of(name, place.language) is not None for name in first.split(mark))
    )
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    reader = RowReader(place)
    try:
        heading = next(rows, [])
        columns, findings = columns_of(heading, place.language, whole=place.whole)
        if findings:
            return Reading(findings=tuple(findings))
        for row in rows:
            if not any(row):
                continue
            if len(row) == len(columns):
                reader.take(rows.line_num, dict(zip(columns, row, strict=True)))
            else:
                why = f"has {len(row)} fields, the heading {len(columns)}"
                reader.find(rows.line_num, "", f"{why}; put a field that has a separator in it in quotation marks")
    except csv.Error as error:
        raise Unreadable(f"{error}; save the file as CSV UTF-8", rows.line_num) from error
    return reader.reading(f"read as {encoding}, separated by {_SEPARATORS[separator]}")


def _decoded(content: bytes) -> tuple[str, str]:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            return content.decode("utf-16"), "UTF-16"
        except UnicodeDecodeError as error:
            raise _wrong(content, error.start) from None
    try:
        text, name = content.decode("utf-8-sig"), "UTF-8"
    except UnicodeDecodeError as error:
        try:
            text, name = content.decode("cp1252"), "Windows-1252"
        except UnicodeDecodeError:
            raise _wrong(content, error.start) from None
        strange = next((at for at, letter in enumerate(text) if letter > "\x7f" and letter not in _BEYOND_ASCII), None)
        if strange is not None:
            raise _wrong(content, strange) from None
    if "\0" in text:
        raise Unreadable("this is no text; save the list as CSV UTF-8, or as an Excel workbook (.xlsx)")
    return text, name


def _wrong(content: bytes, at: int) -> Unreadable:
    return Unreadable(
        "neither UTF-8 nor Windows-1252; save the file as UTF-8 (in Excel: CSV UTF-8)", content[:at].count(b"\n") + 1
    )
