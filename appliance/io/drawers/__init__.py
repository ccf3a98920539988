"""Cash drawers (UnifiedPOS CashDrawer)."""
