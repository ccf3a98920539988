"""Prices with their history, documents of stock that no till wrote, low levels, and sales by day over all stores."""

import json

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the tables; the history of prices begins with the products that there are."""
    made = op.create_table(
        "price",
        sa.Column("zone", sa.String(32), primary_key=True),
        sa.Column("sku", sa.String(64), primary_key=True),
        sa.Column("version", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("price", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "stock_document",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("store", sa.String(32), nullable=False),
        sa.Column("to_store", sa.String(32), nullable=False),
        sa.Column("business_date", sa.String(10), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("operator", sa.String(60), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
    op.add_column("stock_level", sa.Column("low", sa.BigInteger()))
    op.drop_index("sale_by_day", "sale")
    op.create_index("sale_by_day", "sale", ["business_date", "store"])
    connection = op.get_bind()
    newest = connection.execute(sa.text("SELECT zone, max(version) AS version FROM catalogue_version GROUP BY zone"))
    versions = {row.zone: row.version for row in newest}
    products = connection.execute(sa.text("SELECT zone, sku, document FROM catalogue_product"))
    rows = [
        {
            "zone": row.zone,
            "sku": row.sku,
            "version": versions[row.zone],
            "price": json.loads(row.document)["price"],
        }
        for row in products
    ]
    if rows:
        connection.execute(made.insert(), rows)
