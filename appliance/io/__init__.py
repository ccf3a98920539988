"""Drivers at the edge: one hardware library per module, found by name through entry points."""
