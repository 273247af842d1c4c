"""Trials, the store of their results, and the measuring of trials that are not stored yet."""
