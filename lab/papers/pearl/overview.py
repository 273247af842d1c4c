"""PEARL's numbers on the results page: mIoU in table 1 without attack, in the rain, and under BIM10."""

from __future__ import annotations

from lab.reports.overview import Column, Overview

SENTENCES = (
    "Rain and attack each break an undefended segmenter: Seg falls from {scenes[seg][clean]:.1f} % mIoU to "
    "{scenes[seg][rain]:.1f} in the rain and {scenes[seg][oblivious]:.1f} under rain and BIM10 on the scenes, from "
    "{camvid[seg][clean]:.1f} to {camvid[seg][rain]:.1f} and {camvid[seg][oblivious]:.1f} on CamVid.",
    "A plain derainer repairs the rain ({scenes[derain_seg][rain]:.1f} and {camvid[derain_seg][rain]:.1f}), not the "
    "attack ({scenes[derain_seg][oblivious]:.1f} and {camvid[derain_seg][oblivious]:.1f}).",
    "If the attacker knows only the segmenter (oblivious), PEARL keeps {scenes[pearl][oblivious]:.1f} and "
    "{camvid[pearl][oblivious]:.1f}, PEARL + AMA {scenes[pearl_ama][oblivious]:.1f} and "
    "{camvid[pearl_ama][oblivious]:.1f}, and NAT, contrary to the paper, most: {scenes[nat][oblivious]:.1f} and "
    "{camvid[nat][oblivious]:.1f}.",
    "If the attacker also knows the derainer (adaptive), nothing holds: NAT keeps {scenes[nat][adaptive]:.1f} and "
    "{camvid[nat][adaptive]:.1f}, PEARL {scenes[pearl][adaptive]:.1f} and {camvid[pearl][adaptive]:.1f}.",
)
OVERVIEW = Overview(
    display="table1",
    metric="mIoU",
    columns={
        "clean": Column("clean", "clean"),
        "rain": Column("rain", "rain"),
        "oblivious": Column("rain + BIM10, oblivious", "rain+bim10", "oblivious"),
        "adaptive": Column("rain + BIM10, adaptive", "rain+bim10", "adaptive"),
    },
    sentences=SENTENCES,
)
