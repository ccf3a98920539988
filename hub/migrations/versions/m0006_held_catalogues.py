"""Price lists that are held back, and who made which version from what."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the table; of the versions that there are, nobody knows who made them."""
    op.create_table(
        "catalogue_held",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("zone", sa.String(32), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("origin", sa.String(200), nullable=False),
        sa.Column("made_by", sa.String(60), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("effective_at", sa.String(24), nullable=False),
        sa.Column("cohort", sa.Integer(), nullable=False),
        sa.Column("products", sa.LargeBinary(), nullable=False),
    )
    for name, length in (("origin", 200), ("made_by", 60), ("released_by", 60)):
        op.add_column("catalogue_version", sa.Column(name, sa.String(length), nullable=False, server_default=""))
