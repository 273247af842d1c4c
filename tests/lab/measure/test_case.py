"""Cases: what a system on data under an attack may say, how it is addressed, and worst cases folded from the store."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from lab.measure import measuring
from lab.measure.case import Case
from lab.measure.measuring import run, statistics
from lab.measure.trial import Trial, cells_of
from lab.measure.worst import left, worst_case, worst_set
from lab.nets.pipelines import System, build
from lab.nets.zoo import NetName
from lab.system import parts
from lab.view.setting import Setting
from pearl_core.attacks.ensembles import worst_miou
from pearl_core.attacks.zoo import SEA_LOSSES
from pearl_core.metrics import METRICS, mean_iou, pixel_accuracy

SEA = Trial("seg", attack="sea", eps=8, steps=4, threat="oblivious", images=4)


# ---- worst cases ----


def test_an_ensemble_is_the_fold_of_its_members_and_what_the_attack_itself_finds(tiny_zoo, store):
    (cell,) = cells_of([SEA], None)
    run([SEA], store=store, quiet=True)
    assert list(cell.members) == list(SEA_LOSSES)
    (sample,) = cell.data.samples(measuring.chosen(cell.data, 4))
    attacked = SEA.made()(build(cell.attacked), sample.rainy, sample.labels)
    output = build(cell.victim)(attacked)
    alone = METRICS["allAcc"].observe(output, sample).numpy()
    assert np.array_equal(statistics(cell, store)["confusion"], alone)


def test_members_of_an_ensemble_cost_nothing_once_it_is_measured_and_the_other_way_round(gradients, store):
    members = list(SEA.members().values())
    run(members[:2], store=store, quiet=True)
    half = len(gradients)
    run([SEA], store=store, quiet=True)
    assert len(gradients) == 2 * half, "the other two alone"
    run([SEA, *members], store=store, quiet=True)
    assert len(gradients) == 2 * half


def test_any_subset_has_its_worst_case_without_a_gradient(gradients, store):
    run([SEA], store=store, quiet=True)
    gradients.clear()
    (cell,) = cells_of([SEA], None)
    members = [statistics(member, store) for member in cell.members.values()]
    for subset in (members, members[1:3], members[:1]):
        worst = worst_case(subset)
        assert np.array_equal(pixel_accuracy(worst["confusion"]), left(subset).min(0))
        lowest, choice = worst_miou(np.stack([member["confusion"] for member in subset]))
        greedy = worst_set(subset)
        assert mean_iou(greedy["confusion"].sum(0)[None])[0] == pytest.approx(lowest)
        picked = [subset[a]["psnr"][i] for i, a in enumerate(choice)]
        assert np.array_equal(greedy["psnr"], picked), "all statistics are those of the chosen attack"
    assert gradients == []


def test_without_labels_the_worst_picture_is_the_one_farthest_from_the_clean_one():
    members = [{"psnr": np.array([20.0, 30.0])}, {"psnr": np.array([25.0, 10.0])}]
    assert worst_case(members)["psnr"].tolist() == [20, 10]
    with pytest.raises(ValueError, match=r"wants the statistic confusion or psnr, .* got ssim"):
        worst_case([{"ssim": np.array([1.0])}])


def test_several_starts_are_the_worst_of_single_ones(gradients, store):
    once = Trial("seg", attack="pgd", eps=8, steps=2, threat="oblivious", images=4)
    rows = run([replace(once, starts=3), *(replace(once, seed=seed) for seed in range(3))], store=store, quiet=True)
    assert len(gradients) == 3 * 4 * 2
    accuracies = rows[rows.metric == "allAcc"]
    assert accuracies.value.iloc[0] <= accuracies.value.iloc[1:].min()
    with pytest.raises(ValueError, match="wanted one start of bim, which does not begin at random, got 2"):
        Trial("seg", attack="bim", eps=8, steps=2, threat="oblivious", starts=2)


# ---- what else a case may say ----


def test_new_facts_are_in_an_address_and_in_text_only_where_they_are_said(tiny_zoo):
    plain = Trial("seg", attack="apgd", eps=8, steps=3, threat="oblivious", images=4)
    others = [replace(plain, protocol="published"), replace(plain, label=2), replace(plain, label=3)]
    cells = cells_of([plain, *others], None)
    assert len({cell.address for cell in cells}) == len(cells)
    assert not {"protocol", "label"} & cells[0].perturbation.keys()
    assert list(plain.origin()) == list(Trial.ALWAYS)
    assert others[0].origin()["protocol"] == "published"
    assert "protocol" not in Setting().text() and '"label": 3' in Setting(label=3).text()


def test_a_targeted_attack_goes_for_its_class(tiny_zoo):
    likely = {}
    for label in (0, 5):
        trial = Trial("seg", attack="bim", eps=32, steps=5, threat="oblivious", images=4, label=label)
        (cell,) = cells_of([trial], None)
        (sample,) = cell.data.samples(measuring.chosen(cell.data, 4))
        (images,) = measuring.attacked_pictures(sample, [cell]).values()
        likely[label] = build(cell.victim)(images).logits.log_softmax(1).mean((0, 2, 3))
    assert likely[0][0] > likely[5][0] and likely[5][5] > likely[0][5]


def test_the_source_of_a_transfer_may_be_a_whole_system(tiny_zoo):
    how = {"attack": "bim", "eps": 8, "steps": 2, "threat": "transfer", "images": 4}
    same = Trial("nat", source="seg", **how)
    other = Trial("nat", source="seg, segmenter=deeplabv3", **how)
    assert other.source == "seg,segmenter=deeplabv3"
    (usual, deeplab) = cells_of([same, other], None)
    assert usual.attacked != deeplab.attacked and usual.victim == deeplab.victim
    assert deeplab.attacked == System("seg", segmenter="deeplabv3").nets
    assert Trial("nat", source="nat,net_seed=1", **how).source == "nat,net_seed=1", "another run of the same method"
    for source, words in (
        ("nat", "another source than its victim"),
        ("nat,net_seed=x", "wanted a whole number for net_seed, got 'x'"),
        ("nat,colour=1", "unknown part of a system 'colour'; choose one of"),
        ("nada", "unknown method 'nada'"),
        ("seg,segmenter=psp", "unknown segmenter 'psp'"),
    ):
        with pytest.raises(ValueError, match=words):
            Trial("nat", source=source, **how)


def test_an_attack_without_eps_fills_a_cell(tiny_zoo, store):
    rows = run([Trial("seg", attack="alma_prox", steps=3, threat="oblivious", images=2)], store=store, quiet=True)
    assert set(rows.metric) == set(measuring.METRICS) & {"mIoU", "mAcc", "allAcc", "PSNR", "SSIM"}


def test_metrics_by_choice_are_added_to_what_is_stored(gradients, store):
    trial = Trial("seg", attack="bim", eps=8, steps=2, threat="oblivious", images=4)
    few = run([replace(trial, metrics=("PSNR_y", "allAcc"))], store=store, quiet=True)
    assert list(few.metric) == ["PSNR_y", "allAcc"] and "metrics" not in few
    first = len(gradients)
    run([trial], store=store, quiet=True)
    run([trial, replace(trial, metrics=("PSNR_y",))], store=store, quiet=True)
    assert len(gradients) == 2 * first, "other statistics need the picture once more, and then never again"
    with pytest.raises(ValueError, match="unknown metric 'psnr'; choose one of"):
        Trial("seg", metrics=("psnr",))


def test_a_variant_is_in_the_name_of_the_nets_that_it_changes():
    plain, other = (NetName("scenes", "sat", variant=variant) for variant in (None, "k2"))
    assert (str(plain), str(other)) == ("scenes/sat-pspnet", "scenes/sat-pspnet-k2")
    assert str(replace(other, seed=1)) == "scenes/sat-pspnet-k2-s1" and "--variant k2" in other.command
    assert "variant" not in parts.written(plain) and parts.written(other)["variant"] == "k2"
    system = System("pearl", variant="eps7.65")
    assert system.variant_of("pearl", "clean") == "eps7.65" and system.variant_of("clean", "pearl") is None
    assert System("nat", variant="k2").variant_of("derain", "nat") is None, "its parent is the usual one"
    for variant in ("s1", "K2", "a/b", ""):
        with pytest.raises(ValueError, match="wanted a variant of small letters, digits, dots and plus signs"):
            NetName("scenes", "sat", variant=variant)


# ---- one noun ----


@pytest.mark.parametrize("kind", [Case, Trial, Setting])
@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"dataset": "cityscape"}, "unknown data set 'cityscape'; choose one of camvid"),
        ({"split": "tset"}, "unknown split 'tset'"),
        ({"seed": -1}, "wanted a seed from 0 to"),
        ({"net_seed": 2**32}, "wanted a net seed from 0 to"),
        ({"eps": "8"}, "wanted a number for eps, got '8'"),
        ({"eps": float("inf")}, "wanted a number for eps, got inf"),
        ({"steps": 2.5}, "wanted a whole number for steps, got 2.5"),
        ({"method": None}, "wanted a name for method, got None"),
        ({"precision": "int4"}, "unknown precision 'int4'"),
        ({"protocol": "mine"}, "unknown protocol 'mine'; choose one of corrected, published"),
        ({"attack": "fgsm", "threat": "oblivious", "protocol": "published"}, "wanted no protocol for fgsm"),
    ],
)
def test_trials_and_settings_refuse_the_same_in_the_same_words(kind, told, words):
    with pytest.raises(ValueError) as caught:
        kind(**{"method": "seg"} | told)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_a_setting_and_a_trial_share_every_part_of_a_case():
    shared = {field.name for field in fields(Case)}
    assert shared <= {field.name for field in fields(Trial)} and shared <= {field.name for field in fields(Setting)}
    setting = Setting(method="nat", threat="transfer", attack="pgd", source="pearl", precision="auto")
    trial = Trial("nat", threat="transfer", attack="pgd", source="pearl", eps=8, steps=10)
    assert setting.system == trial.system


def test_black_box_is_for_attacks_by_answers_alone_and_sees_the_whole_system():
    with pytest.raises(ValueError, match=r"wanted an attack by answers alone for black_box \(square\), got 'bim'"):
        Trial("pearl", attack="bim", eps=8, steps=3, threat="black_box")
    trial = Trial("derain_seg", attack="square", eps=8, steps=3, threat="black_box")
    adaptive = Trial("derain_seg", attack="square", eps=8, steps=3, threat="adaptive")
    assert trial.attacked == trial.system.nets == adaptive.attacked


def test_the_seed_of_an_attack_by_answers_is_in_its_address(tiny_zoo):
    asked = Trial("derain_seg", attack="square", eps=8, steps=3, threat="black_box")
    first, second = cells_of([asked, replace(asked, seed=1)], None)
    assert first.address != second.address
