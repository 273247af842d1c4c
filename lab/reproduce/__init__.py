"""Whole papers: every display, every claim, everything that is measured."""
