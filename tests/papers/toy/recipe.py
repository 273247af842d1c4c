"""One recipe: the derainer learns on pictures with some noise."""

from __future__ import annotations

import torch

from pearl_core.recipes import Recipe, declared


@declared("Toy noise", "The derainer learns on noisy pictures.", moves="derain", depends_on=("derain",), loss="own",
          starts_from=("derain",))  # fmt: skip
def toy_noise() -> Recipe:
    def step(net, sample):
        return net.derain.loss(sample.rainy + 0.01 * torch.randn_like(sample.rainy), sample.clean)

    return Recipe(step, "derain")
