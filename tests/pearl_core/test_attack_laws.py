"""Laws: what must hold for every attack of the zoo, whatever it is made of."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from pearl_core.attacks import restoration as rest
from pearl_core.attacks import zoo
from pearl_core.attacks.alma import AlmaProx
from pearl_core.attacks.ensembles import WorstOf
from pearl_core.attacks.judging import select, share_of
from pearl_core.attacks.searches import RedEps
from pearl_core.attacks.square import Square
from pearl_core.pipeline import Pipeline
from pearl_core.types import VOID

from .victims import CLASSES, H, W, count_calls, mixing, problem, single

# ---- the catalogue: an attack in one of the zoo's registries is under every law ----


def mirrored(eps: float = 8, steps: int = 10):
    return zoo.mirror(zoo.bim(eps, steps))


def aimed(eps: float = 8, steps: int = 10):
    return zoo.targeted(zoo.apgd(eps, steps, zoo.OBJECTIVES["js"]))


LABELLED = {**zoo.ATTACKS, **zoo.MINIMUM_NORM, "mirror": mirrored, "targeted": aimed}
CATALOGUE = LABELLED | zoo.DERAIN_ATTACKS
PARTS = {
    "ball_of",
    "whole",
    "steps_within",
    "mirror",
    "targeted",
    "as_sea",
    "sea_members",
    "quarter",
    "attack",
    "declared",
}  # fmt: skip - of the zoo, no attacks
FEW = {"sea": {"steps": 6}, "alma_prox": {"lr": 0.05}}  # where 12 steps would be many, or too short


def test_every_function_of_the_zoo_is_in_the_catalogue_under_its_own_name_or_a_known_part():
    functions = {name: function for name, function in vars(zoo).items() if inspect.isfunction(function)}
    listed = {name: entry.make for name, entry in zoo.CATALOGUE.items()}
    public = {name: function for name, function in functions.items() if name in zoo.__all__}
    assert listed == {name: function for name, function in public.items() if name not in PARTS}
    assert listed == zoo.ATTACKS | zoo.MINIMUM_NORM | zoo.DERAIN_ATTACKS


def settings_of(name: str) -> dict:
    return {key: parameter.default for key, parameter in inspect.signature(CATALOGUE[name]).parameters.items()}


def made(name: str, eps: float = 8, *, random_start: bool | None = None, **options):
    """The attack with few steps, enough for checks and stages."""
    known = settings_of(name)
    given = {"features": features, "eps": eps, "steps": min(known.get("steps", 0), 12)}
    given = {key: value for key, value in given.items() if key in known} | FEW.get(name, {})
    options |= {} if random_start is None else {"random_start": random_start}
    return CATALOGUE[name](**given | options)


# ---- a case of each kind: a net, pictures, and what the attack is told ----


def features(images: Tensor) -> tuple[Tensor, ...]:
    """Deep features of every pixel by itself."""
    return images, images.square()


class Kind(NamedTuple):
    net: Callable[[Callable], Pipeline]  # from what makes its layers
    target: Callable[[Pipeline, Tensor], object]
    inert: Callable[[object], Tensor]  # which pixels (B, H, W) may not push
    silent: Callable[[object], object] | None  # the target with all pixels inert, where there is such a thing


def labels(net: Pipeline, x: Tensor) -> Tensor:
    return problem(len(x))[1]


def reference(net: Pipeline, x: Tensor) -> rest.Reference:
    region = torch.rand(len(x), H, W, generator=torch.Generator().manual_seed(4)) < 0.5
    return rest.reference(rest.own_output(net, x), features, region)


def patches(net: Pipeline, x: Tensor) -> rest.Patches:
    corners = torch.tensor([[0, 0], [2, 3], [6, 5], [1, 1]])[: len(x)]
    return rest.patches(rest.own_output(net, x), features, corners, corners.flip(0) // 2, (6, 5))


def outside(target: rest.Patches) -> Tensor:
    mask = torch.ones(len(target.corner), H, W, dtype=torch.bool)
    for row, (r, c) in zip(mask, target.corner, strict=True):
        row[r : r + 6, c : c + 5] = False
    return mask


def segmenter(layers: Callable) -> Pipeline:
    return Pipeline(None, layers(CLASSES)).eval()


def derainer(layers: Callable) -> Pipeline:
    return Pipeline(layers(3), None).eval()


KINDS = {
    **dict.fromkeys(LABELLED, Kind(segmenter, labels, lambda y: y == VOID, lambda y: torch.full_like(y, VOID))),
    **dict.fromkeys(
        zoo.DERAIN_ATTACKS,
        Kind(derainer, reference, lambda t: ~t.region, lambda t: t._replace(region=torch.zeros_like(t.region))),
    ),
    "object_sensitive": Kind(derainer, patches, outside, None),
}


def case(name: str, images: int = 3, dtype=torch.float32, layers: Callable = mixing):
    """A net, pictures and a target for the attack of that name."""
    net, (x, _) = KINDS[name].net(layers).to(dtype), problem(images, dtype)
    return net, x, KINDS[name].target(net, x)


def layers_of(net: Pipeline) -> nn.Module:
    return net.derain or net.segment


def starts(name: str) -> tuple:
    return (False, True) if name in zoo.ATTACKS | zoo.DERAIN_ATTACKS else (None,)


def each(names, label: str = "name"):
    return pytest.mark.parametrize(label, sorted(names))


def each_start(names):
    """Every attack from the picture and from a random point, where it can begin there."""
    wording = {False: "from zero", True: "random start", None: "its own start"}
    cases = [(name, start) for name in sorted(names) for start in starts(name)]
    return pytest.mark.parametrize("name, start", cases, ids=[f"{name}-{wording[start]}" for name, start in cases])


every_attack, every_start = each(CATALOGUE), each_start(CATALOGUE)
GUIDED = [name for name in CATALOGUE if name not in zoo.CATALOGUE or not zoo.CATALOGUE[name].queries]  # by gradients
WITH_EPS = [name for name in CATALOGUE if "eps" in settings_of(name)]


# ---- ball, picture, mask ----


@each_start(WITH_EPS)
def test_eps_0_is_the_clean_picture_bit_for_bit(name, start):
    net, x, target = case(name)
    assert torch.equal(made(name, eps=0, random_start=start)(net, x, target), x)


def widest(attack) -> float:
    """The radius of the largest ball an attack looks into; a whole picture's where it has none."""
    if isinstance(attack, WorstOf):
        return max(map(widest, attack.members.values()))
    if isinstance(attack, AlmaProx):
        return 1.0
    stages = attack.search.stages if isinstance(attack.search, RedEps) else [(1, 1)]
    return max(factor for factor, _ in stages) * attack.ball.radius


@every_start
@pytest.mark.parametrize("eps", [0.5, 8, 100, 255])
def test_no_attack_leaves_the_ball_or_the_picture_or_looks_outside(name, start, eps):
    net, x, target = case(name)
    attack, seen = made(name, eps, random_start=start), []
    net.register_forward_pre_hook(lambda _, given: seen.append(given[0].detach()))
    attacked = attack(net, x, target)
    assert attacked.dtype == torch.float32 and attacked.shape == x.shape
    assert (attacked - x).abs().max() <= (eps / 255 if name in WITH_EPS else 1) + 1e-6
    assert attacked.min() >= 0 and attacked.max() <= 1
    for point in seen:
        assert len(point) < len(x) or (point - x).abs().max() <= widest(attack) + 1e-6
        assert point.min() >= -1e-6 and point.max() <= 1 + 1e-6


@every_start
def test_a_mask_keeps_the_perturbation_inside(name, start):
    net, x, target = case(name)
    mask = torch.rand(len(x), H, W, generator=torch.Generator().manual_seed(7)) < 0.5
    moved = (made(name, random_start=start)(net, x, target, mask=mask) != x).any(1)
    assert moved[mask].any() and not moved[~mask].any()


@every_attack
def test_a_mask_of_another_size_is_a_one_line_error(name):
    net, x, target = case(name)
    with pytest.raises(ValueError, match=r"^wanted a mask \(B, H, W\) for pictures .*, got \(2, 12, 10\)$"):
        made(name)(net, x, target, mask=torch.ones(2, H, W, dtype=torch.bool))


def tensors(target) -> list[Tensor]:
    return [target] if isinstance(target, Tensor) else [t for part in target for t in tensors(part)]


@every_attack
def test_what_is_given_is_not_written_to(name):
    net, x, target = case(name)
    given = [x, *tensors(target)]
    before = [t.clone() for t in given]
    attacked = made(name)(net, x, target)
    assert all(map(torch.equal, given, before))
    assert not attacked.requires_grad and not torch.equal(attacked, x)


# ---- void ----


@each_start(name for name, kind in KINDS.items() if kind.silent)
def test_nothing_but_void_does_not_push(name, start):
    net, x, target = case(name)
    silent = KINDS[name].silent(target)
    end = made(name, random_start=start)(net, x, silent)
    if not start:
        assert torch.equal(end, x)
    elif name != "fgsm":  # which has no fewer steps
        begin = made(name, random_start=start, steps=0)(net, x, silent)
        assert torch.allclose(begin, end, rtol=0, atol=1e-6)


@each(GUIDED)
def test_a_void_pixel_does_not_push_among_others_that_do(name):
    net, x, target = case(name, layers=single)
    inert = KINDS[name].inert(target)
    moved = (made(name, random_start=starts(name)[0])(net, x, target) != x).any(1)
    assert inert.any() and not moved[inert].any()
    assert moved[~inert].any()


# ---- independence and randomness ----


@every_start
def test_a_picture_is_attacked_alike_alone_in_a_batch_and_in_another_order(name, start):
    net, x, target = case(name, 4, torch.float64)
    attack, order = made(name, random_start=start), torch.tensor([2, 0, 3, 1])
    together = attack(net, x, target)
    shuffled = attack(net, x[order], select(target, lambda t: t[order]))
    alone = torch.cat([attack(net, x[i : i + 1], select(target, lambda t, i=i: t[i : i + 1])) for i in range(4)])
    assert torch.allclose(together, alone, rtol=0, atol=1e-9)
    assert torch.allclose(together[order], shuffled, rtol=0, atol=1e-9)


@every_start
def test_the_same_call_gives_the_same_picture_whatever_the_global_seed(name, start):
    net, x, target = case(name)
    attack = made(name, random_start=start)
    torch.manual_seed(0)
    first = attack(net, x, target)
    torch.manual_seed(1)
    assert torch.equal(attack(net, x, target), first)
    assert torch.equal(made(name, random_start=start)(net, x, target), first)


# ---- the model is as it was ----


def picture_of(net: nn.Module) -> list:
    """All of a model that an attack might disturb, and the global random state."""
    flags = [(name, m.training) for name, m in net.named_modules()]
    flags += [(name, p.requires_grad) for name, p in net.named_parameters()]
    values = [(name, v.tolist()) for name, v in net.state_dict().items()]
    grads = [None if p.grad is None else p.grad.tolist() for p in net.parameters()]
    return [flags, values, grads, torch.get_rng_state().tolist()]


def odd(net: Pipeline) -> Pipeline:
    """A model in training with a sleeping BatchNorm, a frozen layer and a gradient somebody still needs."""
    net.train()
    first, norm, *_, last = layers_of(net)
    norm.eval()
    first.weight.requires_grad_(False)
    last.weight.grad = torch.ones_like(last.weight)
    torch.manual_seed(11)
    return net


@every_attack
def test_an_attack_leaves_the_model_and_the_random_state_as_found(name):
    net, x, target = case(name)
    before = picture_of(odd(net))
    made(name)(net, x, target)
    assert picture_of(net) == before


def break_forward(net: Pipeline, call: int) -> None:
    calls = []

    def fail(*_):
        calls.append(1)
        if len(calls) == call:
            raise RuntimeError("a broken layer")

    layers_of(net)[2].register_forward_hook(fail)


def break_backward(net: Pipeline) -> None:
    def fail(_):
        raise RuntimeError("a broken layer")

    def watch(_, given, output):
        if output.requires_grad:
            output.register_hook(fail)

    layers_of(net)[2].register_forward_hook(watch)


@pytest.mark.parametrize(
    "name, where",
    [
        (name, where)
        for name in sorted(CATALOGUE)
        for where in ("first call", "last call", *["backward"] * (name in GUIDED))
    ],
)
def test_an_error_inside_the_model_leaves_it_as_found(name, where):
    net, x, target = case(name)
    calls = count_calls(net)
    made(name)(net, x, target)
    before = picture_of(odd(net))
    if where == "backward":
        break_backward(net)
    else:
        break_forward(net, 1 if where == "first call" else len(calls))
    with pytest.raises(RuntimeError, match="a broken layer"):
        made(name)(net, x, target)
    assert picture_of(net) == before


@each(name for name in CATALOGUE if name != "sea")  # which has no points of its own
def test_an_unfinished_attack_leaves_the_model_as_found_at_every_point(name):
    net, x, target = case(name)
    before = picture_of(odd(net))
    walk = made(name).iterates(net, x, target)
    for _ in range(2):
        next(walk)
        assert picture_of(net) == before
    walk.close()
    assert picture_of(net) == before


@every_attack
def test_the_model_attacked_is_the_one_in_evaluation_mode(name):
    net, x, target = case(name)
    calm = made(name)(net, x, target)
    assert torch.equal(made(name)(net.train(), x, target), calm)


@every_attack
def test_an_attack_works_where_gradients_are_switched_off(name):
    net, x, target = case(name)
    wanted = made(name)(net, x, target)
    with torch.no_grad():
        assert torch.equal(made(name)(net, x, target), wanted)


# ---- budget ----


def budget(attack) -> int:
    """How many gradients of each picture an attack says it takes."""
    if isinstance(attack, WorstOf):
        return sum(map(budget, attack.members.values()))
    if isinstance(attack, AlmaProx):
        return attack.steps
    return 0 if isinstance(attack.search, Square) else attack.search.steps


@every_start
def test_an_attack_takes_as_many_gradients_as_it_says(name, start):
    net, x, target = case(name)
    attack, backward, calls = made(name, random_start=start), [], count_calls(net)

    def watch(_, given):
        if given[0].requires_grad:
            given[0].register_hook(lambda gradient: backward.append(len(gradient)))

    net.register_forward_pre_hook(watch)
    attack(net, x, target)
    assert sum(backward) == budget(attack) * len(x)
    assert name not in zoo.STEPWISE or len(calls) == budget(attack), "and no other pass"


def test_the_budget_is_the_steps_asked_for():
    assert budget(zoo.fgsm()) == 1
    assert budget(zoo.sea(steps=7)) == 4 * 7
    assert {budget(CATALOGUE[name](steps=9)) for name in set(LABELLED) - {"fgsm", "sea", "square"}} == {9}


# ---- bad input ----


@every_attack
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("late", [False, True], ids=["at the start", "later"])
def test_nonsense_from_a_model_is_an_error_that_names_the_step(name, value, late):
    net, x, target = case(name)
    attack, calls = made(name), count_calls(net)
    from_call = budget(attack) if late else 1

    def spoil(_, given, output):
        if len(calls) >= from_call:
            return type(output)(*(None if part is None else torch.full_like(part, value) * part for part in output))

    net.register_forward_hook(spoil)
    where = r"step \d+" if from_call > 1 else "the start"
    message = rf"^wanted finite numbers, got a \w+ of nan or inf at {where} of the attack$"
    with pytest.raises(FloatingPointError, match=message):
        attack(net, x, target)


def one_line(error) -> None:
    assert "\n" not in str(error.value)


@each(set(WITH_EPS))
@pytest.mark.parametrize("eps", [-1, -1e-9, 255.5, float("nan"), float("inf")])
def test_eps_outside_0_to_255_is_refused(name, eps):
    with pytest.raises(ValueError, match=r"^wanted eps from 0 to 255 \(in 1/255\), got ") as error:
        made(name, eps)
    one_line(error)


def with_bad(what: str):
    x, y = problem()
    return {
        "labels of another size": (x, y[:, :-1]),
        "labels of another batch": (x, y[:-1]),
        "labels with channels": (x, y.unsqueeze(1)),
        "float labels": (x, y.float()),
        "whole-number pictures": ((255 * x).byte(), y),
        "pictures in 0..255": (255 * x, y),
        "pictures below 0": (x - 0.5, y),
        "pictures that are not numbers": (x * float("nan"), y),
        "labels below 0": (x, y.masked_fill(y == VOID, -1)),
    }[what]


@each(LABELLED)
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("labels of another size", r"wanted labels \(B, H, W\) for pictures .*, got \(3, 11, 10\)"),
        ("labels of another batch", r"wanted labels \(B, H, W\) for pictures .*, got \(2, 12, 10\)"),
        ("labels with channels", r"wanted labels \(B, H, W\)"),
        ("float labels", "wanted float pictures and integer labels, got torch.float32 and torch.float32"),
        ("whole-number pictures", "wanted float pictures and integer labels, got torch.uint8"),
        ("pictures in 0..255", r"wanted pictures in \[0, 1\], got \[0, 255\]"),
        ("pictures below 0", r"wanted pictures in \[0, 1\], got \[-0.5, "),
        ("pictures that are not numbers", r"wanted pictures in \[0, 1\], got \[nan, nan\]"),
        ("labels below 0", "wanted labels from 0 up and void 255, got -1"),
    ],
)
def test_bad_pictures_and_labels_are_one_line_errors_before_the_model_is_asked(name, what, message):
    net, *_ = case(name)
    calls = count_calls(net)
    with pytest.raises(ValueError, match=f"^{message}") as error:
        made(name)(net, *with_bad(what))
    one_line(error)
    assert calls == []


@each(LABELLED)
def test_a_label_beyond_the_classes_is_a_one_line_error(name):
    net, x, y = case(name)
    y[0, 5, 5] = CLASSES
    with pytest.raises(ValueError, match=r"^wanted labels from 0 to 3 and void 255, got 4") as error:
        made(name)(net, x, y)
    one_line(error)


@each(LABELLED)
def test_labels_for_a_model_that_only_derains_are_a_one_line_error(name):
    _, x, y = case(name)
    with pytest.raises(ValueError, match=r"^wanted a model that segments for a target of labels") as error:
        made(name)(derainer(mixing), x, y)
    one_line(error)


@each(zoo.ATTACKS | zoo.MINIMUM_NORM | zoo.DERAIN_ATTACKS)
def test_every_attack_says_where_it_comes_from_and_takes_eps_in_255ths(name):
    assert "\n" not in CATALOGUE[name].__doc__.splitlines()[0]
    if name in WITH_EPS:
        assert settings_of(name)["eps"] in (8, 7.65)  # DDC-AT's 0.03
        attack = made(name, 4)
        for part in getattr(attack, "members", {name: attack}).values():
            assert part.ball.radius == 4 / 255


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int32])
@each(LABELLED)
def test_labels_of_any_integer_format_are_labels(name, dtype):
    net, x, y = case(name)
    assert torch.equal(made(name)(net, x, y.to(dtype)), made(name)(net, x, y))


@every_attack
def test_pictures_that_have_a_gradient_are_attacked_apart_from_it(name):
    net, x, target = case(name)
    grown = (x.clone().requires_grad_(True) * 1).clamp(0, 1)
    attacked = made(name)(net, grown, target)
    assert not attacked.requires_grad and torch.equal(attacked, made(name)(net, x, target))


@every_attack
def test_no_mask_may_be_said_in_words(name):
    net, x, target = case(name)
    assert torch.equal(made(name)(net, x, target, mask=None), made(name)(net, x, target))


@every_attack
def test_one_infinite_output_is_an_error(name):
    net, x, target = case(name)

    def spoil(_, given, output):
        return type(output)(*(None if part is None else part.index_put((torch.tensor([0]),), torch.tensor(torch.inf))
                              for part in output))  # fmt: skip

    net.register_forward_hook(spoil)
    with pytest.raises(FloatingPointError, match="wanted finite numbers"):
        made(name)(net, x, target)


@pytest.mark.parametrize("name", ["pgd", "red_eps_apgd", "sea", "lmse"])
def test_keys_decide_the_random_numbers_in_place_of_the_pixels(name):
    net, x, target = case(name, dtype=torch.float64)
    same = torch.cat([x[:1]] * 2), select(target, lambda values: torch.cat([values[:1]] * 2))
    attack = made(name, random_start=True, steps=2)
    first, second = attack(net, *same)
    assert torch.equal(first, second)
    first, second = attack(net, *same, keys=["a", "b"])
    assert not torch.equal(first, second)
    assert torch.equal(attack(net, *(select(part, lambda v: v[1:]) for part in same), keys=["b"])[0], second)
    with pytest.raises(ValueError, match="wanted a key for each of 2 pictures, got 1"):
        attack(net, *same, keys=["a"])


@every_attack
def test_a_trace_returns_the_attack_and_shows_its_way(name):
    net, x, target = case(name)
    attack = made(name)
    courses = attack.trace(net, x, target, iterates=True)
    if isinstance(attack, WorstOf):
        assert courses.keys() == attack.members.keys()
        course, attack = next((courses[n], member) for n, member in attack.members.items())
    else:
        course = courses
    assert torch.equal(course.images, attack(net, x, target))
    assert torch.equal(course.iterates, torch.stack(list(attack.iterates(net, x, target))))
    assert len(course.loss) >= len(course.iterates) and course.loss.shape == course.tracked.shape
    assert course.loss[0].shape == (len(x),) and course.loss.isfinite().all()
    labelled = isinstance(target, Tensor)
    assert (course.accuracy is not None) == labelled
    if labelled:
        with torch.no_grad():
            assert torch.allclose(course.accuracy[0], share_of(net(course.iterates[0]), target))


@pytest.mark.parametrize("name", sorted(zoo.ATTACKS.keys() - {"fgsm", "sea"}))  # one step, and several attacks in one
def test_an_attack_is_declared_stepwise_if_fewer_steps_are_the_beginning_of_more(name):
    net, x, target = case(name)
    short, long = made(name, steps=4), made(name, steps=8)
    prefix = all(map(torch.equal, short.iterates(net, x, target), long.iterates(net, x, target)))
    assert (prefix and short.keep is None) == (name in zoo.STEPWISE)
