"""Arithmetic of a GPU as the results need it: fp32 that is fp32, and the same numbers in every run."""

from __future__ import annotations

import os
from functools import cache


@cache  # once in a process
def set_exact() -> None:
    """Switch off TF32, which torch allows in convolutions by default, and take deterministic kernels where there are.

    TF32 has 10 bits of mantissa in place of 23. A network is small and bound by launches, so it would gain nothing by
    it; an encoder that may round says `precision: bf16`.
    """
    import torch

    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when the first product is computed
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = False
    torch.use_deterministic_algorithms(True, warn_only=True)
