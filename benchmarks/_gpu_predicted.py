"""What was predicted of an H100 before any line ran on a GPU, and whether a run holds it or refutes it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Found = Mapping[str, Any]


def lines(found: Found) -> Iterator[str]:
    """Yield `what | predicted | measured | verdict` for each prediction that the run measured."""
    yield "| what | predicted for an H100 | measured | |"
    yield "|---|---|---|---|"
    for what, predicted, measure, holds in PREDICTIONS:
        try:
            value = measure(found)
        except (KeyError, TypeError, ValueError, ZeroDivisionError):
            yield f"| {what} | {predicted} | not measured | |"
            continue
        shown = ", ".join(f"{of:.3g}" if isinstance(of, float) else str(of) for of in value)
        yield f"| {what} | {predicted} | {shown} | {'held' if all(map(holds, value)) else '**refuted**'} |"


def _within(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: low <= value <= high


def _step(name: str, label: str) -> Callable[[Found], list[float]]:
    return lambda found: [float(found["networks"][name][label]["ms per step"])]


def _of_networks(key: str, without: tuple[str, ...] = ()) -> Callable[[Found], list[Any]]:
    def measure(found: Found) -> list[Any]:
        values = [of[key] for name, of in found["networks"].items() if name not in without and key in of]
        return [max(values)] if values and isinstance(values[0], float) else sorted(set(values), key=str)

    return measure


def _gain(label: str, seeds: int) -> Callable[[Found], list[float]]:
    def measure(found: Found) -> list[float]:
        gains = [
            of["gpu single"]["ms per step"] * seeds / of[label]["ms per step"]
            for of in found["networks"].values()
            if label in of
        ]
        return [min(gains), max(gains)]

    return measure


def _host(name: str) -> Callable[[Found], list[float]]:
    return lambda found: [float(found["encoders"][name]["host share"])]


def _of_ceiling(name: str) -> Callable[[Found], list[float]]:
    return lambda found: [
        float(found["encoders"][name]["TFLOP/s of network"]) / float(found["environment"]["bf16 TFLOP/s"])
    ]


PREDICTIONS: tuple[tuple[str, str, Callable[[Found], list[Any]], Callable[[Any], bool]], ...] = (
    ("microseconds per launch", "4 to 6", lambda found: [found["environment"]["us per launch"]], _within(3, 8)),
    ("attention, ms per step, 1 seed", "1.2 to 1.6", _step("attention", "gpu single"), _within(0.8, 2.5)),
    ("attention, ms per step, 5 seeds", "3 to 4", _step("attention", "gpu batched 5"), _within(0, 6)),
    ("mfn, ms per step, 1 seed", "25 to 35", _step("mfn", "gpu single"), _within(15, 50)),
    ("mfn, ms per step, 5 seeds", "50 to 70", _step("mfn", "gpu batched 5"), _within(35, 100)),
    ("gain of 5 seeds as a batch, least and most", "1.6 to 2.3", _gain("gpu batched 5", 5), _within(1.3, 3)),
    ("gain of 25 seeds as a batch, least and most", "8 to 10", _gain("gpu batched 25", 25), _within(5, 14)),
    ("largest difference of a probability, CPU against GPU, without misa", "below 1e-5",
     _of_networks("difference cpu/gpu", ("misa",)), _within(0, 1e-5)),
    ("the same, a seed against a batch", "below 1e-5", _of_networks("difference gpu/batched", ("misa",)),
     _within(0, 1e-5)),
    ("two runs with dropout .3", "the same bits", _of_networks("same twice"), lambda value: value is True),
    ("the same, batched", "the same bits", _of_networks("same twice batched"), lambda value: value is True),
    ("a model of the GPU read back on the CPU", "passes", _of_networks("read back on the CPU"),
     lambda value: value == "passes"),
    ("BERT base, share of the host", "above .90", _host("bert_base"), _within(0.9, 1)),
    ("CLIP large, share of the host", "above .85", _host("clip_large"), _within(0.85, 1)),
    ("LLaMA of 7B's width, share of the bf16 ceiling", "above .45", _of_ceiling("llama_7b_8_layers"), _within(0.45, 1)),
    ("HuBERT large in fp32, GPU against CPU, TF32 off", "below 1e-4",
     lambda found: [found["encoders"]["hubert_large"]["fp32, difference gpu/cpu"]], _within(0, 1e-4)),
    ("tfn of size 40 in 2 GB, 5 seeds", "trained in bounded memory", lambda found: [found["memory"]["5 seeds"]],
     lambda value: value == "trained" or value.startswith("not enough GPU memory")),
    ("4 processes against 1, models per second", "2 to 3 times",
     lambda found: [found["processes"]["4"]["models per second"] / found["processes"]["1"]["models per second"]],
     _within(1.5, 3.5)),
)  # fmt: skip
