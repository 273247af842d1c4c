"""Any model: every form of answer gives the numbers of the bare net, and what can be read twice is refused."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pearl_core.adapters import adapted, decided, fits
from pearl_core.attacks import zoo
from pearl_core.attacks.ensembles import accuracy_of
from pearl_core.attacks.wrappers import Expectation
from pearl_core.pipeline import Pipeline
from pearl_core.segment.pspnet import PSPNet
from pearl_core.types import Output

CLASSES, SIZE = 5, (32, 64)
Named = namedtuple("Named", "logits aux")
Unnamed = namedtuple("Unnamed", "first second")


def net(classes: int = CLASSES) -> nn.Module:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return PSPNet(classes, depth=18, width=4).eval()


NET, ONE = net(), nn.Conv2d(3, 1, 1)
ONE.load_state_dict({"weight": torch.tensor([5.0, -4.0, 2.0]).view(1, 3, 1, 1), "bias": torch.tensor([-1.0])})
IMAGES = torch.rand(2, 3, *SIZE, generator=torch.Generator().manual_seed(1))
LABELS = torch.randint(CLASSES, (2, *SIZE), generator=torch.Generator().manual_seed(2))


class Form(nn.Module):
    """The net with its answer in another form."""

    def __init__(self, form, net=NET):
        super().__init__()
        self.net, self.form = net, form

    def forward(self, images):
        return self.form(self.net(images))


@dataclass
class Answer:
    logits: Tensor
    loss: Tensor | None = None


def smaller(factor):
    return lambda x: F.avg_pool2d(x, factor)


def enlarged(x):
    return F.interpolate(x, SIZE, mode="bilinear", align_corners=False)


def two(x):
    return torch.cat([torch.zeros_like(x), x], 1)


def queries(x):
    """Five queries, each sure of its class, whose masks are the logits."""
    classes = 20 * torch.eye(CLASSES, CLASSES + 1).expand(len(x), -1, -1)
    return SimpleNamespace(class_queries_logits=classes, masks_queries_logits=x)


def of_queries(x):
    said = queries(x)
    return torch.einsum("bqk,bqhw->bkhw", said.class_queries_logits.softmax(-1)[..., :-1], x.sigmoid()).log()


SAME = lambda x: x  # noqa: E731
# name: (the model, the same logits at the pictures' size from those of the net, the net)
FORMS = {
    "module": (NET, SAME, NET),
    "function": (lambda images: NET(images), SAME, NET),
    "bound method": (NET.forward, SAME, NET),
    "partial": (partial(lambda net, images: net(images), NET), SAME, NET),
    "data parallel": (nn.DataParallel(NET), SAME, NET),
    "traced": (torch.jit.trace(NET, IMAGES), SAME, NET),
    "dict out": (Form(lambda x: {"out": x}), SAME, NET),
    "dict logits": (Form(lambda x: {"logits": x, "loss": None}), SAME, NET),
    "torchvision": (Form(lambda x: OrderedDict(out=x, aux=x * 0)), SAME, NET),
    "dict of one map": (Form(lambda x: {"mask": x, "names": ["road"]}), SAME, NET),
    "dict of a dict": (Form(lambda x: {"out": {"logits": x}}), SAME, NET),
    "object": (Form(Answer), SAME, NET),
    "object out": (Form(lambda x: SimpleNamespace(out=x)), SAME, NET),
    "tuple with aux": (Form(lambda x: (x, x * 0)), SAME, NET),
    "tuple of one": (Form(lambda x: (x,)), SAME, NET),
    "tuple with image labels": (Form(lambda x: (x, x.mean((2, 3)))), SAME, NET),
    "list": (Form(lambda x: [x, x * 0]), SAME, NET),
    "nested tuple": (Form(lambda x: ((x, x * 0), None)), SAME, NET),
    "tuple of an object": (Form(lambda x: (Answer(x), 1)), SAME, NET),
    "named tuple": (Form(lambda x: Named(x, x * 0)), SAME, NET),
    "named tuple, other names": (Form(lambda x: Unnamed(x, x * 0)), SAME, NET),
    "output": (Form(lambda x: Output(IMAGES, x)), SAME, NET),
    "pipeline": (Pipeline(None, NET), SAME, NET),
    "half": (Form(smaller(2)), lambda x: enlarged(smaller(2)(x)), NET),
    "quarter": (Form(lambda x: Answer(smaller(4)(x))), lambda x: enlarged(smaller(4)(x)), NET),
    "eighth": (Form(smaller(8)), lambda x: enlarged(smaller(8)(x)), NET),
    "channels last": (Form(lambda x: x.movedim(1, -1)), SAME, NET),
    "channels last, quarter": (Form(lambda x: smaller(4)(x).movedim(1, -1)), lambda x: enlarged(smaller(4)(x)), NET),
    "probabilities": (Form(lambda x: x.softmax(1)), lambda x: x.log_softmax(1), NET),
    "one channel": (Form(SAME, ONE), two, ONE),
    "no channel": (Form(lambda x: x[:, 0], ONE), two, ONE),
    "one channel in a dict": (Form(lambda x: {"out": x}, ONE), two, ONE),
    "mask queries": (Form(queries), of_queries, NET),
}  # fmt: skip


class Reference(nn.Module):
    """The logits that a form means, said as the lab does."""

    def __init__(self, meant, net):
        super().__init__()
        self.net, self.meant = net, meant

    def forward(self, images):
        return Output(images, self.meant(self.net(images)))


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_numbers_of_the_bare_net(name):
    model, meant, bare = FORMS[name]
    wanted = Reference(meant, bare)
    labels = LABELS if bare is NET else LABELS.clamp(max=1)
    assert torch.allclose(adapted(model)(IMAGES).logits, wanted(IMAGES).logits, atol=1e-5)
    exact = name not in ("probabilities", "mask queries", "output")  # rounded otherwise; and one that knows no batch
    if exact:
        attack = zoo.bim(8, 2)
        assert torch.equal(attack(model, IMAGES, labels), attack(wanted, IMAGES, labels))
        assert torch.equal(accuracy_of(model, IMAGES, labels), accuracy_of(wanted, IMAGES, labels))


@pytest.mark.parametrize("name", [name for name in FORMS if name not in ("traced", "bound method", "output")])
def test_every_form_is_attacked_in_bfloat16_by_ensembles_and_from_training_mode(name):
    model, _, bare = FORMS[name]
    labels = LABELS if bare is NET else LABELS.clamp(max=1)
    bare.train()
    before = {key: value.clone() for key, value in bare.state_dict().items()}
    try:
        if isinstance(model, nn.Module):  # what a function holds is its own
            made = zoo.pgd(8, 2, precision="bfloat16")(model, IMAGES, labels)
            worst = zoo.sea(8, 4)(model, IMAGES[:1], labels[:1])
            assert all(m.training for m in bare.modules())
            assert all(torch.equal(value, before[key]) for key, value in bare.state_dict().items())
            assert (made - IMAGES).abs().max() <= 8 / 255 + 1e-6 and worst.shape == IMAGES[:1].shape
            assert all(parameter.grad is None and parameter.requires_grad for parameter in bare.parameters())
    finally:
        bare.eval()


def test_the_copy_in_low_precision_is_kept_for_other_forms_too(monkeypatch):
    from pearl_core import kept

    made = []
    monkeypatch.setattr(kept, "made", lambda *arguments, real=kept.made: made.append(1) or real(*arguments))
    model = FORMS["torchvision"][0].net
    for _ in range(2):
        zoo.bim(8, 1, precision="bfloat16")(model, IMAGES, LABELS)
    assert len(made) <= 1


def test_what_is_read_is_decided_once_and_told():
    model = adapted(Form(lambda x: {"out": smaller(4)(x)}))
    assert model.reading is None
    model(IMAGES)
    assert str(model.reading) == "logits of 5 classes in .out, channels first, 8x16 pixels enlarged to the picture's"
    assert adapted(model.given).reading == model.reading
    assert adapted(Pipeline(None, NET)) is not NET and not hasattr(adapted(Pipeline(None, NET)), "reading")


def test_later_answers_of_another_kind_are_refused():
    sizes = iter([5, 4])
    model = adapted(lambda images: images.new_zeros(len(images), next(sizes), *SIZE))
    model(IMAGES)
    with pytest.raises(ValueError, match=r"^wanted logits of 5 classes.* as in the first answer, got \(2, 4, 32, 64\)"):
        model(IMAGES)


@pytest.mark.parametrize(
    ("form", "error", "words"),
    [
        (lambda x: x.argmax(1), TypeError, "wanted scores for every class, got torch.int64 .* has no gradient"),
        (lambda x: x.mean((2, 3)), TypeError, r"wanted scores \(B, K, h, w\).*, got \(2, 5\)"),
        (lambda x: x[..., :-3], TypeError, "picture's 32x64 pixels or a whole part of them, got"),
        (lambda x: F.interpolate(x, (64, 128)), TypeError, "picture's 32x64 pixels or a whole part"),
        (lambda x: {"a": x, "b": x}, TypeError, "a dict or object with one of out, logits, .*got a dict with a, b"),
        (lambda x: {}, TypeError, "got a dict"),
        (lambda x: None, TypeError, "got a NoneType"),
        (lambda x: "road", TypeError, "got a str"),
        (lambda x: x.detach().numpy(), TypeError, "got a ndarray"),
        (lambda x: (x[:, :3], x), ValueError, "two readings of a tuple .*: logits of 3 classes first, or a derained"),
        (lambda x: x[:, :1].sigmoid(), ValueError, "two readings of one channel in .*say scores='probabilities'"),
    ],
)  # fmt: skip
def test_an_answer_without_one_reading_is_refused_in_one_line(form, error, words):
    with pytest.raises(error, match=words) as told:
        zoo.bim(8, 1)(Form(form), IMAGES, LABELS)
    assert "\n" not in str(told.value)


def test_square_pictures_may_leave_two_places_for_the_classes():
    images = torch.rand(1, 3, 32, 32)
    with pytest.raises(ValueError, match=r"two readings of scores .*: classes in the second place or in the last"):
        adapted(lambda images: images.new_zeros(1, 32, 32, 32))(images)


def test_scores_are_what_the_caller_says():
    likely = Form(lambda x: x.sigmoid(), ONE)
    logits = [adapted(likely, scores=scores)(IMAGES).logits[:, 1] for scores in ("probabilities", "logits")]
    assert torch.allclose(logits[0], ONE(IMAGES)[:, 0], atol=1e-4)
    assert torch.equal(logits[1], ONE(IMAGES)[:, 0].sigmoid())
    with pytest.raises(ValueError, match="unknown scores 'odds'; choose one of"):
        adapted(likely, scores="odds")(IMAGES)
    with pytest.raises(ValueError, match=r"^wanted probabilities in \[0, 1\], got"):
        adapted(NET, scores="probabilities")(IMAGES)


def test_mean_and_std_are_put_inside():
    mean, std = (0.5, 0.4, 0.3), (0.2, 0.3, 0.4)
    shifted = (IMAGES - torch.tensor(mean).view(3, 1, 1)) / torch.tensor(std).view(3, 1, 1)
    assert torch.equal(adapted(NET, mean=mean, std=std)(IMAGES).logits, NET(shifted))
    with pytest.raises(ValueError, match="wanted both mean and std, or neither"):
        adapted(NET, mean=mean)
    with pytest.raises(TypeError, match="wanted a module or a function of tensors, got a str"):
        adapted("model")


@pytest.mark.parametrize("form", [SAME, lambda x: [x, x], lambda x: {"out": x}], ids=["tensor", "list", "dict"])
def test_a_derainer_is_read_as_one_where_the_attack_wants_one(form):
    target = zoo.OWN_OUTPUT.of(Form(form, nn.Conv2d(3, 3, 1)), SimpleNamespace(rainy=IMAGES))
    derainer = Form(form, nn.Conv2d(3, 3, 1))
    attacked = zoo.lmse(8, 2)(derainer, IMAGES, target)
    wanted = zoo.lmse(8, 2)(Pipeline(derainer.net, None), IMAGES, target)
    assert torch.equal(attacked, wanted)
    with pytest.raises(TypeError, match="wanted derained pictures"):
        decided(torch.rand(2, 4, *SIZE), IMAGES, "derain")


def test_a_random_model_of_any_form_may_be_asked_several_times():
    noisy = Form(lambda x: {"out": x + torch.rand_like(x)})
    assert Expectation(noisy, 3)(IMAGES).logits.shape == (6, CLASSES, *SIZE)


@pytest.mark.parametrize(
    ("small", "whole", "fit"),
    [
        ((32, 64), (32, 64), True),
        ((8, 16), (32, 64), True),
        ((9, 17), (33, 65), True),  # a side of 33 in quarters, rounded up
        ((8, 16), (33, 65), True),  # and down
        ((8, 32), (32, 64), False),
        ((64, 128), (32, 64), False),
        ((1, 1), (64, 64), False),
        ((5, 32), (32, 64), False),
    ],
)
def test_a_part_of_a_picture_is_the_same_in_both_directions(small, whole, fit):
    assert fits(small, whole) == fit
