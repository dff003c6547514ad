"""The contract that every network of harness/fusion keeps: any slots, any of them absent, all of it trained."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from fusion_tasks import NETWORKS, batch, model, right, said, taught, total
from torch.func import functional_call, grad, stack_module_state, vmap

from harness.core.plugins import find
from harness.fusion._fused import Frames, Fused

PAPER = {"attention", "lmf", "tfn", "misa", "mmim", "mfn", "graph_mfn", "mfm", "mult", "mctn"}
every_network = pytest.mark.parametrize("name", NETWORKS)
any_slots = pytest.mark.parametrize("slots", [1, 2, 3, 4])


def test_all_ten_of_the_paper_are_there_and_the_plain_ones() -> None:
    assert set(NETWORKS) >= PAPER | {"mlp", "concat", "late", "gated"}


@every_network
@any_slots
@pytest.mark.parametrize("outputs", [4, 1])
def test_every_parameter_receives_a_gradient(name: str, slots: int, outputs: int) -> None:
    module = find("fusion", name)
    x, present = batch(module, slots, 24)
    one = model(module, x, outputs).train()
    y = torch.arange(24) % 4 if outputs == 4 else torch.linspace(-1, 1, 24)
    scores = said(one(x, present))
    assert scores.shape == (24, outputs)
    total(one(x, present), y).backward()
    for part, parameter in one.named_parameters():
        assert parameter.grad is not None, part
        assert parameter.grad.abs().sum() > 0, part


@every_network
def test_settings_of_its_own_may_be_left_out(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 2, 8)
    one = module.Model({slot: width_of(rows) for slot, rows in x.items()}, 4, {})
    assert said(one.eval()(x, present)).shape == (8, 4)


def width_of(rows: Any) -> int:
    return int((rows.values if isinstance(rows, Frames) else rows).shape[-1])


def spoilt(one: Any, there: torch.Tensor) -> Any:
    """The same features with garbage where the slot is absent, and for frames in the padding too."""
    if isinstance(one, Frames):
        inside = (torch.arange(one.values.shape[1]) < one.lengths[:, None]) & there[:, None]
        lengths = torch.where(there, one.lengths, one.values.shape[1])
        return Frames(torch.where(inside[:, :, None], one.values, 7.5), lengths)
    return torch.where(there[:, None], one, 7.5)


@every_network
@any_slots
def test_what_is_absent_does_not_matter_and_the_rest_is_finite(name: str, slots: int) -> None:
    module = find("fusion", name)
    patterns = torch.tensor([p for p in itertools.product([True, False], repeat=slots) if any(p)])
    x, _ = batch(module, slots, len(patterns))
    one = model(module, x, 4).eval()
    clean = {
        slot: Frames(part.values * patterns[:, at, None, None], part.lengths * patterns[:, at])
        if isinstance(part, Frames)
        else part * patterns[:, at, None]
        for at, (slot, part) in enumerate(x.items())
    }
    with torch.no_grad():
        scores = said(one(clean, patterns))
        wild = said(one({slot: spoilt(p, patterns[:, at]) for at, (slot, p) in enumerate(x.items())}, patterns))
    assert scores.isfinite().all()
    torch.testing.assert_close(wild, scores, atol=1e-5, rtol=1e-5)
    if slots > 1 and name != "mctn":  # which needs no slot but the first
        all_there = said(one(x, torch.ones_like(patterns)))
        assert (all_there[1:] - scores[1:]).abs().max() > 1e-4, "a slot that is there changes nothing"


@every_network
def test_losses_are_finite_when_slots_are_absent_or_a_row_is_alone(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 3, 6)
    one = model(module, x, 4).train()
    for pattern in ([True, False, False], [False, True, True]):
        loss = total(one(x, present & torch.tensor(pattern)), torch.zeros(6, dtype=torch.long))
        loss.backward()
        assert loss.isfinite()
    single = {
        slot: Frames(*(p[:1] for p in part)) if isinstance(part, Frames) else part[:1] for slot, part in x.items()
    }
    assert total(one(single, present[:1]), torch.zeros(1, dtype=torch.long)).isfinite()
    assert all(p.grad is None or p.grad.isfinite().all() for p in one.parameters())


@every_network
def test_a_row_is_scored_alike_alone_and_among_others(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 3, 9)
    one = model(module, x, 4, dropout=0.5).eval()
    with torch.no_grad():
        whole = said(one(x, present))
        for at in (0, 5):
            row = {
                s: Frames(*(p[[at]] for p in part)) if isinstance(part, Frames) else part[[at]] for s, part in x.items()
            }
            torch.testing.assert_close(said(one(row, present[[at]])), whole[[at]], atol=1e-5, rtol=1e-5)


@every_network
def test_the_seed_decides_the_parameters(name: str) -> None:
    module = find("fusion", name)
    x, _ = batch(module, 2, 3)
    first, again, other = (model(module, x, 4, seed=seed).state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[part], again[part]) for part in first)
    assert any((first[part] != other[part]).any() for part in first)


@every_network
def test_it_overfits_eight_examples(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 3, 8)
    y = torch.tensor([0, 1, 2, 3, 3, 2, 1, 0])
    one = taught(model(module, x, 4), x, present, y, 200, enough=0.05)  # then no row is worse than 0.4: all are right
    assert right(one, x, present, y) == 1.0
    scale = torch.linspace(-1, 1, 8)
    one = taught(model(module, x, 1), x, present, scale, 200, enough=0.0025)  # then none is further off than 0.142
    assert (said(one(x, present))[:, 0] - scale).abs().max() < 0.15


@every_network
def test_auxiliary_losses_are_for_training_only(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 3, 8)
    out = model(module, x, 4).eval()(x, present)
    if isinstance(out, Fused):
        assert out.extra == 0
        assert model(module, x, 4).train()(x, present).extra.abs() > 0


@every_network
def test_whether_replicates_can_be_batched_is_true_to_fact(name: str) -> None:
    """Gradients of two models in one pass are those of each alone."""
    module = find("fusion", name)
    x, present = batch(module, 3, 8)
    y = torch.arange(8) % 4
    made = [model(module, x, 4, seed=seed).train() for seed in (1, 2)]
    state = stack_module_state(made)

    def loss(own: Any, held: Any) -> torch.Tensor:
        torch.manual_seed(5)
        return total(functional_call(made[0], (own, held), (x, present)), y)

    if not module.BATCHED:
        with pytest.raises(RuntimeError):
            vmap(grad(loss), randomness="same")(*state)
        return
    together = vmap(grad(loss), randomness="same")(*state)
    for at, one in enumerate(made):
        alone = grad(loss)(dict(one.named_parameters()), dict(one.named_buffers()))
        for part, slope in alone.items():
            torch.testing.assert_close(together[part][at], slope, atol=1e-5, rtol=1e-5, msg=part)
