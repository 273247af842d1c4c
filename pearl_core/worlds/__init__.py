"""The built-in worlds: pictures with labels, drawn by code, the same on every machine."""
