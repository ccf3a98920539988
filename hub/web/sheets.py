"""Tables to take home: as CSV, as a workbook (XLSX) and as PDF, all with the same numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from reportlab.lib import colors
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from hub.web.formats import Formats

MOST_ROWS: Final = {"csv": 200_000, "xlsx": 100_000, "pdf": 5_000}
"""Rows that one file may have."""
MEDIA: Final = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_FONTS: Final = (
    ("/usr/share/fonts/truetype/noto/NotoSans-Regular.ttf", "/usr/share/fonts/truetype/noto/NotoSans-Bold.ttf"),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf", "/usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf"),
)


class Kind(Enum):
    """What a column holds."""

    TEXT = "text"
    COUNT = "count"
    AMOUNT = "amount"
    """Decimal in major units, with as many decimals as the currency has."""
    QUANTITY = "quantity"
    DAY = "day"
    TIME = "time"
    """Aware; shown on the shop's clock."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column; `weight` is its share of the width of a page."""

    title: str
    kind: Kind = Kind.TEXT
    weight: int = 2

    @property
    def is_number(self) -> bool:
        """Whether it stands at the right."""
        return self.kind in (Kind.COUNT, Kind.AMOUNT, Kind.QUANTITY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """A table with a title; a cell is None where there is nothing."""

    title: str
    subtitle: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Any, ...]]


def written(sheet: Sheet, form: str, formats: Formats) -> bytes:
    """Give a sheet as "csv", "xlsx" or "pdf"."""
    return {"csv": _csv, "xlsx": _xlsx, "pdf": _pdf}[form](sheet, formats)


def _csv(sheet: Sheet, formats: Formats) -> bytes:
    """Give it as the language's spreadsheet expects: with a byte order mark, and its decimals.

    A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    norwegian = formats.language == "nb"
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=";" if norwegian else ",", lineterminator="\r\n")
    writer.writerow(column.title for column in sheet.columns)

    def plain(column: Column, value: Any) -> str:
        if value is None:
            return ""
        match column.kind:
            case Kind.TEXT:
                text = _CONTROL.sub("", str(value))
                return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) or text.startswith(_FORMULA) else text
            case Kind.TIME:
                return formats.local(value).strftime("%Y-%m-%d %H:%M:%S")
            case Kind.AMOUNT | Kind.QUANTITY:
                return f"{value:f}".replace(".", ",") if norwegian else f"{value:f}"
            case _:
                return str(value)

    for row in sheet.rows:
        writer.writerow([plain(*cell) for cell in zip(sheet.columns, row, strict=True)])
    return stream.getvalue().encode("utf-8-sig")


def _xlsx(sheet: Sheet, formats: Formats) -> bytes:
    book = Workbook(write_only=True)
    page = book.create_sheet(re.sub(r"[\[\]:*?/\\]", " ", sheet.title)[:31])
    page.freeze_panes = "A2"
    for number, column in enumerate(sheet.columns, 1):
        page.column_dimensions[get_column_letter(number)].width = 7 * column.weight

    def cell(column: Column, value: Any) -> Any:
        if value is None:
            return None
        made = WriteOnlyCell(page)
        match column.kind:
            case Kind.TEXT:
                made.value = _CONTROL.sub("", str(value))
                # Never a formula, whatever it begins with.
                made.data_type = "s"
            case Kind.TIME:
                made.value = formats.local(value).replace(tzinfo=None, microsecond=0)
                made.number_format = "yyyy-mm-dd hh:mm:ss"
            case Kind.DAY:
                made.value = value
                made.number_format = "yyyy-mm-dd"
            case Kind.AMOUNT:
                made.value = value
                places = max(0, -int(value.as_tuple().exponent))
                made.number_format = "#,##0." + "0" * places if places else "#,##0"
            case _:
                made.value = value
        return made

    head = []
    for column in sheet.columns:
        title = WriteOnlyCell(page, column.title)
        title.font = Font(bold=True)
        head.append(title)
    page.append(head)
    for row in sheet.rows:
        page.append([cell(*entry) for entry in zip(sheet.columns, row, strict=True)])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _pdf(sheet: Sheet, formats: Formats) -> bytes:
    regular, bold = _fonts()
    size = landscape(A4) if sum(column.weight for column in sheet.columns) > 16 else A4
    text = ParagraphStyle("text", fontName=regular, fontSize=8.5, leading=11)
    number = ParagraphStyle("number", parent=text, alignment=TA_RIGHT)
    heads = (ParagraphStyle("head", parent=text, fontName=bold), ParagraphStyle("end", parent=number, fontName=bold))
    stream = io.BytesIO()
    document = SimpleDocTemplate(
        stream,
        pagesize=size,
        title=sheet.title,
        leftMargin=16 * mm,
        rightMargin=16 * mm,
        topMargin=16 * mm,
        bottomMargin=18 * mm,
    )

    def cell(column: Column, value: Any) -> Paragraph:
        shown = "" if value is None else _shown(column, value, formats)
        return Paragraph(escape(shown), number if column.is_number else text)

    whole = sum(column.weight for column in sheet.columns)
    table = LongTable(
        [
            [Paragraph(escape(column.title), heads[column.is_number]) for column in sheet.columns],
            *([cell(*entry) for entry in zip(sheet.columns, row, strict=True)] for row in sheet.rows),
        ],
        colWidths=[document.width * column.weight / whole for column in sheet.columns],
        repeatRows=1,
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 1, colors.HexColor("#16211D")),
                ("LINEBELOW", (0, 1), (-1, -1), 0.4, colors.HexColor("#C9C4B8")),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
            ]
        )
    )
    title = ParagraphStyle("title", fontName=bold, fontSize=15, leading=20)

    def foot(canvas: Canvas, _document: Any) -> None:
        canvas.setFont(regular, 8)
        canvas.drawRightString(size[0] - 16 * mm, 10 * mm, str(canvas.getPageNumber()))

    document.build(
        [Paragraph(escape(sheet.title), title), Paragraph(escape(sheet.subtitle), text), Spacer(1, 5 * mm), table],
        onFirstPage=foot,
        onLaterPages=foot,
    )
    return stream.getvalue()


def _shown(column: Column, value: Any, formats: Formats) -> str:
    match column.kind:
        case Kind.TIME:
            return formats.when(value)
        case Kind.AMOUNT:
            return formats.decimal(value)
        case Kind.COUNT | Kind.QUANTITY:
            return formats.number(value)
        case _:
            return _CONTROL.sub("", str(value))


def _fonts() -> tuple[str, str]:
    """Give names of fonts for text and titles: those of Debian, which have most letters, else what every PDF has."""
    for files in _FONTS:
        if all(Path(file).exists() for file in files):
            names = Path(files[0]).stem, Path(files[1]).stem
            for name, file in zip(names, files, strict=True):
                if name not in pdfmetrics.getRegisteredFontNames():
                    pdfmetrics.registerFont(TTFont(name, file))
            return names
    return "Helvetica", "Helvetica-Bold"
