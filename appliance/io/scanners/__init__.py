"""Barcode scanners (UnifiedPOS Scanner)."""
