"""Those who sign in at the hub's page: users, sessions, tokens of the API, and the audit of what they did."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "hub_user",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("password", sa.String(200), nullable=False),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("totp", sa.Text(), nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "hub_session",
        sa.Column("digest", sa.String(64), primary_key=True),
        sa.Column("user", sa.String(40), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
        sa.Column("seen_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "hub_token",
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("user", sa.String(40), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("label", sa.String(60), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
    )
    op.create_table(
        "hub_audit",
        sa.Column("number", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(24), nullable=False),
        sa.Column("who", sa.String(60), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("via", sa.String(10), nullable=False),
        sa.Column("address", sa.String(45), nullable=False),
        sa.Column("action", sa.String(40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
    )
    # The newest row of the audit: its number and its hash.
    op.get_bind().execute(sa.text("INSERT INTO setting (name, value) VALUES ('audit', '0 ')"))
