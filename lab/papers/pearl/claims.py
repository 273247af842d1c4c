"""Every empirical claim that PEARL makes in words, as contrasts with margins (Jiao et al. 2023).

Margins were fixed before results were read. Where the text only says better or worse, the margin is 0: the interval
itself must clear it. Where it says sharply, seriously or to a large margin, that is read as 10 points or 1 dB.

Not here, since no trial can judge it: that the work is the first of its kind, adds no parameters and no loss of its
own, that adversarial training takes longer, that perturbations are invisible, and that ground truth holds biases.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from math import inf
from typing import NamedTuple

from lab.papers.pearl import table1, table2
from lab.papers.pearl.plan import DERAINERS
from lab.papers.pearl.printed import PRINTED
from lab.reports.claim import Claim, Contrast, Side

SHARP = 10.0  # points of mIoU: a decline or gain that the text calls sharp, serious or large
SERIOUS = 1.0  # dB of PSNR: a quarter more squared error
BETTER = "0, as the text only gives a direction."

BIM = ("rain+bim3", "rain+bim5", "rain+bim10")
UNSEEN = ("rain+pgd10", "rain+cw")
ALL = (*BIM, *UNSEEN)
ATTACKS = (
    table1.TABLE.attacks
    | table2.TABLE.attacks
    | {f"{weather}bim{k}": ("bim", k) for weather, ks in (("rain+", (5, 7, 9)), ("", (3, 5, 7))) for k in ks}
)
PROPOSED = ("pearl", "pearl_ama")
DEEPLAB = {"segmenter": "deeplabv3", "derain_with": "pspnet"}  # a segmenter that the derainers never met


class Spot(NamedTuple):
    """One measured number: a method under a condition of a table; 0 stands for figures, which print none."""

    table: int
    method: str
    condition: str  # as in the paper's tables; without "rain" on clean pictures
    eps: float = 8
    nets: tuple = ()  # pairs of other derain nets, segmenters

    @property
    def side(self) -> Side:
        side = {"method": self.method} | ({} if self.condition.startswith("rain") else {"rain": "none"})
        if self.condition in ATTACKS:
            attack, steps = ATTACKS[self.condition]
            side |= {"attack": attack, "steps": steps, "eps": self.eps}
        return side | dict(self.nets)

    def printed(self, metric: str) -> float | None:
        """The paper's number; its tables are at 8/255."""
        if self.table == 0 or self.eps != 8:
            return None
        name = "ACC" if (self.table, metric) == (4, "allAcc") else metric
        value = PRINTED.table(self.table).get((self.method, self.condition, name))
        return value / 100 if value is not None and metric == "SSIM" else value  # printed times 100


def contrast(a: Spot, b: Spot, metric: str, low: float = 0.0, high: float = inf) -> Contrast:
    there = a.printed(metric), b.printed(metric)
    return Contrast(a.side, b.side, metric, low, high, None if None in there else round(there[0] - there[1], 4))


def compare(
    number: int,
    pairs: Iterable[tuple[str, str]],
    conditions: Iterable[str],
    metrics: Iterable[str],
    low: float = 0.0,
    high: float = inf,
    eps: float = 8,
    **nets: str,
) -> tuple[Contrast, ...]:
    """Pairs of methods under the same conditions of one table."""
    rest = eps, tuple(nets.items())
    return tuple(
        contrast(Spot(number, a, condition, *rest), Spot(number, b, condition, *rest), metric, low, high)
        for metric, (a, b), condition in product(metrics, pairs, conditions)
    )


def over(methods: Iterable[str], others: Iterable[str]) -> list[tuple[str, str]]:
    return list(product(methods, others))


def moved(conditions: Iterable[str], low: float, high: float) -> tuple[Contrast, ...]:
    """PEARL and +AMA before DeepLabv3, which their derainers never met, minus before PSPNet."""
    old = {"rain+bim": "rain+bim10", "rain+pgd": "rain+pgd10", "rain+cw": "rain+cw"}
    return tuple(
        contrast(
            Spot(2, method, condition, nets=tuple(DEEPLAB.items())), Spot(1, method, old[condition]), "mIoU", low, high
        )
        for method, condition in product(PROPOSED, conditions)
    )


CLAIMS = (
    # ---- sections 1 to 3 ----
    Claim(
        "deraining-helps",
        "With rain alone, a derainer in front benefits the segmentation.",
        "section 1",
        compare(1, [("derain_seg", "seg")], ["rain"], ["mIoU"]),
        BETTER,
    ),
    Claim(
        "bad-weather",
        "PEARL and +AMA improve segmentation in bad weather, and keep it under attack.",
        "section 1, contributions",
        compare(1, over(PROPOSED, ["seg"]), ["rain", "rain+bim10"], ["mIoU"]),
        BETTER,
    ),
    Claim(
        "adversarial-training",
        "Adversarial training makes the segmenter more robust against attacks of several kinds.",
        "section 3.1",
        compare(1, [("robust_seg", "seg")], ALL, ["mIoU", "allAcc"]),
        BETTER,
        "In the paper's own table 1 allAcc rises, but mIoU falls under every attack except CW.",
    ),
    Claim(
        "attack-spoils-deraining",
        "An attack on the segmenter severely degrades what the plain derainer makes of the picture.",
        "section 3.1, figure 3",
        (
            contrast(Spot(3, "derain_seg", "rain"), Spot(1, "derain_seg", "rain+bim10", 4), "PSNR", SERIOUS),
            contrast(Spot(3, "derain_seg", "rain"), Spot(1, "derain_seg", "rain+bim10"), "PSNR", SERIOUS),
        ),
        "1 dB, a quarter more squared error, for severely.",
        "Figure 3 is at 4/255.",
    ),
    Claim(
        "nat-residue",
        "The perturbation that is left in NAT's derained picture lowers its robust segmenter's performance.",
        "section 3.1",
        tuple(contrast(Spot(1, "nat", "rain"), Spot(1, "nat", c), "mIoU") for c in BIM),
        BETTER,
    ),
    Claim(
        "cleaner-pictures",
        "Under rain and attack the derained pictures of PEARL and +AMA are closer to the clean ones than those of "
        "Derain + Seg and of NAT.",
        "sections 3.2 and 4.2, figures 1, 3 and 4",
        compare(1, over(PROPOSED, ["derain_seg", "nat"]), ["rain+bim10", "rain+pgd10"], ["PSNR", "SSIM"])
        + compare(1, over(PROPOSED, ["derain_seg", "nat"]), ["rain+bim10"], ["PSNR", "SSIM"], eps=4),
        BETTER,
    ),
    # ---- section 4.2: table 1 ----
    Claim(
        "sharp-decline",
        "Rain and attack each make segmentation decline sharply.",
        "section 4.2",
        (
            contrast(Spot(1, "seg", "clean"), Spot(1, "seg", "rain"), "mIoU", SHARP),
            contrast(Spot(1, "seg", "rain"), Spot(1, "seg", "rain+bim10"), "mIoU", SHARP),
        ),
        "10 points, for sharply.",
        "Where rain alone leaves the segmenter less than 10 points, the attack has no 10 to take.",
    ),
    Claim(
        "weak-attack-derainer-helps",
        "Under a weak attack (4/255) the plain derainer helps to protect the segmentation to some extent.",
        "section 4.2, supplement",
        compare(1, [("derain_seg", "seg")], BIM, ["mIoU"], eps=4),
        BETTER,
    ),
    Claim(
        "strong-attack-derainer-falls",
        "At 8/255 the plain derainer is affected too, and performance falls seriously.",
        "section 4.2",
        tuple(contrast(Spot(1, "derain_seg", "rain"), Spot(1, "derain_seg", c), "mIoU", SHARP) for c in BIM),
        "10 points below rain alone, for seriously.",
    ),
    Claim(
        "stronger-perturbation",
        "The more robust the segmenter, the stronger the perturbation that the same attack makes: PSNR of the attacked "
        "picture falls.",
        "section 4.2",
        compare(1, [("seg", "robust_seg")], ALL, ["PSNR"]),
        BETTER,
    ),
    Claim(
        "three-solutions",
        "NAT, PEARL and +AMA each defend better than Seg, Robust Seg and Derain + Seg.",
        "section 4.2",
        compare(1, over(["nat", *PROPOSED], ["seg", "robust_seg", "derain_seg"]), ALL, ["mIoU", "allAcc"]),
        "0: the interval decides what is significant.",
    ),
    Claim(
        "pearl-over-nat",
        "PEARL, with or without AMA, gains much more than NAT in deraining and segmentation.",
        "section 4.2",
        compare(1, over(PROPOSED, ["nat"]), ALL, ["mIoU", "allAcc", "PSNR"]),
        "0, as the text does not say how much more.",
    ),
    Claim(
        "ama-unclear-when-weak",
        "Under a weak attack (4/255) an effect of AMA cannot be clearly verified.",
        "section 4.2, supplement",
        compare(1, [("pearl_ama", "pearl")], ALL, ["mIoU"], -1, 1, eps=4),
        "1 point of mIoU either way, about what the paper's differences at 8/255 start with (0.74, BIM3).",
    ),
    Claim(
        "ama-improves",
        "At 8/255 AMA improves segmentation.",
        "abstract, sections 3.3 and 4.2",
        compare(1, [("pearl_ama", "pearl")], ALL, ["mIoU", "allAcc"]),
        BETTER,
    ),
    Claim(
        "ama-costs-psnr",
        "AMA costs about 0.1 dB of PSNR.",
        "section 4.2",
        compare(1, [("pearl", "pearl_ama")], ALL, ["PSNR"], 0, 0.2),
        "0 to 0.2 dB, as much to either side of 0.1.",
    ),
    Claim(
        "unseen-attacks",
        "Under attacks it was not trained with (PGD, CW) +AMA keeps a stable defence.",
        "section 4.2",
        tuple(contrast(Spot(1, "pearl_ama", c), Spot(1, "pearl_ama", "rain+bim10"), "mIoU", -3) for c in UNSEEN),
        "no more than 3 points below BIM10; the paper's own three BIM differ by up to 5.",
    ),
    # ---- section 4.2: figure 5, table 2 ----
    Claim(
        "any-derainer",
        "Whatever the architecture of the derainer, PEARL with AMA improves the derained picture over the plain "
        "derainer, and segmentation by a large margin.",
        "section 4.2, figure 5",
        tuple(
            compared
            for derain in DERAINERS
            for metric, low in (("PSNR", 0.0), ("SSIM", 0.0), ("mIoU", SHARP))
            for compared in compare(
                0, [("pearl_ama", "derain_seg")], [f"rain+bim{k}" for k in (5, 7, 9)], [metric], low, derain=derain
            )
        ),
        "0 for the picture, 10 points of mIoU for a large margin.",
        "The text speaks of PSNR, the caption of PSNR and SSIM; the figure prints no numbers.",
    ),
    Claim(
        "unseen-segmenter",
        "Before a segmenter they never met, the derainers of PEARL and +AMA still defend better than NAT.",
        "section 4.2, table 2",
        compare(2, over(PROPOSED, ["nat"]), ["rain+bim", "rain+pgd"], ["mIoU", "PSNR"], **DEEPLAB),
        BETTER,
    ),
    Claim(
        "unseen-segmenter-close",
        "Before a segmenter they never met, the defence comes close to that before the segmenter they were trained "
        "with, except under CW.",
        "section 4.2, table 2",
        moved(["rain+bim", "rain+pgd"], -5, 5),
        "5 points of mIoU either way.",
        "The paper's own numbers rise by up to 11 points; its table 2 states neither radius nor steps.",
    ),
    Claim(
        "unseen-segmenter-cw",
        "Under CW, which training did not know, the defence before a segmenter they never met is not as good.",
        "section 4.2, table 2",
        moved(["rain+cw"], -inf, -5),
        "more than the 5 points that are read as close.",
    ),
    # ---- sections 4.3 and 4.4 ----
    Claim(
        "rain-alone-segmentation",
        "With rain alone PEARL and +AMA segment worse than Derain + Seg: robustness costs accuracy.",
        "section 4.3, table 3",
        compare(3, over(["derain_seg"], PROPOSED), ["rain"], ["mIoU"]),
        BETTER,
        "Table 3's levels of mIoU do not fit the paper's other tables.",
    ),
    Claim(
        "rain-alone-deraining",
        "With rain alone PEARL and +AMA derain better than the plain derainer.",
        "section 4.3, table 3",
        compare(3, over(PROPOSED, ["derain_seg"]), ["rain"], ["PSNR", "SSIM"]),
        BETTER,
    ),
    Claim(
        "no-rain",
        "Without rain PEARL and +AMA still remove the perturbation to a great extent.",
        "section 4.3, figure 7",
        compare(0, over(PROPOSED, ["derain_seg"]), ["bim3", "bim5", "bim7"], ["mIoU", "PSNR"]),
        "0 over Derain + Seg: the figure compares with it and prints no numbers.",
    ),
    Claim(
        "no-rain-ama",
        "Without rain AMA further improves segmentation and the restored picture.",
        "section 4.3, figure 7",
        compare(0, [("pearl_ama", "pearl")], ["bim3", "bim5", "bim7"], ["mIoU", "PSNR"]),
        BETTER,
    ),
    Claim(
        "unseen-data",
        "On data they never saw, before a segmenter trained there, the derainers of PEARL and +AMA defend better than "
        "NAT.",
        "section 4.4, table 4",
        compare(4, over(PROPOSED, ["nat"]), ["rain+bim", "rain+pgd", "rain+cw"], ["mIoU", "allAcc"]),
        BETTER,
        "The paper prints the accuracy as Acc alone, which may be mAcc.",
        elsewhere=True,
    ),
)  # fmt: skip
