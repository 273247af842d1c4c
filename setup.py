"""What of the repository lies in a wheel: the packages, and in `lab/checkout/` the files that stand beside them here.

The second is a package whose folder is the repository's root, so that no file has to move. Which files are taken says
pyproject.toml, package-data.
"""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["pearl_core", "pearl_core.*", "lab", "lab.*"]), "lab.checkout"],
    package_dir={"lab.checkout": "."},
    script_name="setup.py",  # this file lies in that package too, and a script is not taken with the modules
)
