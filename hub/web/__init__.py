"""The hub over HTTP: digital receipts for customers, pages for the shop, a JSON API for its programs."""
