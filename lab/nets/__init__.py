"""Trained nets: where they are stored, how they are named, and which nets a method consists of."""
