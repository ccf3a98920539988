"""The tables of the first release. A database that was made before there were migrations has them already."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "setting",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "alarm",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("kiosk", sa.String(11), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
    _kiosks()
    _rows()
    _sales()
    _stock()
    _catalogue()


def _key() -> list[sa.Column[object]]:
    return [
        sa.Column("kiosk", sa.String(11), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger(), primary_key=True, autoincrement=False),
    ]


def _of_sale() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["kiosk", "epoch", "seq"], ["sale.kiosk", "sale.epoch", "sale.seq"])


def _kiosks() -> None:
    op.create_table(
        "kiosk",
        sa.Column("kiosk", sa.String(11), primary_key=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("store", sa.String(32), nullable=False),
        sa.Column("workstation", sa.String(32), nullable=False),
        sa.Column("version", sa.String(64), nullable=False),
        sa.Column("catalogue", sa.String(48), nullable=False),
        sa.Column("online", sa.Boolean(), nullable=False),
        sa.Column("boot", sa.String(36), nullable=False),
        sa.Column("conn", sa.Integer(), nullable=False),
        sa.Column("boots", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.String(24), nullable=False),
        sa.Column("health", sa.Text(), nullable=False),
    )
    op.create_table(
        "kiosk_mark",
        sa.Column("kiosk", sa.String(11), primary_key=True),
        sa.Column("epoch", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("contiguous", sa.BigInteger(), nullable=False),
        sa.Column("highest", sa.BigInteger(), nullable=False),
        sa.Column("gaps", sa.Text(), nullable=False),
        sa.Column("proved", sa.BigInteger(), nullable=False),
        sa.Column("broken", sa.BigInteger(), nullable=False),
    )


def _rows() -> None:
    op.create_table(
        "journal_row",
        *_key(),
        sa.Column("type", sa.String(64), nullable=False),
        sa.Column("tv", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(36), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fork",
        *_key(),
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("use_epoch", sa.Integer(), nullable=False),
    )
    op.create_table(
        "quarantine",
        *_key(),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )


def _sales() -> None:
    op.create_table(
        "sale",
        *_key(),
        sa.Column("transaction", sa.String(120), nullable=False),
        sa.Column("store", sa.String(32), nullable=False),
        sa.Column("workstation", sa.String(32), nullable=False),
        sa.Column("business_date", sa.String(10), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("catalogue", sa.String(48), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("receipt_token", sa.String(64), nullable=False),
    )
    op.create_index("sale_by_day", "sale", ["store", "business_date"])
    op.create_index("sale_by_token", "sale", ["receipt_token"])
    op.create_table(
        "sale_line",
        *_key(),
        sa.Column("line", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("gtin", sa.String(14)),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("entry", sa.String(20), nullable=False),
        sa.Column("quantity", sa.String(20), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.String(20), nullable=False),
        _of_sale(),
    )
    op.create_table(
        "sale_tax",
        *_key(),
        sa.Column("rate", sa.String(20), primary_key=True),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("tax", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        _of_sale(),
    )
    op.create_table(
        "sale_tender",
        *_key(),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("type", sa.String(20), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("attempt", sa.String(36), nullable=False),
        sa.Column("masked_pan", sa.String(30), nullable=False),
        sa.Column("card_name", sa.String(60), nullable=False),
        _of_sale(),
    )


def _stock() -> None:
    op.create_table(
        "stock_movement",
        *_key(),
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("store", sa.String(32), nullable=False),
        sa.Column("sku", sa.String(64), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "stock_level",
        sa.Column("store", sa.String(32), primary_key=True),
        sa.Column("sku", sa.String(64), primary_key=True),
        sa.Column("on_hand", sa.BigInteger(), nullable=False),
    )


def _catalogue() -> None:
    op.create_table(
        "catalogue_version",
        sa.Column("zone", sa.String(32), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("products", sa.Integer(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("manifest", sa.String(64), nullable=False),
        sa.Column("manifest_size", sa.Integer(), nullable=False),
        sa.Column("published_at", sa.String(24), nullable=False),
        sa.Column("effective_at", sa.String(24), nullable=False),
        sa.Column("forced", sa.Boolean(), nullable=False),
        sa.Column("cohort", sa.Integer(), nullable=False),
    )
    op.create_table(
        "catalogue_product",
        sa.Column("zone", sa.String(32), primary_key=True),
        sa.Column("bucket", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("sku", sa.String(64), primary_key=True),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "catalogue_bucket",
        sa.Column("zone", sa.String(32), primary_key=True),
        sa.Column("bucket", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "catalogue_page",
        sa.Column("content_key", sa.String(64), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
    )
    op.create_table(
        "catalogue_delta",
        sa.Column("zone", sa.String(32), primary_key=True),
        sa.Column("base", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("document", sa.Text(), nullable=False),
    )
    op.create_table(
        "blob",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
