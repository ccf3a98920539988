"""Orders at the payment gateway, and the books of the simulated one."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "payment",
        sa.Column("attempt", sa.String(36), primary_key=True),
        sa.Column("kiosk", sa.String(11), nullable=False),
        sa.Column("original", sa.String(36), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("reference", sa.String(64), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
    )
    op.create_index("payment_by_state", "payment", ["state"])
    op.create_table(
        "gateway_order",
        sa.Column("attempt", sa.String(36), primary_key=True),
        sa.Column("original", sa.String(36), nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("asked", sa.BigInteger(), nullable=False),
        sa.Column("moved", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("looks", sa.Integer(), nullable=False),
        sa.Column("behaviour", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.String(24), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
    )
