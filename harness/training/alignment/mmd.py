"""The maximum mean discrepancy: how differently two samples are distributed, with a gradient."""

from __future__ import annotations

import torch
from torch import Tensor

KERNELS = 5  # the widest has four times the squared bandwidth, each next one half of that before
WIDEST = 4.0


def mmd(x: Tensor, y: Tensor, *, unbiased: bool = True, bandwidth: Tensor | float | None = None) -> Tensor:
    """Return the squared maximum mean discrepancy between two samples, for the mean of five Gaussian kernels.

    MMD^2 = E k(x, x') + E k(y, y') - 2 E k(x, y) is zero for equal distributions alone: unlike a difference of means it
    sees spread and shape. k = exp(-|x - y|^2 / (2 f s^2)), f = 1/4, 1/2, 1, 2, 4.

    Args:
        x, y: (n, width) and (m, width).
        unbiased: the U-statistic, which leaves a row's likeness to itself out, is 0 on average for equal distributions
            and may be negative; it needs two rows per side. Else the V-statistic, never negative.
        bandwidth: s; None takes `median_distance` of the two samples, without a gradient through it.

    Raises:
        ValueError: too few rows.

    Source: Gretton et al. 2012, JMLR 13; equations 3 and 5.
    """
    n, m = len(x), len(y)
    if min(n, m) < (2 if unbiased else 1):
        raise ValueError(f"the discrepancy of {n} and {m} rows is not defined")
    squared = _squared(torch.cat([x, y]))
    scale = _median(squared) if bandwidth is None else torch.as_tensor(bandwidth, dtype=x.dtype, device=x.device) ** 2
    kernel = torch.exp(-squared / (2 * WIDEST * scale))
    likeness = kernel
    for _ in range(KERNELS - 1):
        kernel = kernel.square()  # of half the squared width
        likeness = likeness + kernel
    likeness = likeness / KERNELS
    first, second, cross = likeness[:n, :n], likeness[n:, n:], likeness[:n, n:]
    return _inside(first, unbiased) + _inside(second, unbiased) - 2 * cross.mean()


def median_distance(x: Tensor, y: Tensor) -> Tensor:
    """Return the median distance between two different rows of both samples together, 1 where that is 0."""
    return _median(_squared(torch.cat([x, y]))).sqrt()


def _inside(likeness: Tensor, unbiased: bool) -> Tensor:
    n = len(likeness)
    if not unbiased:
        return likeness.mean()
    return (likeness.sum() - likeness.diagonal().sum()) / (n * (n - 1))


def _squared(rows: Tensor) -> Tensor:
    """Return squared distances; rows are centred first, so that far from zero few digits are lost."""
    rows = rows - rows.detach().mean(dim=0)
    norms = rows.square().sum(dim=1)
    return (norms[:, None] + norms[None] - 2 * rows @ rows.T).clamp(min=0)


def _median(squared: Tensor) -> Tensor:
    n = len(squared)
    above = torch.ones(n, n, dtype=torch.bool, device=squared.device).triu(1)
    middle = squared.detach()[above].median()
    return torch.where(middle > 0, middle, torch.ones_like(middle))
