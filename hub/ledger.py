"""The books: what newly inserted rows mean for sales, taxes, tenders and stock. Called once per row, ever."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Table, insert, update

from appliance.mqtt.messages.journal import WireRow
from appliance.mqtt.messages.sale import TYPE, Sale
from hub import schema


@dataclass(slots=True)
class Ledger:
    """Gathers the bookings of one commit, and writes them with one statement per table."""

    _rows: dict[Table, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    _stock: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def book(self, kiosk: str, epoch: int, row: WireRow) -> None:
        """Take a row; Malformed if it cannot be booked, and then nothing of it is."""
        if row.type == TYPE and row.tv == 1:
            self._book_sale({"kiosk": kiosk, "epoch": epoch, "seq": row.seq}, row, Sale.parse(row.data))

    def _book_sale(self, key: Mapping[str, Any], row: WireRow, sale: Sale) -> None:
        transaction = sale.transaction
        self._rows[schema.sale].append(
            {
                **key,
                "transaction": str(transaction),
                "store": transaction.store,
                "workstation": transaction.workstation,
                "business_date": transaction.business_date.isoformat(),
                "at": row.at,
                "catalogue": row.catalogue or "",
                "currency": str(sale.currency),
                "total": sale.total,
                "receipt_token": sale.receipt_token,
            }
        )
        self._rows[schema.sale_line].extend(
            {
                **key,
                "line": line.line,
                "type": line.type,
                "sku": line.sku,
                "gtin": line.gtin,
                "text": line.text,
                "entry": line.entry,
                "quantity": str(line.quantity),
                "unit": line.unit,
                "price": line.price,
                "gross": line.gross,
                "vat": str(line.vat),
            }
            for line in sale.lines
        )
        self._rows[schema.sale_tax].extend(
            {**key, "rate": str(tax.rate), "net": tax.net, "tax": tax.tax, "gross": tax.gross} for tax in sale.taxes
        )
        self._rows[schema.sale_tender].extend(
            {
                **key,
                "number": number,
                "type": tender.type,
                "amount": tender.amount,
                "attempt": tender.attempt,
                "masked_pan": tender.masked_pan,
                "card_name": tender.card_name,
            }
            for number, tender in enumerate(sale.tenders, 1)
        )
        for number, (sku, quantity) in enumerate(sale.stock, 1):
            self._rows[schema.stock_movement].append(
                {**key, "number": number, "store": transaction.store, "sku": sku, "quantity": quantity}
            )
            self._stock[transaction.store, sku] += quantity

    def write(self, connection: Connection) -> None:
        """Write everything, stock in SKU order so that two writers cannot wait for each other."""
        for table, rows in self._rows.items():
            connection.execute(insert(table), rows)
        level = schema.stock_level
        for (store, sku), quantity in sorted(self._stock.items()):
            changed = connection.execute(
                update(level)
                .where(level.c.store == store, level.c.sku == sku)
                .values(on_hand=level.c.on_hand + quantity)
            )
            if not changed.rowcount:
                connection.execute(insert(level).values(store=store, sku=sku, on_hand=quantity))
