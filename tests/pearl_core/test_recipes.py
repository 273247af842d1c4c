"""Recipes by what they feed to whom: attacks and losses are replaced by spies that write down what they get."""

import pytest
import torch
import torch.nn.functional as F

from pearl_core import recipes
from pearl_core.attacks import zoo
from pearl_core.derain.prenet import negative_ssim
from pearl_core.train import Schedule, train
from pearl_core.types import VOID

from . import tiny


class Spy:
    """An attack that adds `shift` and remembers whom it attacked where; a loss that remembers what it compared."""

    def __init__(self, shift: float = 0.0):
        self.shift, self.calls = shift, []

    def __call__(self, *what):
        self.calls.append(what)
        return what[1] + self.shift

    @property
    def only(self) -> tuple:
        assert len(self.calls) == 1
        return self.calls[0]


class Compared:
    """A loss that remembers its pictures and its target."""

    def __init__(self):
        self.calls = []

    def __call__(self, *what):
        self.calls.append(what)
        return torch.zeros(())

    only = Spy.only


def attacked_alone(call: tuple, net) -> bool:
    """Whether the victim was the segmenter by itself."""
    return call[0].derain is None and call[0].segment is net.segment


@pytest.mark.parametrize("name", sorted(recipes.RECIPES))
def test_a_recipe_moves_only_its_part(name):
    net, recipe = tiny.pipeline(), recipes.RECIPES[name]()
    moving = getattr(net, recipe.moves)
    resting = net.derain if recipe.moves == "segment" else net.segment
    before = tiny.values(moving), tiny.values(resting)
    for _ in train(net, recipe, tiny.sample, Schedule(3, 1e-2)):
        pass
    assert tiny.same(tiny.values(resting), before[1]), "weights or BatchNorm statistics of the other part moved"
    assert all(p.grad is None for p in resting.parameters())
    after = tiny.values(moving)
    still = [key for key in after if torch.equal(after[key], before[0][key])]
    assert still == [], "a part of the net that moves stayed where it was"


def test_a_resting_derainer_keeps_its_batchnorm_statistics_and_its_dropout_off():
    net = tiny.pipeline()
    net.derain = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 1), torch.nn.BatchNorm2d(3), torch.nn.Dropout(0.5))
    before, modes = tiny.values(net.derain), []
    net.derain.register_forward_hook(lambda part, *_: modes.extend(m.training for m in part.modules()))
    for _ in train(net, recipes.nat(), tiny.sample, Schedule(2)):
        pass
    assert tiny.same(tiny.values(net.derain), before)
    assert modes and not any(modes)


@pytest.mark.parametrize("name", ["clean", "sat"])
def test_recipes_without_rain_need_neither_rain_nor_a_derainer(name):
    net, sample = tiny.pipeline(), tiny.sample()
    net.derain = None
    recipe = recipes.RECIPES[name]()
    assert not recipe.rain
    assert recipe.loss(net, sample._replace(rainy=None)).isfinite()


@pytest.mark.parametrize("name", ["derain", "nat", "pearl", "pearl_ama"])
def test_the_other_recipes_look_at_rain(name):
    assert recipes.RECIPES[name]().rain


def test_the_clean_recipe_is_the_segmentation_loss_of_the_clean_picture():
    net, sample, loss = tiny.pipeline(), tiny.sample(), Compared()
    recipes.clean(loss).loss(net, sample)
    segment, images, labels = loss.only
    assert segment is net.segment and images is sample.clean and labels is sample.labels


def test_the_derain_recipe_compares_the_derained_rain_with_the_clean_picture():
    net, sample, loss = tiny.pipeline(), tiny.sample(), Compared()
    recipes.derain(loss).loss(net, sample)
    derainer, fed, target = loss.only
    assert derainer is net.derain and fed is sample.rainy and target is sample.clean


@pytest.mark.parametrize(("images", "half"), [(4, 2), (5, 2), (1, 0)])
def test_sat_attacks_exactly_the_second_half(images, half):
    net, sample, attack, loss = tiny.pipeline(), tiny.sample(images=images), Spy(0.05), Compared()
    recipes.sat(attack, loss).loss(net, sample)
    victim, pictures, labels = attack.only
    assert attacked_alone(attack.only, net), victim
    assert torch.equal(pictures, sample.clean[half:]) and torch.equal(labels, sample.labels[half:])
    segment, fed, labels = loss.only
    assert segment is net.segment and torch.equal(labels, sample.labels)
    assert torch.equal(fed[:half], sample.clean[:half])
    assert torch.equal(fed[half:], sample.clean[half:] + 0.05)


@pytest.mark.parametrize("through", [False, True])
def test_nat_feeds_the_segmenter_what_the_derainer_makes_of_the_attacked_rain(through):
    net, sample, attack, loss = tiny.pipeline(), tiny.sample(), Spy(0.05), Compared()
    recipes.nat(attack, loss, through=through).loss(net, sample)
    assert torch.equal(attack.only[1], sample.rainy) and attack.only[2] is sample.labels
    assert (attack.only[0] is net) if through else attacked_alone(attack.only, net)
    _, fed, labels = loss.only
    assert torch.equal(fed, net.derain(sample.rainy + 0.05)) and labels is sample.labels
    assert not fed.requires_grad, "the derainer stays pretrained"


def test_pearl_learns_to_make_the_clean_picture_of_the_attacked_rain():
    net, sample, attack, loss = tiny.pipeline(), tiny.sample(), Spy(0.05), Compared()
    recipes.pearl(attack, loss=loss).loss(net, sample)
    assert attacked_alone(attack.only, net)
    assert torch.equal(attack.only[1], sample.rainy) and attack.only[2] is sample.labels
    derainer, fed, target = loss.only
    assert derainer is net.derain and torch.equal(fed, sample.rainy + 0.05)
    assert torch.equal(target, sample.clean)


@pytest.mark.parametrize("mirror_on", ["attacked", "clean"])
def test_with_ama_the_target_moves_by_the_mirror_perturbation(mirror_on):
    net, sample = tiny.pipeline(), tiny.sample()
    attack, mirror, loss = Spy(0.05), Spy(-0.02), Compared()
    recipes.pearl_ama(attack, mirror, loss=loss, mirror_on=mirror_on).loss(net, sample)
    assert attacked_alone(mirror.only, net)
    base = sample.rainy + 0.05 if mirror_on == "attacked" else sample.clean
    assert torch.equal(mirror.only[1], base) and mirror.only[2] is sample.labels
    derainer, fed, target = loss.only
    assert derainer is net.derain and torch.equal(fed, sample.rainy + 0.05)
    assert torch.allclose(target, sample.clean - 0.02, rtol=0, atol=1e-6)


def test_the_mirror_is_made_on_the_attacked_rain_unless_said_otherwise():
    mirror = Spy(-0.02)
    recipes.pearl_ama(Spy(0.05), mirror, loss=Compared()).loss(tiny.pipeline(), tiny.sample())
    assert torch.equal(mirror.only[1], tiny.sample().rainy + 0.05)


def test_pearl_and_pearl_ama_differ_in_the_mirror_alone():
    net, sample, attack = tiny.pipeline(), tiny.sample(), zoo.bim(8, 2)
    without, with_it, idle = (
        made.loss(net, sample).item()
        for made in (
            recipes.pearl(attack),
            recipes.pearl_ama(attack, zoo.mirror(zoo.bim(8, 2))),
            recipes.pearl_ama(attack, zoo.mirror(zoo.bim(0, 2))),
        )
    )
    assert with_it != without
    assert idle == pytest.approx(without, abs=1e-5)


def test_an_unknown_place_of_the_mirror_is_an_error_with_the_choices():
    with pytest.raises(ValueError, match=r"'rainy'; choose one of attacked, clean$"):
        recipes.pearl_ama(mirror_on="rainy")


def test_by_default_recipes_train_on_bim3_at_8_and_ama_mirrors_it():
    attack = recipes.training_attack()
    mirror = zoo.mirror(attack)
    assert attack.ball.radius == mirror.ball.radius == 8 / 255
    assert attack.search == mirror.search == zoo.bim(8, 3).search
    assert not attack.random_start and not mirror.random_start


# ---- losses ----


def test_the_segmentation_loss_is_the_main_head_plus_two_fifths_of_the_auxiliary():
    net, sample = tiny.pipeline().segment, tiny.sample()
    main, aux = net.heads(sample.clean, aux=True)
    seen = sample.labels != VOID

    def by_hand(logits):
        return -logits.log_softmax(1).movedim(1, -1)[seen].gather(1, sample.labels[seen][:, None]).mean()

    loss = recipes.segmentation_loss()
    both = loss(net, sample.clean, sample.labels).item()
    assert both == pytest.approx((by_hand(main) + 0.4 * by_hand(aux)).item(), rel=1e-5)
    net.aux = None
    assert loss(net, sample.clean, sample.labels).item() == pytest.approx(by_hand(main).item(), rel=1e-5)


def test_void_and_what_lies_under_it_do_not_count_in_the_segmentation_loss():
    sample, given = tiny.sample(), []

    class Fixed:
        aux = None

        def heads(self, images, *, aux):
            logits = torch.zeros(*images.shape[:1], tiny.CLASSES, *images.shape[2:])
            logits[:, :, :4] = torch.randn(4, tiny.CLASSES, 4, 40)  # where the labels are void
            given.append(logits)
            return logits, None

    for _ in range(2):
        value = recipes.segmentation_loss()(Fixed(), sample.clean, sample.labels)
        assert value.item() == pytest.approx(torch.tensor(float(tiny.CLASSES)).log().item())
    assert not torch.equal(*given)


def test_class_weights_of_the_loss_balance_both_heads():
    net, sample = tiny.pipeline().segment, tiny.sample()
    weights = torch.tensor([1.0, 3.0, 1.0])
    heads = net.heads(sample.clean, aux=True)
    main, aux = (F.cross_entropy(logits, sample.labels, weights, ignore_index=VOID) for logits in heads)
    value = recipes.segmentation_loss(weights)(net, sample.clean, sample.labels)
    assert value.item() == pytest.approx((main + 0.4 * aux).item(), rel=1e-5)


def test_negative_ssim_is_0_for_equal_pictures_and_more_for_others():
    rainy, clean, *_ = tiny.sample()
    assert negative_ssim(clean, clean).item() == pytest.approx(0, abs=1e-5)
    assert negative_ssim(rainy, clean).item() > 0.05


def test_negative_ssim_is_computed_in_float32_under_autocast():
    rainy, clean, *_ = tiny.sample()
    with torch.autocast("cpu", torch.bfloat16):
        value = negative_ssim(rainy, clean)
    assert value.dtype == torch.float32
    assert value.item() == negative_ssim(rainy, clean).item()
