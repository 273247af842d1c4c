"""eps and alpha are in 1/255; the habit of other libraries, a share of the range, is refused with both readings."""

import re

import pytest

from pearl_core.attacks import zoo
from pearl_core.attacks.catalogue import CATALOGUE
from pearl_core.recipes import training_attack

SIZED = [name for name, entry in CATALOGUE.items() if entry.sized and not entry.needs]
STEPPED = [name for name in SIZED if CATALOGUE[name].takes("alpha")]


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("eps", [8 / 255, 0.03, 2 / 255, 0.0999])
def test_no_attack_takes_an_eps_that_is_a_share_of_the_range(name, eps):
    with pytest.raises(ValueError, match=re.escape(f"{eps:.2g} of the range is {255 * eps:.4g}")) as refused:
        CATALOGUE[name](eps)
    assert f"{eps:.2g}/255" in str(refused.value)


@pytest.mark.parametrize("name", SIZED)
@pytest.mark.parametrize("eps", [0, 0.25, 0.5, 8, 255])
def test_every_attack_takes_no_eps_and_a_quarter_of_a_level(name, eps):
    assert CATALOGUE[name](eps)


def test_a_training_does_not_take_it_either():
    with pytest.raises(ValueError, match="of the range is 8"):
        training_attack(eps=8 / 255)


@pytest.mark.parametrize("name", STEPPED)
@pytest.mark.parametrize(("eps", "alpha", "steps"), [(8, 2 / 255, 10), (8, 0.01, 20), (4, 1 / 255, 100), (2, 0.015, 7)])
def test_no_attack_takes_an_alpha_that_is_a_share_of_the_range(name, eps, alpha, steps):
    with pytest.raises(ValueError, match=f"wanted alpha in 1/255, got .* of the range is {255 * alpha:.4g}"):
        CATALOGUE[name](eps, steps=steps, alpha=alpha)


@pytest.mark.parametrize(
    ("eps", "alpha", "steps"), [(0.25, 0.25 / 20, 20), (8, 8 / 255, 300), (0.5, 0.01, 10), (8, 0.09, 10), (8, 0, 10)]
)
def test_a_small_alpha_that_leads_somewhere_is_what_it_says(eps, alpha, steps):
    assert zoo.bim(eps, steps, alpha).search.alpha == alpha / 255


@pytest.mark.parametrize("steps", [1, 10, 1000])
def test_the_steps_that_attacks_choose_themselves_are_never_refused(steps):
    for name in STEPPED:
        for eps in (0.1, 0.25, 8, 255):
            assert CATALOGUE[name](eps, steps=steps)
