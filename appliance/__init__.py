"""Kvitt, the software of a self-checkout kiosk and market-stall till."""

__version__ = "2026.11.0"
