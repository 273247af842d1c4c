"""The words of the dials, for a reader who knows none of the papers: the same on the dashboard and in notebooks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from math import isnan

from lab.system.threats import THREATS

# what a dial is called, by the part of a setting that it turns, or by its own name where it turns none
DIALS = {
    "dataset": "Data set",
    "image": "Or upload a picture",
    "data_root": "Folder of the data",
    "split": "Split",
    "index": "Picture",
    "amount": "Rain",
    "angle": "Rain angle",
    "rain_seed": "Rain seed",
    "method": "Method",
    "derain": "Derainer",
    "segmenter": "Segmenter",
    "attack": "Attack",
    "eps": "Strength ε (1/255)",
    "steps": "Steps",
    "seed": "Attack seed",
    "region": "Region",
    "threat": "The attacker knows",
    "source": "Perturbation computed on",
    "precision": "Precision of the gradients",
    "shown": "Shown step",
    "opacity": "Opacity of the classes",
}
# by the dial that takes its place: what an error tells somebody to type, and what a page tells them
COMMANDS = {
    "data_root": ("give --data-root DIR (data_root=...)", "fill in “{}”"),
    "image": ("give it with --image FILE", "give it under “{}”"),
}

# what a dial does, by the part of a setting that it turns, or by its own name where it turns none
HELP = {
    "dataset": "The data set that the picture is taken from. All networks here were trained on the same data set. The "
    "built-in scenes need no files.",
    "image": "PNG, JPEG, WebP, BMP, TIFF or GIF. The file stays on the machine that runs this page. Rain is added to "
    "it. It has no labels, so the prediction without attack is used in place of the ground truth.",
    "split": "Which part of the data set the picture is from. The tables are measured on the one that stands here at "
    "first; the networks were trained on another.",
    "index": "The number of the picture. No network saw it in training, unless you choose the split they were trained "
    "on.",
    "amount": "How strong the rain is: 0 is no rain, 1 the rain of the tables, 3 very heavy rain.",
    "angle": "Tilts the rain, in degrees; at 0 it falls as in the tables.",
    "rain_seed": "The random seed of the rain. Leave it empty for the rain of the tables.",
    "method": "How the networks were trained.",
    "derain": "The network that removes the rain before segmentation. Only networks with trained weights are listed.",
    "segmenter": "The network that finds the classes. Only networks with trained weights are listed.",
    "attack": "How the perturbation is computed.",
    "eps": "The largest change of each colour value, in units of 1/255. At 0 there is no attack; up to about 8 the "
    "change is hardly visible.",
    "steps": "How many gradient steps the attack takes. FGSM always takes one, and SEA takes this many in each of its "
    "four attacks.",
    "seed": "The random seed of the attack. It only matters for attacks with a random start.",
    "region": "Which pixels the attack may change: all of them, only those with rain streaks, or only those in a box "
    "that you {how}.",
    "box": "{edge} edge of the box, in pixels.",
    "threat": "Which networks the attack takes its gradients from: the segmenter alone (oblivious), derainer and "
    "segmenter together (adaptive, the strongest attack), the networks of another method (transfer), or none: only "
    "answers are seen (black_box, for Square alone).",
    "source": "The method the perturbation is computed on. It is then added to the input of the method chosen above.",
    "precision": "The number format of the attack's gradients. The tables use auto: bfloat16 where the processor is "
    "fast at it, else float32. With auto the picture is the same as in the tables. Scores are always float32.",
    "shown": "Shows the pictures and numbers after this many steps; “result” is what the attack returns. The attack is "
    "not computed again.",
    "opacity": "How strongly the colours of the classes cover the picture. Nothing is computed again.",
    "data_root": "The folder on this machine that holds the data set's own folder; empty: the one that PEARL_DATA "
    "names.",
}

# ---- compare ----

COMPARED = "Choose two to four methods. The pictures of the first one stand first."
SHARED = "One perturbation, computed on {title}, for all methods; or one perturbation for each method, computed on it."
DIVIDER = "Drag the line: to its left you see the result without attack, to its right the result under attack."

# ---- curves ----

CURVE_HELP = {
    "metric": "What the vertical axis shows. mIoU, mAcc and allAcc measure how much of the picture is segmented "
    "correctly; PSNR and SSIM measure how close the segmenter's input is to the clean picture.",
    "over": "What the horizontal axis shows: the largest change of each colour value (ε), or the number of gradient "
    "steps.",
    "points": "The values on the horizontal axis, separated by commas: ε in units of 1/255, or whole numbers of steps. "
    "At 0 there is no attack.",
    "steps": "How many gradient steps the attack takes at every point of the curve. FGSM always takes one.",
    "eps": "The largest change of each colour value at every point of the curve, in units of 1/255.",
    "methods": "The methods to compare, one colour each.",
    "threats": "Which networks the attack takes its gradients from, one line style each: the segmenter alone "
    "(oblivious), derainer and segmenter together (adaptive, the strongest attack), or only those of Seg (transfer).",
    "dataset": "The data set to measure on. Only data sets with trained networks are listed; the built-in scenes need "
    "no files.",
    "images": "How many pictures each point is measured on. More pictures take longer and give shorter intervals. "
    "Pictures that are measured already are not measured again.",
    "seed": "The random seed of the attack's start and of the bootstrap intervals.",
}
COMPUTE = "Measures the missing points. They appear one by one and are kept for the next time."
STOP = "Stops after the pictures in progress. What is measured is kept, and Compute continues from there."

# ---- tables: what a filter keeps, and what a column holds, under which heading ----

VIEW_HELP = "Every single number, or the verdicts on the claims of a paper."
FILTER_HELP = {
    "dataset": "Show only numbers measured on these data sets. Choose none to see all.",
    "experiment": "Show only these tables and figures; table1 is PEARL's comparison of the methods.",
    "method": "Show only these methods. Choose none to see all.",
    "metric": "Show only these metrics: mIoU, mAcc and allAcc score the segmentation, PSNR and SSIM the segmenter's "
    "input.",
    "threat": "Show only these threats: gradients from the segmenter alone (oblivious), from derainer and segmenter "
    "(adaptive), from another method (transfer); none: no attack.",
    "text": "Show only rows that contain all these words, in any column; small and capital letters are the same: cw "
    "nat.",
    "paper": "The paper whose claims are judged.",
    "on": "The data set on which the claims are judged. Claims about unseen data are judged on another one.",
    "claim": "The claim to show in full: its contrasts, each with its interval and margins.",
    "data_root": "The folder on this machine that holds the data sets. With it, your own numbers on them are found in "
    "the result store. Nothing is measured here.",
}
INTERVAL = "the 95 % interval over images of the measured value, minus the published number; the paper prints no "
INTERVAL += "interval"
NUMBER_COLUMNS = {
    "value": ("Measured", "Measured by this code, in the unit beside it. Empty for the PSNR of identical pictures."),
    "low": ("from", "Lower end of the 95 % interval over images: how far the number could move with other pictures."),
    "high": ("to", "Upper end of the 95 % interval over images."),
    "published": ("Published", "What the paper prints, on its own data; empty where it prints nothing, or where its "
                  "conditions are not comparable."),
    "difference": ("Difference", "Measured minus published."),
    "difference_low": ("diff. from", f"Lower end of {INTERVAL}."),
    "difference_high": ("diff. to", f"Upper end of {INTERVAL}."),
    "net_seed": ("Training run", "The seed that the networks were trained with."),
}  # fmt: skip
CLAIM_COLUMNS = {
    "claim": ("Claim", "The short name of the claim. Click on a row to see what it means in numbers."),
    "threat": ("Threat", "Which networks the attack takes its gradients from: the segmenter alone (oblivious), "
               "derainer and segmenter (adaptive); either: without a derainer both are the same; none: no attack."),
    "verdict": ("Verdict", "The claim holds if all its contrasts hold, and fails if one of them fails."),
    "contrast": ("Weakest contrast", "The difference that is farthest from meeting its margin, in widths of its "
                 "interval."),
    "wanted": ("Wanted", "Where the difference must lie for the claim to hold. Declared before the results were read."),
    "note": ("Why not measured", "What is missing: a network, with the command that trains it, or data."),
    "source": ("From", "The result store of this machine, or the verdicts that come with the repository (shipped)."),
    "address_a": ("First number", "Its address in the result store; one for each training run."),
    "address_b": ("Second number", "Its address in the result store; one for each training run."),
    "difference": ("Difference", "Measured here: the first number minus the second, in the unit of the metric."),
    "published": ("Published", "The same difference of the paper's own numbers, where it prints both."),
    "low": NUMBER_COLUMNS["low"],
    "high": NUMBER_COLUMNS["high"],
}  # fmt: skip

# ---- what an attack is doing, and what is left of it in a file ----

STOPPED = "Stopped at {step}. Pictures, numbers and files show the attack so far."
LINKED = {True: "So does the link of this page.", False: "The link of this page leads to the whole attack."}
ROUNDED = "8 bits, rounded towards the rainy picture"  # how an attacked picture is saved, by name
SAVED = f"The attacked picture alone: {ROUNDED}, so that it stays within ε. What this file scores stands below."

# ---- why a dial cannot be moved ----

NO_EPS = "This attack has no ε: it finds the smallest perturbation that succeeds."
NO_DERAINER = "{title} has no derainer."
UNTRAINED = "Not trained on {dataset}: {titles}."
CARRIED = "From the address, without a dial here: {parts}."
CARRIED_HELP = "Puts these parts of the setting back to their usual values."
BEYOND = "The box {box} reaches beyond this picture of {high} x {wide} pixels (H x W). The attack is kept to {inside}."
BEYOND_STEPS = "This attack has the steps 0 to {last}, and no step {step}. You see what it returns."
SHARED_PICTURE = "This link shows a picture that somebody uploaded. Upload the same picture to see it."
KEPT = {True: "Your picture {name} is still shown.", False: "Your picture {name} is still at hand."}  # by: is it shown?
KEPT_HELP = {
    True: "Forgets your picture on all pages and shows the one of the data set again.",
    False: "Shows your picture again in place of the one of the data set.",
}
OWN_PICTURE = "Your own picture is shown instead."
NOT_SHOWN = "{refused}. That file is not shown; below is still {shown}."

REGION_LABELS = {"everywhere": "everywhere", "rain": "only where it rains", "box": "in a box"}
PRECISION_LABELS = {"auto": "as in the tables (auto)"}
EDGES = ("Top", "Left", "Bottom", "Right")  # of a box
OPACITY = 0.65  # to begin with
MINUS = "−"  # as long as a plus, unlike a hyphen


def signed(number: float, digits: int) -> str:
    """A number with its sign: '+1.5', '−0.3'."""
    return f"{number:+.{digits}f}".replace("-", MINUS)


def to_go(seconds: float) -> str:
    """How much longer, in words: 'about 12 s to go'; "" where nobody knows yet."""
    if isnan(seconds):
        return ""
    return f"about {seconds:.0f} s to go" if seconds < 90 else f"about {seconds / 60:.0f} min to go"


def threat_title(name: str) -> str:
    """'segmenter only (oblivious)'."""
    return f"{THREATS[name].label} ({name})"


def region_title(name: str) -> str:
    return REGION_LABELS[name]


def precision_title(name: str) -> str:
    return PRECISION_LABELS.get(name, name)


def in_labels(words: str, dials: Mapping[str, str]) -> str:
    """'wanted eps from 0 to 16' as 'wanted “Strength ε (1/255)” from 0 to 16', where eps has such a dial."""
    for name, (typed, dialled) in COMMANDS.items():
        if name in dials:
            words = words.replace(typed, dialled.format(dials[name]))
    names = "|".join(map(re.escape, dials))
    where = rf"\b(wanted|for|raise) ({names})(?= from | of | or | and |,)"
    return re.sub(where, lambda at: f"{at[1]} “{dials[at[2]]}”", words) if dials else words
