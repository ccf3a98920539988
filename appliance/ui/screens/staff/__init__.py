"""Layouts of the staff's pages."""
