"""The authors' PReNet and every named way of scoring it, against the reference numbers per image."""

from pathlib import Path

import pytest
import torch

from lab.nets import checkpoints, zoo
from pearl_core.metrics import METRICS, observe_all
from pearl_core.types import Output, Sample

from .test_metrics import DATA, SLOW, needs_data, pair, reference

REFERENCE = {  # metric -> its name in the reference
    "PSNR": "float_psnr_rgb",
    "SSIM": "float_ssim_rgb",
    "PSNR_y": "float_psnr_y",
    "SSIM_y": "float_ssim_y",
    "PSNR_rain_attack": "round8_psnr_rgb_shave8",
    "SSIM_rain_attack": "round8_ssim_rgb_zeropad",
    "PSNR_prenet": "trunc8_psnr_y",
    "SSIM_prenet": "trunc8_ssim_y",
}


@pytest.mark.slow
@needs_data
def test_prenet_scores_match_the_reference():
    """Three images; every one on this disk with PEARL_SLOW=1."""
    path, net = Path(DATA) / "weights" / "rain100h_prenet6.safetensors", zoo.build("prenet", {}).eval()
    zoo.fill(net, checkpoints.read(path), path)
    for number, row in list(reference().items())[: None if SLOW else 3]:
        rainy, clean = pair(number)
        with torch.no_grad():
            output = Output(net(rainy), torch.zeros(1, 1, *rainy.shape[2:]))
        seen = observe_all(output, Sample(rainy, clean, None), REFERENCE)
        for name, key in REFERENCE.items():
            near = 0.002 if name.startswith("PSNR") else 0.0002
            assert seen[METRICS[name].statistic].item() == pytest.approx(row[key], abs=near), f"{name}, pair {number}"
