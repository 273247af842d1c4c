"""Segmentation nets by name, each `net(classes, **settings)`. A file that defines `NETS` adds its nets here."""

from .pspnet import NETS as _PSPNET

SEGMENTERS = {**_PSPNET}
