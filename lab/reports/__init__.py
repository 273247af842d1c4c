"""Rows to read: tables, charts and pictures of any paper."""
