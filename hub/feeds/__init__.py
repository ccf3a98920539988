"""Products from files: CSV, Excel workbooks, and GS1 XML. Every fault is named with its place; none is mended.

A whole list in CSV or Excel is judged as it stands; a part of a list, and GS1 XML always, against the products that
there are. Nothing is changed here: `hub.catalogue` takes what was read.
"""

from __future__ import annotations

from typing import Final

from hub.feeds.delimited import read_delimited
from hub.feeds.finding import Finding, Place, Reading, Unreadable
from hub.feeds.gs1 import read_gs1
from hub.feeds.rows import COLUMNS
from hub.feeds.sheet import read_sheet

__all__ = ["COLUMNS", "Finding", "Place", "Reading", "is_gs1", "read"]

MAX_BYTES: Final = 256 << 20
_OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"


def is_gs1(content: bytes) -> bool:
    """Whether a file is XML; then it is a part of the list, whatever is asked."""
    return content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def read(content: bytes, place: Place) -> Reading:
    """Read a file by what is in it, whatever its name."""
    if len(content) > MAX_BYTES:
        return _nothing(f"{len(content) >> 20} MB are more than {MAX_BYTES >> 20} MB; divide the file")
    if content.startswith(_OLD_EXCEL):
        return _nothing("an Excel file of before 2007; in Excel, save it as .xlsx, or as CSV UTF-8")
    try:
        if content.startswith(b"PK"):
            return read_sheet(content, place)
        if is_gs1(content):
            return read_gs1(content, place)
        return read_delimited(content, place)
    except Unreadable as error:
        return Reading(findings=(error.finding,))


def _nothing(why: str) -> Reading:
    return Reading(findings=(Finding(line=0, text=why),))
