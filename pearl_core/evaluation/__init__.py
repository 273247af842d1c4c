"""The worst case of any model on any pictures, with intervals, and with flags where it may be flattering."""

from .budgets import BUDGETS, Budget
from .evaluate import evaluate
from .flags import FLAGS, Flag
from .result import Evaluation

__all__ = ["BUDGETS", "FLAGS", "Budget", "Evaluation", "Flag", "evaluate"]
