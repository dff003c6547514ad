"""Utterance-level fusion: a slot that is absent has no share in anything, and each loss pulls the way it says."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from fusion_tasks import NETWORKS, SLOTS, batch, model, of_task, said, taught, total
from numpy.testing import assert_allclose
from torch import Tensor
from torch.func import functional_call, grad, stack_module_state, vmap

from harness.core.plugins import find
from harness.fusion import attention, gated, late, misa, mmim

UTTERANCE = [name for name in NETWORKS if find("fusion", name).LEVEL == "utterance"]
OWN = {  # where a network keeps the layers of each slot; mlp has none
    **dict.fromkeys(("attention", "concat", "lmf", "tfn"), ("slots.layers",)),
    "late": ("experts",),
    "gated": ("hold",),
    "misa": ("project", "own", "back"),
    "mmim": ("slots", "predict"),
}
LOSSES = ("similarity", "difference", "reconstruction")


def test_every_network_of_utterances_is_looked_at() -> None:
    assert set(UTTERANCE) == {*OWN, "mlp"}


def patterns(slots: int) -> Tensor:
    return torch.tensor([p for p in itertools.product([True, False], repeat=slots) if any(p)])


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("absent", [0, 1, 2])
def test_the_layers_of_an_absent_slot_neither_speak_nor_learn(name: str, absent: int) -> None:
    module = find("fusion", name)
    x, present = batch(module, 3, 12)
    present[:, absent] = False
    one = model(module, x, 4).train()
    total(one(x, present), torch.arange(12) % 4).backward()
    own = {part: p for part, p in one.named_parameters() if part.startswith(tuple(f"{n}.{absent}." for n in OWN[name]))}
    others = [
        p for part, p in one.named_parameters() if part.startswith(tuple(f"{n}.{absent - 1}." for n in OWN[name]))
    ]
    assert len(own) >= 2 * len(OWN[name])
    assert not [part for part, p in own.items() if p.grad is not None and p.grad.any()]
    assert absent == 0 or all(p.grad is not None and p.grad.any() for p in others)


@pytest.mark.parametrize("name", UTTERANCE)
def test_what_an_absent_slot_holds_does_not_teach(name: str) -> None:
    """Losses and gradients are the same whatever stands there, and no NaN gets through."""
    module = find("fusion", name)
    there = patterns(4)
    x, _ = batch(module, 4, len(there))
    one = model(module, x, 4).train()
    slopes = []
    for garbage in (0.0, torch.nan, torch.inf):
        one.zero_grad()
        wild = {slot: torch.where(there[:, at, None], part, garbage) for at, (slot, part) in enumerate(x.items())}
        total(one(wild, there), torch.arange(len(there)) % 4).backward()
        slopes.append([p.grad.clone() for p in one.parameters() if p.grad is not None])
    for found in slopes[1:]:
        torch.testing.assert_close(found, slopes[0])


def test_attention_weighs_only_what_is_there() -> None:
    """The weights of those that are there are one together: what is left alone is read as it is."""
    x, _ = batch(attention, 3, 5)
    one: Any = model(attention, x, 4).eval()
    for at in range(3):
        alone = torch.zeros(5, 3, dtype=torch.bool)
        alone[:, at] = True
        torch.testing.assert_close(one(x, alone), one.read(one.slots(x, alone)[:, at]))


@pytest.mark.parametrize("outputs", [4, 1])
def test_late_fusion_is_the_weighted_mean_of_those_that_are_there(outputs: int) -> None:
    there = patterns(3)
    x, _ = batch(late, 3, len(there))
    one: Any = model(late, x, outputs).eval()
    one.weight.data = torch.tensor([0.5, -1.0, 2.0])
    with torch.no_grad():
        votes = torch.stack([expert(part) for expert, part in zip(one.experts, x.values(), strict=True)], dim=1)
        votes = (votes.log_softmax(dim=2) if outputs > 1 else votes).numpy()
        weight = np.exp(one.weight.numpy()) * there.numpy()
        expected = np.einsum("ns,nso->no", weight / weight.sum(1, keepdims=True), votes)
        assert_allclose(one(x, there), expected, atol=1e-5)


def test_gates_are_the_formula_of_the_paper() -> None:
    there = patterns(2)
    x, _ = batch(gated, 2, 3)
    one: Any = model(gated, x, 4).eval()
    with torch.no_grad():
        seen = [np.where(there[:, [at]], part, 0) for at, part in enumerate(x.values())]
        w, b = one.gate.weight.numpy(), one.gate.bias.numpy()
        gates = 1 / (1 + np.exp(-(np.hstack([*seen, there]) @ w.T + b)))
        held = [np.tanh(s @ h.weight.numpy().T + h.bias.numpy()) for s, h in zip(seen, one.hold, strict=True)]
        fused = sum(
            g * h * there.numpy()[:, [at]] for at, (g, h) in enumerate(zip(np.split(gates, 2, 1), held, strict=True))
        )
        assert_allclose(one(x, there), one.read(torch.from_numpy(fused).float()), atol=1e-5)


@pytest.mark.parametrize("name", LOSSES)
def test_each_loss_of_misa_makes_small_what_it_names(name: str) -> None:
    x, present = batch(misa, 3, 64)
    off = dict.fromkeys(LOSSES, 0.0)

    def left(weight: float) -> float:
        one: Any = taught(model(misa, x, 1, **{**off, name: weight}), x, present, torch.zeros(64), 60)
        one.losses = [float(loss == name) for loss in LOSSES]
        return float(one.train()(x, present).extra.detach())

    assert 0 < left(1.0) < 0.5 * left(0.0)


def related(tie: float, n: int = 64) -> dict[str, Tensor]:
    torch.manual_seed(7)
    a, b = torch.randn(n, 4), torch.randn(n, 4)
    return {"text": a, "audio": tie * a + (1 - tie) * b}


def test_mmim_raises_the_bound_between_slots_as_far_as_they_share_something() -> None:
    present, y = torch.ones(64, 2, dtype=torch.bool), torch.zeros(64)
    weights = {"between": 1.0, "within": 0.0}

    def bound(x: dict[str, Tensor], steps: int) -> float:
        one: Any = taught(model(mmim, x, 1, **weights), x, present, y, steps).train()
        held = [layer(part) for layer, part in zip(one.slots, x.values(), strict=True)]
        value = mmim.barber_agakov(held[1], one.guess[0](held[0]), torch.ones(64)).detach()
        assert float(one(x, present).extra.detach()) == pytest.approx(-float(value), rel=1e-5)
        return float(value)

    assert bound(related(1.0), 100) > bound(related(0.0), 100) + 0.1
    assert bound(related(1.0), 100) > bound(related(1.0), 0) + 0.1


def test_mmim_keeps_in_the_fused_vector_what_finds_each_slot() -> None:
    x, present = related(0.0), torch.ones(64, 2, dtype=torch.bool)
    weights = {"between": 0.0, "within": 1.0}
    before = float(model(mmim, x, 1, **weights).train()(x, present).extra.detach())
    one = taught(model(mmim, x, 1, **weights), x, present, torch.zeros(64), 100)
    assert before == pytest.approx(np.log(64), abs=0.3), "at first a row is found by chance"
    assert 0 < float(one.train()(x, present).extra.detach()) < before - 0.4


@pytest.mark.parametrize("name", UTTERANCE)
def test_replicates_draw_dropout_of_their_own(name: str) -> None:
    """As training runs them: two equal replicates with dropout part ways, without it they stay together."""
    module = find("fusion", name)
    x, present = batch(module, 3, 12)
    for dropout, apart in ((0.5, True), (0.0, False)):
        made = [model(module, x, 4, dropout=dropout).train() for _ in range(2)]

        def loss(own: Any, held: Any, base: Any = made[0]) -> Tensor:
            return of_task(said(functional_call(base, (own, held), (x, present))), torch.arange(12) % 4)

        slopes = vmap(grad(loss), randomness="different")(*stack_module_state(made))
        assert all(slope.isfinite().all() for slope in slopes.values())
        assert any((slope[0] - slope[1]).abs().max() > 1e-4 for slope in slopes.values()) == apart


def test_the_order_of_the_slots_is_that_of_the_recipe_and_their_names_do_not_matter() -> None:
    for name in UTTERANCE:
        module = find("fusion", name)
        x, present = batch(module, 2, 4)
        for kept in itertools.combinations(SLOTS, 2):
            renamed = dict(zip(kept, x.values(), strict=True))
            scores = said(model(module, renamed, 3).eval()(renamed, present))
            torch.testing.assert_close(scores, said(model(module, x, 3).eval()(x, present)))
