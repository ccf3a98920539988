"""Layouts of the customer's pages."""
