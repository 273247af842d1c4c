"""The words of the dials, for a reader who knows none of the papers: the same on the dashboard and in notebooks."""

from __future__ import annotations

# by the part of a setting that a dial turns, or by its own name where it turns none
HELP = {
    "dataset": "Which streets to look at, and the networks that were trained on such; the built-in scenes need no "
    "files.",
    "image": "It stays on the machine this page runs on. Rain is added to it, and as nobody labelled it, what is seen "
    "without attack takes the place of the truth.",
    "index": "Which of the pictures; no network saw any of them in training.",
    "amount": "How hard it rains: 0 is a dry street, 1 the rain of the paper, 3 a downpour.",
    "angle": "How the rain leans, in degrees from straight down.",
    "rain_seed": "A number for other drops of the same rain; empty for the drops that the tables were measured in.",
    "method": "How the networks were trained: Seg and Derain + Seg know no attacks, Robust Seg and NAT harden the "
    "segmenter, PEARL and PEARL + AMA teach the derainer to remove attacks together with the rain.",
    "derain": "The network that removes the rain before the street is segmented; listed are those with trained "
    "weights.",
    "attack": "How the pattern is found: FGSM takes one big step, BIM many small ones, PGD the same from a random "
    "start, CW spends its effort on the pixels that are still right, APGD finds its own step, SEA is the worst "
    "of four, and ALMA-prox looks for the smallest pattern that turns nearly all pixels.",
    "eps": "How far the attacker may move each colour value, out of 255: at 0 there is no attack, and up to about 8 "
    "people hardly notice it.",
    "steps": "The attacker's budget: how many times it may improve its pattern; FGSM always takes exactly one step, "
    "SEA so many for each of its four attacks.",
    "seed": "Another random start, for attacks that begin at random.",
    "region": "Where the pattern may lie: on the whole picture, only where rain streaks are, or only in a box that "
    "you {how}.",
    "box": "{edge} edge, in pixels.",
    "threat": "What the attacker can compute with: the segmenter alone (oblivious), derainer and segmenter together "
    "(adaptive, the hardest test), or only another defence (transfer).",
    "source": "The defence the attacker has at home; the pattern that fools it is then used against yours.",
    "shown": "Look into the attack: the pictures and figures are those after so many of its steps; “result” is what it "
    "returns in the end. Moving this attacks nothing anew.",
    "opacity": "How strongly the colours of the classes cover the picture; moving it computes nothing anew.",
}
NO_EPS = "This attack has no ε: it finds the smallest that does it."
NO_DERAINER = "{title} segments the rainy picture as it is, so there is no derainer to choose."
UNTRAINED = "Not trained on {dataset}: {titles}."
KNOWN = {"oblivious": "segmenter only", "adaptive": "everything", "transfer": "another defence"}  # by threat
WHERE = {"everywhere": "everywhere", "rain": "in the rain only", "box": "in a box"}  # by region
EDGES = ("Top", "Left", "Bottom", "Right")  # of a box
OPACITY = 0.65  # to begin with


def sentence(error: Exception) -> str:
    """What went wrong, in one line."""
    if isinstance(error, MemoryError):
        return "This machine has not enough memory for that; a smaller picture or fewer steps need less."
    words = next(iter(str(error).splitlines()), "")
    if words and isinstance(error, ValueError | OSError | FloatingPointError):
        return words
    return f"{type(error).__name__}: {words}".rstrip(": ")
