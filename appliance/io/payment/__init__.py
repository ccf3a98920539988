"""Tender devices (UnifiedPOS CAT): protocols without I/O, and the drivers that speak them over a link."""
