"""The pages of the shop, one module for each entry of the menu."""
