"""The tables. One schema for SQLite and PostgreSQL; amounts are minor units, stock is thousandths of its unit.

hub/migrations makes them. On PostgreSQL sales, their parts and movements are cut by the month of `business_date`.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    false,
)

REVISION: Final = "0008"
"""The newest step of hub/migrations, which makes these very tables."""
METADATA: Final = MetaData()


def _key() -> list[Column[object]]:
    return [
        Column("kiosk", String(11), primary_key=True),
        Column("epoch", Integer, primary_key=True, autoincrement=False),
        Column("seq", BigInteger, primary_key=True, autoincrement=False),
    ]


setting: Final = Table(
    "setting",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("value", Text, nullable=False),
)

kiosk: Final = Table(
    "kiosk",
    METADATA,
    Column("kiosk", String(11), primary_key=True),
    Column("active", Boolean, nullable=False, default=True),
    Column("store", String(32), nullable=False, default=""),
    Column("workstation", String(32), nullable=False, default=""),
    Column("version", String(64), nullable=False, default=""),
    Column("catalogue", String(48), nullable=False, default=""),
    Column("online", Boolean, nullable=False, default=False),
    Column("boot", String(36), nullable=False, default=""),
    Column("conn", Integer, nullable=False, default=0),
    Column("boots", Text, nullable=False, default="[]"),
    Column("seen_at", String(24), nullable=False, default=""),
    Column("health", Text, nullable=False, default="{}"),
)

journal_row: Final = Table(
    "journal_row",
    METADATA,
    *_key(),
    Column("type", String(64), nullable=False),
    Column("tv", Integer, nullable=False),
    Column("id", String(36), nullable=False),
    Column("at", String(32), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("document", Text, nullable=False),
)

kiosk_mark: Final = Table(
    "kiosk_mark",
    METADATA,
    Column("kiosk", String(11), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("contiguous", BigInteger, nullable=False),
    Column("highest", BigInteger, nullable=False),
    Column("gaps", Text, nullable=False),
    Column("proved", BigInteger, nullable=False),
    Column("broken", BigInteger, nullable=False, default=0),
)

fork: Final = Table(
    "fork",
    METADATA,
    *_key(),
    Column("hash", String(64), primary_key=True),
    Column("use_epoch", Integer, nullable=False),
)

quarantine: Final = Table(
    "quarantine",
    METADATA,
    *_key(),
    Column("reason", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("at", String(24), nullable=False),
)

sale: Final = Table(
    "sale",
    METADATA,
    *_key(),
    Column("transaction", String(120), nullable=False),
    Column("store", String(32), nullable=False),
    Column("workstation", String(32), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("at", String(32), nullable=False),
    Column("catalogue", String(48), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("receipt_token", String(64), nullable=False),
    Column("rounding", BigInteger, nullable=False, server_default="0"),
    # 1, or -1 for one that was undone as a whole: its amounts are negative.
    Column("count", Integer, nullable=False, server_default="1"),
    Index("sale_by_day", "business_date", "store"),
    Index("sale_by_token", "receipt_token"),
)

sale_line: Final = Table(
    "sale_line",
    METADATA,
    *_key(),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("type", String(20), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("gtin", String(14)),
    Column("text", Text, nullable=False),
    Column("entry", String(20), nullable=False),
    Column("quantity", String(20), nullable=False),
    Column("unit", String(8), nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("vat", String(20), nullable=False),
    Column("business_date", String(10), nullable=False),
    sqlite_with_rowid=False,
)

sale_tax: Final = Table(
    "sale_tax",
    METADATA,
    *_key(),
    Column("rate", String(20), primary_key=True),
    Column("net", BigInteger, nullable=False),
    Column("tax", BigInteger, nullable=False),
    Column("gross", BigInteger, nullable=False),
    Column("business_date", String(10), nullable=False),
    sqlite_with_rowid=False,
)

sale_tender: Final = Table(
    "sale_tender",
    METADATA,
    *_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("type", String(20), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("attempt", String(36), nullable=False),
    Column("masked_pan", String(30), nullable=False),
    Column("card_name", String(60), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("given", BigInteger),
    Column("unconfirmed", Boolean, nullable=False, server_default=false()),
    sqlite_with_rowid=False,
)

stock_movement: Final = Table(
    "stock_movement",
    METADATA,
    *_key(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("store", String(32), nullable=False),
    Column("sku", String(64), nullable=False),
    Column("quantity", BigInteger, nullable=False),
    Column("kind", String(20), nullable=False),
    Column("business_date", String(10), nullable=False),
    sqlite_with_rowid=False,
)

stock_level: Final = Table(
    "stock_level",
    METADATA,
    Column("store", String(32), primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("on_hand", BigInteger, nullable=False),
    Column("low", BigInteger),
)

stock_document: Final = Table(
    "stock_document",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("kind", String(20), nullable=False),
    Column("store", String(32), nullable=False),
    Column("to_store", String(32), nullable=False),
    Column("business_date", String(10), nullable=False),
    Column("at", String(24), nullable=False),
    Column("operator", String(60), nullable=False),
    Column("note", Text, nullable=False),
)

alarm: Final = Table(
    "alarm",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("at", String(24), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("kiosk", String(11), nullable=False),
    Column("text", Text, nullable=False),
)

catalogue_version: Final = Table(
    "catalogue_version",
    METADATA,
    Column("zone", String(32), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("currency", String(3), nullable=False),
    Column("products", Integer, nullable=False),
    Column("root", String(64), nullable=False),
    Column("manifest", String(64), nullable=False),
    Column("manifest_size", Integer, nullable=False),
    Column("published_at", String(24), nullable=False),
    Column("effective_at", String(24), nullable=False),
    Column("forced", Boolean, nullable=False),
    Column("cohort", Integer, nullable=False),
    Column("origin", String(200), nullable=False, default=""),
    Column("made_by", String(60), nullable=False, default=""),
    Column("released_by", String(60), nullable=False, default=""),
)

catalogue_held: Final = Table(
    "catalogue_held",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("zone", String(32), nullable=False),
    Column("base", Integer, nullable=False),
    Column("at", String(24), nullable=False),
    Column("origin", String(200), nullable=False),
    Column("made_by", String(60), nullable=False),
    Column("reason", Text, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("whole", Boolean, nullable=False),
    Column("effective_at", String(24), nullable=False),
    Column("cohort", Integer, nullable=False),
    Column("products", LargeBinary, nullable=False),
)

catalogue_product: Final = Table(
    "catalogue_product",
    METADATA,
    Column("zone", String(32), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("sku", String(64), primary_key=True),
    Column("document", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

price: Final = Table(
    "price",
    METADATA,
    Column("zone", String(32), primary_key=True),
    Column("sku", String(64), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("price", BigInteger),
    sqlite_with_rowid=False,
)

catalogue_bucket: Final = Table(
    "catalogue_bucket",
    METADATA,
    Column("zone", String(32), primary_key=True),
    Column("bucket", Integer, primary_key=True, autoincrement=False),
    Column("digest", LargeBinary, nullable=False),
)

catalogue_page: Final = Table(
    "catalogue_page",
    METADATA,
    Column("content_key", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("size", Integer, nullable=False),
)

catalogue_delta: Final = Table(
    "catalogue_delta",
    METADATA,
    Column("zone", String(32), primary_key=True),
    Column("base", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
)

blob: Final = Table(
    "blob",
    METADATA,
    Column("sha256", String(64), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

payment: Final = Table(
    "payment",
    METADATA,
    Column("attempt", String(36), primary_key=True),
    Column("kiosk", String(11), nullable=False),
    Column("original", String(36), nullable=False),
    Column("method", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("state", String(12), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("reference", String(64), nullable=False),
    Column("code", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", String(24), nullable=False),
    Index("payment_by_state", "state"),
)

gateway_order: Final = Table(
    "gateway_order",
    METADATA,
    Column("attempt", String(36), primary_key=True),
    Column("original", String(36), nullable=False),
    Column("method", String(32), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("asked", BigInteger, nullable=False),
    Column("moved", BigInteger, nullable=False),
    Column("state", String(12), nullable=False),
    Column("number", Integer, nullable=False),
    Column("looks", Integer, nullable=False),
    Column("behaviour", Text, nullable=False),
    Column("expires_at", String(24), nullable=False),
    Column("text", Text, nullable=False),
)
"""The books of the simulated gateway; no other uses it."""

hub_user: Final = Table(
    "hub_user",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("role", String(20), nullable=False),
    Column("password", String(200), nullable=False),
    Column("must_change", Boolean, nullable=False),
    Column("totp", Text, nullable=False),
    Column("totp_step", BigInteger, nullable=False),
    Column("language", String(2), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("made_at", String(24), nullable=False),
)

hub_session: Final = Table(
    "hub_session",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("user", String(40), nullable=False),
    Column("address", String(45), nullable=False),
    Column("made_at", String(24), nullable=False),
    Column("seen_at", String(24), nullable=False),
)

hub_token: Final = Table(
    "hub_token",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("user", String(40), nullable=False),
    Column("role", String(20), nullable=False),
    Column("label", String(60), nullable=False),
    Column("made_at", String(24), nullable=False),
)

hub_audit: Final = Table(
    "hub_audit",
    METADATA,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", String(24), nullable=False),
    Column("who", String(60), nullable=False),
    Column("role", String(20), nullable=False),
    Column("via", String(10), nullable=False),
    Column("address", String(45), nullable=False),
    Column("action", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("hash", String(64), nullable=False),
)
