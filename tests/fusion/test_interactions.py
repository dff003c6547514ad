"""What each kind of fusion is for: tasks that only its interaction solves, and its formula against another way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fusion_tasks import SLOTS, model, right, said, taught
from numpy.testing import assert_allclose
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from harness.core.plugins import find
from harness.fusion import _sequences, lmf, mfm, misa, mmim, tfn
from harness.fusion._fused import Frames
from harness.fusion._slots import Attention

CHANCE = 0.5


def product(n: int = 400, seed: int = 3) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """The class is whether two slots have the same sign: neither alone, nor any sum of what they say, tells it."""
    torch.manual_seed(seed)
    a, b = torch.randn(n, 3), torch.randn(n, 4)
    return {"text": a, "audio": b}, torch.ones(n, 2, dtype=torch.bool), (a[:, 0] * b[:, 0] > 0).long()


def fitted(name: str, task: Any, steps: int = 150, **settings: Any) -> float:
    """Train on one draw of a task and return the share of right answers on another."""
    x, present, y = task(seed=3)
    one = taught(model(find("fusion", name), x, 2, **settings), x, present, y, steps)
    return right(one, *(part for part in task(seed=4)))


@pytest.mark.parametrize("name", ["tfn", "lmf", "gated", "concat", "mlp", "misa", "mmim"])
def test_a_product_of_two_slots_is_learned_by_what_multiplies_them(name: str) -> None:
    assert fitted(name, product, steps=250) > 0.85


def test_what_adds_up_the_slots_cannot_learn_a_product() -> None:
    assert fitted("late", product, steps=250) < CHANCE + 0.1
    train, new = (torch.cat(list(product(seed=seed)[0].values()), dim=1).numpy() for seed in (3, 4))
    line = LogisticRegression().fit(train, product(seed=3)[2])
    assert line.score(new, product(seed=4)[2]) < CHANCE + 0.1


def cued(n: int = 600, seed: int = 3) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """A third slot says which of the other two is to be trusted; the class is the sign in that one.

    Where the two disagree the cue turns the answer round, so a sum of what each slot says is right in at most 7 of
    the 8 cases.
    """
    torch.manual_seed(seed)
    sign = torch.randint(2, (n, 3)).float() * 2 - 1
    truth = torch.where(sign[:, 2] > 0, sign[:, 0], sign[:, 1])
    x = {slot: torch.stack([sign[:, at], 0.5 * torch.randn(n)], dim=1) for at, slot in enumerate(SLOTS[:3])}
    return x, torch.ones(n, 3, dtype=torch.bool), (truth > 0).long()


def best_of_three(name: str, task: Any) -> nn.Module:
    """What a network can learn: of three starts, the one that is best on its own train rows. Some get stuck."""
    x, present, y = task(seed=3)
    made = [taught(model(find("fusion", name), x, 2, seed=seed), x, present, y, 120) for seed in (1, 2, 3)]
    return max(made, key=lambda one: right(one, x, present, y))


@pytest.mark.parametrize("name", ["attention", "gated"])
def test_the_slot_to_be_trusted_is_chosen_row_by_row(name: str) -> None:
    assert right(best_of_three(name, cued), *cued(seed=4)) > 0.97


def test_what_adds_up_the_slots_cannot_choose_between_them() -> None:
    assert right(best_of_three("late", cued), *cued(seed=4)) < 7 / 8


def test_attention_weighs_the_slot_that_can_be_trusted() -> None:
    """Seen from outside: without the trusted slot the answer is lost, without the other it stays."""
    one = best_of_three("attention", cued)
    x, present, y = cued(seed=4)
    trusted = present.clone()
    trusted[:, 0], trusted[:, 1] = x["video"][:, 0] > 0, x["video"][:, 0] < 0
    assert right(one, x, trusted, y) > 0.9
    assert right(one, x, trusted ^ torch.tensor([True, True, False]), y) < CHANCE + 0.1


def test_lmf_is_the_contraction_of_the_whole_tensor() -> None:
    torch.manual_seed(1)
    one = lmf.Model({"a": 3, "b": 4, "c": 5}, 2, {"hidden": 4, "rank": 3, "dropout": 0.0}).eval()
    x, present = {"a": torch.randn(6, 3), "b": torch.randn(6, 4), "c": torch.randn(6, 5)}, torch.ones(6, 3).bool()
    with torch.no_grad():
        held = one.slots(x, present).numpy()
        f, w = one.factors.numpy(), one.weight.numpy()
        weights = np.einsum("r,rao,rbo,rco->abco", w, *f)
        ones = np.concatenate([held, np.ones((6, 3, 1), np.float32)], axis=2)
        expected = np.einsum("na,nb,nc,abco->no", ones[:, 0], ones[:, 1], ones[:, 2], weights) + one.bias.numpy()
        assert_allclose(one(x, present).numpy(), expected, atol=1e-4)


def test_tfn_holds_every_product() -> None:
    held = torch.randn(5, 3, 2)
    ones = np.concatenate([held.numpy(), np.ones((5, 3, 1), np.float32)], axis=2)
    expected = np.einsum("na,nb,nc->nabc", *(ones[:, at] for at in range(3))).reshape(5, -1)
    assert_allclose(tfn.outer(held), expected, rtol=1e-5)


def test_the_losses_of_misa_are_their_definitions() -> None:
    chance = np.random.default_rng(2)
    a, b = chance.uniform(size=(40, 5)), chance.uniform(size=(40, 5)) ** 2
    tensors = torch.tensor(a), torch.tensor(b)
    every = torch.ones(40, dtype=torch.float64)
    moments = [np.linalg.norm(a.mean(0) - b.mean(0))]
    moments += [np.linalg.norm(((a - a.mean(0)) ** k).mean(0) - ((b - b.mean(0)) ** k).mean(0)) for k in range(2, 6)]
    assert float(misa.discrepancy(*tensors, every)) == pytest.approx(sum(moments), rel=1e-4)
    unit = [(x - x.mean(0)) / np.linalg.norm(x - x.mean(0), axis=1, keepdims=True) for x in (a, b)]
    assert float(misa.correlation(*tensors, every)) == pytest.approx(((unit[0].T @ unit[1]) ** 2).mean(), rel=1e-4)
    half = every.clone()
    half[20:] = 0
    kept = tensors[0][:20], tensors[1][:20]
    assert float(misa.discrepancy(*tensors, half)) == pytest.approx(float(misa.discrepancy(*kept, every[:20])))
    wild = tensors[0].clone()
    wild[20:] = 9
    same = float(misa.discrepancy(*kept, every[:20]))
    assert float(misa.discrepancy(wild, tensors[1], half)) == pytest.approx(same), "rows without weight count"


def test_the_bounds_of_mmim_are_their_definitions() -> None:
    torch.manual_seed(2)
    y, mean, log = torch.randn(50, 3), torch.randn(50, 3), torch.randn(50, 3).clamp(-2, 2)
    every = torch.ones(50)
    gauss = torch.distributions.Normal(mean, (log / 2).exp()).log_prob(y).sum(1).mean() / 3
    covariance = torch.from_numpy(np.cov(y.numpy().T, bias=True)).float() + mmim.RIDGE * torch.eye(3)
    entropy = torch.distributions.MultivariateNormal(torch.zeros(3), covariance).entropy() / 3
    constants = -0.5 * np.log(2 * np.pi) + 0.5 * np.log(2 * np.pi * np.e)  # that the bound leaves out
    found = mmim.barber_agakov(y, torch.cat([mean, log], dim=1), every)
    assert float(found + constants) == pytest.approx(float(gauss + entropy), abs=1e-4)
    cosine = nn.functional.normalize(mean, dim=1) @ nn.functional.normalize(y, dim=1).T
    expected = nn.functional.cross_entropy(cosine, torch.arange(50))
    assert float(mmim.contrastive(y, mean, every.bool())) == pytest.approx(float(expected), abs=1e-4)


def test_the_discrepancy_of_mfm_is_its_definition_and_sees_another_distribution() -> None:
    chance = np.random.default_rng(3)
    a, b, c = chance.normal(size=(60, 4)), chance.normal(size=(60, 4)), chance.normal(2, 1, size=(60, 4))

    def kernel(x: Any, y: Any) -> float:
        return float(np.exp(-((x[:, None] - y[None]) ** 2).sum(2) / 4).mean())

    every = torch.ones(60, dtype=torch.float64)
    near = float(mfm.discrepancy(torch.tensor(a), torch.tensor(b), every))
    assert near == pytest.approx(kernel(a, a) + kernel(b, b) - 2 * kernel(a, b), abs=1e-9)
    assert float(mfm.discrepancy(torch.tensor(a), torch.tensor(c), every)) > 10 * near


def test_attention_is_that_of_torch() -> None:
    torch.manual_seed(4)
    ours, theirs = Attention(8, 2).eval(), nn.MultiheadAttention(8, 2, batch_first=True).eval()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query.weight, ours.key.weight, ours.value.weight]))
        theirs.in_proj_bias.copy_(torch.cat([ours.query.bias, torch.zeros(8), ours.value.bias]))
        theirs.out_proj.weight.copy_(ours.out.weight)
        theirs.out_proj.bias.copy_(ours.out.bias)
        asked, seen, there = torch.randn(3, 5, 8), torch.randn(3, 6, 8), torch.arange(6) < torch.tensor([[6], [2], [1]])
        expected, _ = theirs(asked, seen, seen, key_padding_mask=~there)
        torch.testing.assert_close(ours(asked, seen, there), expected, atol=1e-5, rtol=1e-5)
        assert torch.equal(ours(asked, seen, there & False), ours.out.bias.expand(3, 5, 8))


def test_the_recurrent_cell_is_that_of_torch() -> None:
    torch.manual_seed(5)
    ours, theirs = _sequences.LSTM(4, 6), nn.LSTM(4, 6, batch_first=True)
    with torch.no_grad():
        theirs.weight_ih_l0.copy_(ours.seen.weight)
        theirs.bias_ih_l0.copy_(ours.seen.bias)
        theirs.weight_hh_l0.copy_(ours.held.weight)
        theirs.bias_hh_l0.zero_()
        x = torch.randn(3, 7, 4)
        torch.testing.assert_close(ours(x), theirs(x)[0], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(("length", "steps"), [(12, 4), (7, 3), (3, 7), (1, 5), (5, 5)])
def test_alignment_takes_the_mean_of_equal_parts(length: int, steps: int) -> None:
    values = torch.randn(1, 12, 2)
    present = torch.ones(1, 1, dtype=torch.bool)
    (found,) = _sequences.aligned({"a": Frames(values, torch.tensor([length]))}, present, steps)
    parts = []
    for s in range(steps):
        begin = s * length // steps
        parts.append(values[0, begin : max((s + 1) * length // steps, begin + 1)].mean(dim=0))
    torch.testing.assert_close(found[0], torch.stack(parts), atol=1e-6, rtol=1e-6)


def together(n: int = 500, seed: int = 3) -> tuple[dict[str, Frames], Tensor, Tensor]:
    """A mark stands once in each of two slots; the class is which of the two comes first."""
    torch.manual_seed(seed)
    steps = 6
    at = torch.stack([torch.randperm(steps)[:2] for _ in range(n)])
    slots = []
    for slot in (0, 1):
        values = 0.1 * torch.randn(n, steps, 3)
        values[torch.arange(n), at[:, slot], 0] += 2
        slots.append(Frames(values, torch.full((n,), steps)))
    return {"text": slots[0], "audio": slots[1]}, torch.ones(n, 2, dtype=torch.bool), (at[:, 0] < at[:, 1]).long()


@pytest.mark.parametrize("name", ["mfn", "graph_mfn", "mfm", "mult"])
def test_the_order_of_two_events_in_two_slots_is_learned_from_frames(name: str) -> None:
    assert fitted(name, together, steps=120) > 0.9


def test_without_frames_the_order_of_events_is_lost() -> None:
    def pooled(seed: int) -> Any:
        x, present, y = together(seed=seed)
        return {slot: one.values.mean(dim=1) for slot, one in x.items()}, present, y

    assert fitted("concat", pooled) < CHANCE + 0.1


def echo(n: int = 500, seed: int = 3) -> tuple[dict[str, Frames], Tensor, Tensor]:
    """One slot shows a mark early; in the other the same mark comes late, or another one does."""
    torch.manual_seed(seed)
    marks, steps = torch.eye(4, 5), 8
    kind, same = torch.randint(4, (n,)), torch.randint(2, (n,))
    other = torch.where(same.bool(), kind, (kind + torch.randint(1, 4, (n,))) % 4)
    slots = []
    for low, which in ((0, kind), (5, other)):
        values = 0.1 * torch.randn(n, steps, 5)
        values[torch.arange(n), low + torch.randint(3, (n,))] += 3 * marks[which]
        slots.append(Frames(values, torch.full((n,), steps)))
    return {"text": slots[0], "audio": slots[1]}, torch.ones(n, 2, dtype=torch.bool), same


def test_crossmodal_attention_finds_an_echo_at_any_distance() -> None:
    assert fitted("mult", echo, steps=150) > 0.9


def test_translation_learns_from_a_slot_that_it_does_not_need() -> None:
    """The first slot alone decides, and the way through the other is what the losses train."""
    torch.manual_seed(6)
    values = torch.randn(300, 6, 4)
    x = {"text": Frames(values, torch.full((300,), 6)), "audio": Frames(values.flip(2), torch.full((300,), 6))}
    present, y = torch.ones(300, 2, dtype=torch.bool), (values.mean(dim=(1, 2)) > 0).long()
    one = model(find("fusion", "mctn"), x, 2, there=1.0, back=1.0)
    before = float(one.train()(x, present).extra.detach())
    one = taught(one, x, present, y, 120)
    assert float(one.train()(x, present).extra.detach()) < 0.75 * before
    text_only = torch.tensor([[True, False]]).expand(300, 2)
    with torch.no_grad():
        torch.testing.assert_close(said(one.eval()(x, text_only)), said(one(x, present)))
    assert right(one, x, text_only, y) > 0.9
