"""Kills, power cuts and failing disks, and the account that must be right after each of them."""
