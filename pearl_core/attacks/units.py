"""Radii and steps that a person gives in 1/255 become units of the picture here, and nowhere else.

Other libraries take both as shares of the picture's range, 8/255 or 0.03. Read in 1/255, such a number gives an attack
that changes nothing, and every defence seems to hold. So a number that can only be meant as a share is refused.
"""

from __future__ import annotations

import math

from .balls import Linf
from .searches import FixedSteps

HABIT = 0.1  # an eps below it must be a share of the range: 8 bits cannot hold so small a change


def ball_of(eps: float) -> Linf:
    """The l-infinity ball of radius eps / 255.

    Args:
        eps: how far every colour value may move, in 1/255, from 0 to 255.

    Returns:
        The ball, its radius in units of the picture.

    Raises:
        ValueError: eps is not in [0, 255], or is between 0 and 0.1 and so a share of the picture's range.

    Example:
        >>> from pearl_core.attacks.zoo import ball_of
        >>> ball_of(51).radius
        0.2
        >>> ball_of(0.03)
        Traceback (most recent call last):
        ValueError: wanted eps in 1/255, got 0.03: that is 0.03/255, which changes nothing; 0.03 of the range is 7.65
    """
    if not 0 <= eps <= 255:
        raise ValueError(f"wanted eps from 0 to 255 (in 1/255), got {eps}")
    if 0 < eps < HABIT:
        raise share_of_range("eps", eps, "which changes nothing")
    return Linf(eps / 255)


def share_of_range(name: str, value: float, moves: str) -> ValueError:
    """The error for a number that is a share of the picture's range and not in 1/255: it says both readings.

    Args:
        name: "eps" or "alpha".
        value: what came.
        moves: what is wrong with it, read in 1/255.

    Returns:
        The error, to be raised.

    Example:
        >>> from pearl_core.attacks.units import share_of_range
        >>> raise share_of_range("alpha", 2 / 255, "too short a step")
        Traceback (most recent call last):
        ValueError: wanted alpha in 1/255, got 0.0078: that is 0.0078/255, too short a step; 0.0078 of the range is 2
    """
    given = f"{value:.2g}"
    read = f"that is {given}/255, {moves}; {given} of the range is {255 * value:.4g}"
    return ValueError(f"wanted {name} in 1/255, got {given}: {read}")


def whole(steps: int) -> int:
    """A number of steps as an int.

    Args:
        steps: a whole number from 0 up, of any type.

    Returns:
        The same as an int.

    Raises:
        ValueError: not a whole number, or a negative one.

    Example:
        >>> from pearl_core.attacks.zoo import whole
        >>> whole(3.0)
        3
    """
    if not (0 <= steps < math.inf and steps == int(steps)):  # so that nan and inf fail too
        raise ValueError(f"wanted a whole number of steps from 0 up, got {steps}")
    return int(steps)


def steps_within(eps: float, steps: int, alpha: float | None, momentum: float = 0.0) -> tuple[Linf, FixedSteps]:
    """The l-infinity ball and the fixed steps that all of FGSM's family share.

    Args:
        eps: radius in 1/255.
        steps: number of steps.
        alpha: length of a step in 1/255. None: 3 eps / 8, so that three steps reach the edge of the ball, and the
            first n steps do not depend on the number of steps.
        momentum: what remains of the sum of earlier gradients at every step, 0 for nothing.

    Returns:
        The ball and the search, for `compose.ascend`.

    Raises:
        ValueError: a negative eps, alpha or number of steps; an eps or alpha that is a share of the picture's range.

    Example:
        >>> from pearl_core.attacks.zoo import steps_within
        >>> ball, search = steps_within(51, 10, 25.5)
        >>> ball.radius, search.alpha, search.steps
        (0.2, 0.1, 10)
    """
    ball, steps = ball_of(eps), whole(steps)
    alpha = 3 * eps / 8 if alpha is None else alpha
    if not 0 <= alpha < math.inf:
        raise ValueError(f"wanted alpha from 0 up (in 1/255), got {alpha}")
    if habitual(alpha, eps, steps):
        raise share_of_range("alpha", alpha, f"with which {steps} steps stay near the start")
    return ball, FixedSteps(alpha / 255, steps, momentum)


def habitual(alpha: float, eps: float, steps: int) -> bool:
    """Whether the length of a step was meant as a share of the picture's range, not in 1/255.

    It was if it is under 0.1, all steps together do not reach the edge of the ball, and it is a usual length when read
    as a share: at most twice the radius. So 20 steps of eps / 20 are accepted for any eps.

    Args:
        alpha: length of a step in 1/255.
        eps: radius in 1/255.
        steps: number of steps.

    Returns:
        True for a share of the range.

    Example:
        >>> from pearl_core.attacks.units import habitual
        >>> habitual(2 / 255, eps=8, steps=10), habitual(0.25 / 20, eps=0.25, steps=20)
        (True, False)
    """
    return 0 < alpha < HABIT and alpha * steps < 0.9 * eps and 255 * alpha <= 2 * eps
