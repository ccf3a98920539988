"""Receipt printers (UnifiedPOS POSPrinter)."""
