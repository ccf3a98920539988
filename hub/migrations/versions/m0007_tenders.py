"""Cash with its rounding and change, payments that nobody confirmed, and sales that were undone as a whole."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add the columns; what was sold before had none of it."""
    op.add_column("sale", sa.Column("rounding", sa.BigInteger(), nullable=False, server_default="0"))
    op.add_column("sale", sa.Column("count", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("sale_tender", sa.Column("given", sa.BigInteger()))
    op.add_column("sale_tender", sa.Column("unconfirmed", sa.Boolean(), nullable=False, server_default=sa.false()))
