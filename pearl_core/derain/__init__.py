"""Derain nets by name. A file of this package that defines `NETS` adds its nets here."""

from .prenet import NETS as _PRENET

DERAINERS = {**_PRENET}
