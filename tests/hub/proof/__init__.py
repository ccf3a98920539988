"""The proof of the hub: whatever is killed, cut, doubled or reordered, its books are the tills' books."""
