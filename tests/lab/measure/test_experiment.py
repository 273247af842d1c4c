"""Trials, their sharing, and resuming: on a zoo of tiny nets that know nothing."""

import io
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from lab.measure.measuring import compute, missing, run
from lab.measure.store import Store
from lab.measure.trial import Trial, cells_of, steps_of
from lab.nets.pipelines import System, build
from lab.papers.pearl.table1 import EXPERIMENT, TABLE
from pearl_core.attacks.zoo import OBJECTIVES

IMAGES = 4  # a whole batch


def test_table_1_computes_each_distinct_gradient_once(gradients, store):
    run(EXPERIMENT.asked(images=IMAGES), store=store, quiet=True)
    oblivious = 3 * 30  # segmenters clean, sat, nat; BIM10 with BIM3 and BIM5 inside, PGD10, CW10
    adaptive = 4 * 30  # Derain + Seg, NAT, PEARL, PEARL + AMA; without a derainer it is the oblivious attack
    assert sum(gradients) == IMAGES * (oblivious + adaptive)


def test_a_second_run_computes_nothing(gradients, store):
    first = run(EXPERIMENT.asked(images=IMAGES), store=store, quiet=True)
    gradients.clear()
    again = run(EXPERIMENT.asked(images=IMAGES), store=store, quiet=True)
    assert gradients == []
    assert np.array_equal(first.value, again.value)


def test_a_table_from_a_store_whose_values_were_altered_is_the_table_of_the_untouched_one(tiny_zoo, store, capsys):
    trials = [Trial(method, images=8) for method in ("seg", "derain_seg")]
    first = run(trials, store=store, quiet=True)
    with closing(sqlite3.connect(store.path)) as connection, connection:
        every = connection.execute("SELECT value, address, image, name FROM statistics").fetchall()
        for place, (value, *key) in enumerate(every):
            wrong = np.full_like(np.load(io.BytesIO(value)), (7, 1)[place % 2])
            np.save(altered := io.BytesIO(), wrong)
            row = (altered.getvalue(), *key)
            connection.execute("UPDATE statistics SET value = ? WHERE address = ? AND image = ? AND name = ?", row)
    capsys.readouterr()
    again = run(trials, store=store, quiet=True)
    assert len(every) > 8 and again.drop(columns="statistics").equals(first.drop(columns="statistics"))
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if str(store.path) in line] == said and len(said) == 1


def test_more_images_only_add_to_fewer(gradients, store):
    trial = Trial("seg", attack="bim", eps=8, steps=2, threat="oblivious", images=4)
    run([trial], store=store, quiet=True)
    gradients.clear()
    run([replace(trial, images=8)], store=store, quiet=True)
    assert sum(gradients) == 4 * 2


def test_an_interrupted_run_loses_only_the_batch_in_flight(gradients, store, monkeypatch):
    trials = [Trial("seg", attack="bim", eps=8, steps=2, threat="oblivious", images=8)]
    add = Store.add
    calls = []

    def interrupted(self, *arguments):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        add(self, *arguments)

    with monkeypatch.context() as patched:
        patched.setattr(Store, "add", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(trials, store=store, quiet=True)
    gradients.clear()
    resumed = run(trials, store=store, quiet=True)
    assert sum(gradients) == 4 * 2
    fresh = run(trials, store=Store(store.path.with_name("other.sqlite")), quiet=True)
    assert np.array_equal(resumed.value, fresh.value)


def test_a_prefix_is_the_attack_with_fewer_steps(tiny_zoo, store):
    bims = [Trial("robust_seg", attack="bim", eps=8, steps=s, threat="oblivious", images=IMAGES) for s in (3, 10)]
    together = run(bims, store=store, quiet=True)
    alone = run(bims[:1], store=Store(store.path.with_name("other.sqlite")), quiet=True)
    assert np.array_equal(together[together.steps == 3].value, alone.value)


@pytest.mark.parametrize("attack", ["bim", "pgd", "cw"])
def test_eps_0_is_the_rainy_picture_and_costs_no_gradient(attack, gradients, store):
    shared = {"images": IMAGES, "threat": "adaptive"}
    still, tiny = (Trial("pearl", attack=attack, eps=eps, steps=3, **shared) for eps in (0, 0.1))
    rain, none, least = (
        run([t], store=store, quiet=True).set_index("metric").value
        for t in (Trial("pearl", images=IMAGES), still, tiny)
    )
    assert rain.equals(none)
    assert sum(gradients) == IMAGES * 3  # of the radius that is not quite 0
    assert none["PSNR"] == pytest.approx(least["PSNR"], abs=0.1)


def test_8_and_8_0_are_one_eps(tiny_zoo):
    whole, decimal = (
        cells_of([Trial("seg", attack="bim", threat="oblivious", eps=eps, steps=2)], None)[0].address
        for eps in (8, 8.0)
    )
    assert whole == decimal


def test_the_number_of_images_does_not_change_the_numbers_of_an_image(gradients, store):
    trials = [
        Trial("nat", attack="pgd", eps=8, steps=2, threat="adaptive", images=images, precision="bfloat16")
        for images in (2, 7, 5)
    ]
    together = run(trials, store=store, quiet=True)
    assert sum(gradients) == 8 * 2  # whole batches, each once
    for trial in trials:
        alone = run([trial], store=Store(store.path.with_name(f"{trial.images}.sqlite")), quiet=True)
        assert np.array_equal(together[together.images == trial.images].value, alone.value)


def test_nets_that_were_not_trained_together_are_refused(tiny_zoo, store, tmp_path, monkeypatch):
    folder = tmp_path / "mixed"
    shutil.copytree(tiny_zoo, folder)
    card = folder / "scenes" / "pearl-prenet-pspnet.json"
    card.write_text(json.dumps(json.loads(card.read_text()) | {"from": {"clean": "another"}}))
    monkeypatch.setenv("PEARL_ZOO", str(folder))
    with pytest.raises(ValueError, match=r"was trained with another scenes/clean-pspnet than is there now"):
        run([Trial("pearl", images=IMAGES)], store=store, quiet=True)


def test_seed_moves_attack_starts_and_nothing_else(tiny_zoo, store):
    def value(attack, seed):
        trial = Trial("seg", attack=attack, eps=8, steps=2, threat="oblivious", images=IMAGES, seed=seed)
        rows = run([trial], store=store, quiet=True)
        return rows.set_index("metric").value["PSNR"]

    assert value("bim", 0) == value("bim", 1)
    assert value("pgd", 0) != value("pgd", 1)


def test_threats_attack_what_they_say(tiny_zoo):
    derainer, segmenter = System("pearl").attacked("adaptive")
    assert System("pearl").attacked("oblivious") == (None, segmenter)
    assert derainer is not None
    assert System("nat").attacked("transfer", "seg") == System("seg").attacked("adaptive")
    assert System("pearl").attacked("adaptive", part="derain") == (derainer, None)
    with pytest.raises(ValueError, match="wanted a system with a derain net for this attack, got one without"):
        System("seg").attacked("adaptive", part="derain")
    assert build((None, segmenter)).derain is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"eps": "8"}, "wanted a number for eps, got '8'"),
        ({"images": 2.5}, "wanted a whole number for images, got 2.5"),
        ({"seed": -1}, "wanted a seed from 0 to"),
        ({"steps": 3}, "wanted an attack for this"),
        ({"attack": "bim", "threat": "adaptive", "source": "nat"}, "only a transfer attack has a source"),
        ({"method": "perl"}, "unknown method 'perl'; choose one of derain_seg"),
        (
            {"attack": "segpdg", "threat": "oblivious"},
            "unknown attack 'segpdg'; choose one of alma_prox, apgd, best_pgd, bim",
        ),
        ({"attack": "bim", "threat": "obvious"}, "unknown threat 'obvious'; choose one of adaptive"),
        ({"attack": "bim", "threat": "oblivious", "eps": -1}, "wanted eps from 0 to 255"),
        ({"attack": "bim", "threat": "oblivious", "eps": 256}, "wanted eps from 0 to 255"),
        ({"attack": "bim", "threat": "oblivious", "eps": 1, "steps": -1}, "wanted a whole number of steps"),
        (
            {"attack": "bim", "threat": "transfer", "source": "seg", "eps": 8, "steps": 1},
            "another source than its victim",
        ),
        ({"dataset": "citiscapes"}, "unknown data set 'citiscapes'; choose one of camvid"),
        ({"derain": "prnet"}, "unknown derain net 'prnet'; choose one of mprnet, prenet"),
        ({"segmenter": "psp"}, "unknown segmenter 'psp'; choose one of deeplabv3, pspnet"),
        ({"rain": "acid"}, "unknown rain 'acid'; choose one of heavy"),
        (
            {"attack": "bim", "threat": "oblivious", "eps": 8, "steps": 1, "objective": "js"},
            "wanted no objective for bim, which has its own, got 'js'",
        ),
        (
            {"attack": "apgd", "threat": "oblivious", "eps": 8, "steps": 1, "objective": "kl"},
            "unknown objective 'kl'; choose one of bal_ce",
        ),
        ({"objective": "js"}, "wanted an attack for this threat, source, objective"),
        ({"precision": "int4"}, "unknown precision 'int4'; choose one of auto"),
        ({"images": 0}, "wanted 1 image or more"),
        ({"images": 10**6}, "wanted 1000000 images of scenes test, got only 12"),
    ],
)
def test_a_mistake_is_one_line_with_the_choices(tiny_zoo, store, settings, words):
    settings = {"method": "seg", "images": IMAGES} | settings
    if "precision" in settings:
        settings |= {"attack": "bim", "threat": "oblivious", "eps": 8, "steps": 1}
    with pytest.raises(ValueError, match=words) as caught:
        run([Trial(**settings)], store=store, quiet=True)
    assert "\n" not in str(caught.value)


def test_a_missing_net_names_the_command_that_trains_it(tiny_zoo, store):
    with pytest.raises(FileNotFoundError, match=r"python -m lab train clean --dataset scenes .*--seed 7"):
        run([Trial("seg", images=IMAGES, net_seed=7)], store=store, quiet=True)


def test_batches_of_the_work_share_their_perturbation(tiny_zoo, store):
    cells = cells_of(EXPERIMENT.asked(images=IMAGES), None)
    for batch in missing(cells, store):
        assert len({str(cell.perturbation) for cell in batch.cells}) == 1
        assert batch.cost == len(batch.indices) * (max(map(steps_of, batch.cells)) + len(batch.cells))
    compute(cells, store, quiet=True)
    assert list(missing(cells, store)) == []


def test_the_spec_covers_the_paper_and_clean_and_both_threats():
    trials = EXPERIMENT.asked()
    assert len(trials) == len(TABLE.methods) * (2 + 2 * len(TABLE.attacks))
    assert {t.threat for t in trials} == {None, "oblivious", "adaptive"}
    transfer = [t for t in EXPERIMENT.asked(threat="transfer") if t.threat == "transfer"]
    assert {t.method for t in transfer} == set(TABLE.methods) - {"seg"}


def test_the_layout_states_every_setting_and_published_values_only_where_they_belong(tiny_zoo, store):
    text = EXPERIMENT.layout(run(EXPERIMENT.asked(images=IMAGES, seed=3), store=store, quiet=True)).text()
    for words in (
        "scenes test (64x32, 4 images, rain pearl)",
        "eps 8/255",
        "step 3/255",
        "seed 3",
        "CW10",
        "PGD10 from a random start",
        "One training run",
        "nets own",
    ):
        assert words in text
    assert "48.55" in text  # PEARL + AMA under BIM3, as printed
    assert "orderings 0 hold" not in text
    still = EXPERIMENT.layout(run(EXPERIMENT.asked(eps=0, images=IMAGES), store=store, quiet=True)).text()
    assert "eps 0/255" in still and "Rain + BIM10" in still
    other = EXPERIMENT.layout(run(EXPERIMENT.asked(eps=4, images=IMAGES), store=store, quiet=True)).text()
    assert "48.55" not in other
    assert "Published: 8/255 only" in other


@pytest.mark.parametrize("attack", ["apgd", "red_eps_apgd", "segpgd", "mi_fgsm", "sea"])
def test_every_attack_of_the_zoo_can_fill_a_cell(attack, tiny_zoo, store):
    rows = run([Trial("seg", attack=attack, eps=8, steps=6, threat="oblivious", images=2)], store=store, quiet=True)
    plain = run([Trial("seg", images=2)], store=store, quiet=True)
    row, before = (r[r.metric == "PSNR"].iloc[0] for r in (rows, plain))
    assert row.value != before.value, "the picture was moved"
    assert (row.random_start, row.steps) == (attack in ("red_eps_apgd", "segpgd", "sea"), 6)


def test_steps_are_shared_only_where_the_first_ones_are_the_same(gradients, store):
    for name, wanted in (("pgd", 5), ("segpgd", 3 + 5)):
        gradients.clear()
        trials = [Trial("seg", attack=name, eps=8, steps=n, threat="oblivious", images=4) for n in (3, 5)]
        run(trials, store=store, quiet=True)
        assert sum(gradients) == 4 * wanted


def test_an_attack_that_sets_its_own_step_takes_no_alpha():
    with pytest.raises(ValueError, match=r"^wanted no alpha for apgd, which sets its own step, got 2"):
        Trial("seg", attack="apgd", eps=8, steps=3, alpha=2, threat="oblivious")


def test_the_objective_is_part_of_what_addresses_a_cell(tiny_zoo):
    plain = Trial("seg", attack="apgd", eps=8, steps=3, threat="oblivious", images=IMAGES)
    cells = cells_of([plain, replace(plain, objective="js"), replace(plain, objective="mask_ce")], None)
    assert len({cell.address for cell in cells}) == 3
    assert cells[1].attack.objective is OBJECTIVES["js"]
