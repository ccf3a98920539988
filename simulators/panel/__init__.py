"""The counter in a browser: goods to scan, a card terminal to answer, the receipts as they come out."""
