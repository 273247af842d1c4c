"""The bench: the only place that knows disks, frames and figures."""

from importlib import import_module

from pearl_core.registry import Registry

# papers declare methods and more: they are loaded when a name is first looked up
Registry.load_with(lambda: import_module("lab.papers"))
