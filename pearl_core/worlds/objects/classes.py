"""The 20 kinds of PASCAL VOC and its background, and the colours of its label maps (Everingham et al. 2010)."""

CLASSES = (
    "background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow", "diningtable",
    "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor",
)  # fmt: skip

(
    BACKGROUND, AEROPLANE, BICYCLE, BIRD, BOAT, BOTTLE, BUS, CAR, CAT, CHAIR, COW, DININGTABLE,
    DOG, HORSE, MOTORBIKE, PERSON, POTTEDPLANT, SHEEP, SOFA, TRAIN, TVMONITOR,
) = range(21)  # fmt: skip


def _colour(number: int) -> tuple[int, int, int]:
    """VOC's rule: the bits of the number go to red, green and blue in turn, into the highest bit of each first."""
    rgb = [0, 0, 0]
    for bit in range(24):
        rgb[bit % 3] |= (number >> bit & 1) << (7 - bit // 3)
    return rgb[0], rgb[1], rgb[2]


PALETTE = tuple(_colour(number) for number in range(len(CLASSES)))
