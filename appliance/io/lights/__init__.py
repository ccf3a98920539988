"""The lamp above the lane (UnifiedPOS Lights) and the help button."""
