"""The science of PEARL Lab in plain PyTorch: networks, attacks, defences, rain, scenes, metrics. No disk, no plots."""

SCIENCE = 2  # version of everything that decides a number; stored results of another version are not reused
