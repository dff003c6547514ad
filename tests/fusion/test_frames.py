"""Frame-level fusion: time counts, padding does not, and each network is its paper's formula, step by step."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from fusion_tasks import SLOTS, batch, model, right, said, taught
from numpy.testing import assert_allclose
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call, stack_module_state, vmap

from harness.core.plugins import find
from harness.fusion import mctn, mfm
from harness.fusion._fused import Frames
from harness.fusion.graph_mfn import Graph
from harness.fusion.mfn import Memory
from harness.fusion.mult import Stack

FRAMES = ["mfn", "graph_mfn", "mfm", "mult", "mctn"]
CHANCE = 0.5
every_model = pytest.mark.parametrize("name", FRAMES)
Array = NDArray[Any]


@every_model
def test_neither_the_amount_of_padding_nor_what_is_in_it_matters(name: str) -> None:
    x, present = batch(find("fusion", name), 3, 10)
    one = model(find("fusion", name), x, 4).eval()
    padded = {}
    for more, (slot, part) in enumerate(x.items(), start=1):
        wild = torch.full((10, more, part.values.shape[2]), torch.nan)
        inside = torch.arange(part.values.shape[1]) < part.lengths[:, None]
        values = torch.where(inside[:, :, None], part.values, torch.inf)
        padded[slot] = Frames(torch.cat([values, wild], dim=1), part.lengths)
    with torch.no_grad():
        torch.testing.assert_close(said(one(padded, present)), said(one(x, present)), atol=1e-6, rtol=1e-5)
    said(one(padded, present)).sum().backward()
    assert all(p.grad is None or p.grad.isfinite().all() for p in one.parameters())


@every_model
def test_the_order_of_frames_matters(name: str) -> None:
    """In the first slot for all; in the others for all but cyclic translation, which predicts from the first."""
    x, present = batch(find("fusion", name), 2, 12)
    x = {slot: Frames(part.values, torch.full((12,), 7)) for slot, part in x.items()}
    one = model(find("fusion", name), x, 4).eval()
    with torch.no_grad():
        scores = said(one(x, present))
        for slot, part in x.items():
            turned = said(one({**x, slot: Frames(part.values.flip(1), part.lengths)}, present))
            assert ((turned - scores).abs().max() > 1e-4) == (name != "mctn" or slot == "text")


@every_model
def test_replicates_with_batches_of_their_own_are_scored_as_each_alone(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 2, 8)
    made = [model(module, x, 3, seed=seed).eval() for seed in (1, 2)]
    rows = torch.stack([torch.arange(4), torch.arange(4, 8)])
    present = present.clone()
    present[5, 0] = False
    own = {slot: Frames(part.values[rows], part.lengths[rows]) for slot, part in x.items()}
    with torch.no_grad():
        together = vmap(lambda p, b, f, t: said(functional_call(made[0], (p, b), (f, t))))(
            *stack_module_state(made), own, present[rows]
        )
        for at, one in enumerate(made):
            alone = said(one({slot: Frames(*(v[at] for v in part)) for slot, part in own.items()}, present[rows[at]]))
            torch.testing.assert_close(together[at], alone, atol=1e-5, rtol=1e-5)


def numbers(layer: Any) -> tuple[Array, Array]:
    return layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()


def run(layers: Any, x: Array) -> Array:
    """Linear, ReLU, Sigmoid, Tanh and nested Sequential in numpy; dropout is off."""
    for layer in layers:
        if isinstance(layer, nn.Sequential):
            x = run(layer, x)
        elif isinstance(layer, nn.Linear):
            w, b = numbers(layer)
            x = x @ w.T + b
        elif not isinstance(layer, nn.Dropout):
            x = {nn.ReLU: lambda v: v.clip(0), nn.Sigmoid: sigmoid, nn.Tanh: np.tanh}[type(layer)](x)
    return x


def sigmoid(x: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-x)))


def attended(watch: Any, c: Array) -> tuple[Array, Array]:
    """Equations of Zadeh et al., AAAI 2018: a = softmax(D_a(c)), seen = c * a, proposal = D_u(seen)."""
    a = np.exp(run(watch.look, c))
    seen = c * a / a.sum(1, keepdims=True)
    return seen, run(watch.propose, seen)


def graphed(graph: Any, c: Array) -> tuple[Array, Array]:
    """Zadeh et al., ACL 2018, for two slots: vertices a, b, ab; edges a-ab, b-ab and one from each to the summary."""
    h = graph.hidden
    a, b = (
        run([graph.single[s]], np.hstack([c[:, s * h : (s + 1) * h], c[:, (2 + s) * h : (3 + s) * h]])) for s in (0, 1)
    )
    e = run(graph.efficacy, np.hstack([a, b]))[:, ::-1]  # the last efficacy is that of the first edge
    ab = run(graph.joint[0], np.hstack([e[:, [0]] * a, e[:, [1]] * b]))
    seen = run(graph.summary, np.hstack([e[:, [2]] * a, e[:, [3]] * b, e[:, [4]] * ab]))
    return seen, run(graph.propose, seen)


@pytest.mark.parametrize("kind", [attended, graphed])
def test_the_memory_is_that_of_the_paper(kind: Any) -> None:
    torch.manual_seed(2)
    graph = Graph(2, 4, 5, 3, 0.0) if kind is graphed else None
    net = Memory({"text": 3, "audio": 2}, 4, 3, 0.0, graph, 8 if graph else None).eval()
    slots = [torch.randn(6, 5, 3), torch.randn(6, 5, 2)]
    h, c, u = [np.zeros((6, 4))] * 2, [np.zeros((6, 4))] * 2, np.zeros((6, 3))
    for step in range(5):
        before = c
        for s, (cell, slot) in enumerate(zip(net.cells, slots, strict=True)):
            held = cell.held.weight.detach().double().numpy()
            gates = run([cell.seen], slot[:, step].double().numpy()) + h[s] @ held.T
            i, f, g, o = np.split(gates, 4, axis=1)
            c = [*c[:s], sigmoid(f) * c[s] + sigmoid(i) * np.tanh(g), *c[s + 1 :]]
            h = [*h[:s], sigmoid(o) * np.tanh(c[s]), *h[s + 1 :]]
        seen, proposed = kind(net.watch, np.hstack([*before, *c]))
        both = np.hstack([seen, u])
        u = run(net.keep, both) * u + run(net.take, both) * proposed
    with torch.no_grad():
        assert_allclose(net(slots, torch.ones(6, 2, dtype=torch.bool)), np.hstack([*h, u]), atol=1e-5)


@pytest.mark.parametrize(("slots", "vertices", "edges"), [(1, 1, 1), (2, 3, 5), (3, 7, 19), (4, 15, 65)])
def test_the_graph_has_a_vertex_for_every_combination_of_slots(slots: int, vertices: int, edges: int) -> None:
    """19 efficacies for three slots, as in the paper; 65 for four."""
    graph = Graph(slots, 4, 5, 3, 0.0)
    assert len(graph.within) == vertices
    assert graph.efficacy[1].out_features == edges


def test_crossmodal_attention_is_the_formula_of_the_paper() -> None:
    torch.manual_seed(3)
    stack = Stack(8, 2, 1, 0.0).eval()
    asked, seen, lengths = torch.randn(4, 3, 8), torch.randn(4, 6, 8), torch.tensor([6, 4, 1, 2])
    there = torch.arange(6) < lengths[:, None]
    norm, attend, think = stack.before[0], stack.attend[0], stack.think[0]

    def heads(x: Tensor) -> Tensor:
        return torch.stack(x.split(4, dim=2), dim=1)

    with torch.no_grad():
        q, k, v = attend.query(norm(asked)), attend.key(norm(seen)), attend.value(norm(seen))
        found = nn.functional.scaled_dot_product_attention(heads(q), heads(k), heads(v), there[:, None, None])
        middle = asked + attend.out(torch.cat([found[:, 0], found[:, 1]], dim=2))
        expected = stack.after(middle + think(middle))
        torch.testing.assert_close(stack(asked, seen, there), expected, atol=1e-5, rtol=1e-5)


def test_the_generators_of_mfm_learn_to_give_the_slots_back() -> None:
    """The loss falls well below that of the best constant, the variance; and it is gone with its weight."""
    torch.manual_seed(4)
    x, present = frames(*(torch.randn(100, 1, 3).expand(-1, 4, -1).clone() for _ in range(2)))
    spread = float(torch.stack([part.values.var() for part in x.values()]).mean())
    weights = {"reconstruction": 1.0, "prior": 0.0, "align": 4, "factor": 8}
    one = taught(model(mfm, x, 1, **weights), x, present, torch.zeros(100), 80, lr=0.02)
    assert float(one.train()(x, present).extra.detach()) < 0.4 * spread
    assert model(mfm, x, 1, **{**weights, "reconstruction": 0.0}).train()(x, present).extra == 0


@every_model
def test_what_an_absent_slot_holds_does_not_teach(name: str) -> None:
    """The losses too, not just the scores, are the same whatever stands in a slot that is not there."""
    module = find("fusion", name)
    x, present = batch(module, 3, 9)
    present[:4, 1] = False
    one = model(module, x, 3).train()
    wild = {**x, "audio": Frames(torch.where(present[:, 1, None, None], x["audio"].values, 9.0), x["audio"].lengths)}
    made = []
    for given in (x, wild):
        torch.manual_seed(0)
        out = one(given, present)
        made.append(torch.zeros(()) if isinstance(out, Tensor) else out.extra)
    assert made[0] == made[1]


def test_cyclic_translation_teaches_only_what_is_there() -> None:
    """The source is the first slot that is there; a level whose target is absent or the source itself says nothing."""
    present = torch.tensor([[1, 1, 1], [0, 1, 1], [0, 0, 1], [1, 0, 0]]).bool()
    assert mctn.first(present).tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]]
    x, _ = batch(mctn, 3, 4)
    one = model(mctn, x, 2).train()
    nothing = [2, 3]
    assert one({s: Frames(*(v[nothing] for v in part)) for s, part in x.items()}, present[nothing]).extra == 0
    one(x, present).extra.backward()
    assert all(level.seen.weight.grad.abs().sum() > 0 for level in [*one.encode, *one.decode])
    assert one.watch.seen.weight.grad is None, "the read-out learns from the label alone"


def frames(*values: Tensor) -> tuple[dict[str, Frames], Tensor]:
    n = len(values[0])
    x = {slot: Frames(one, torch.full((n,), one.shape[1])) for slot, one in zip(SLOTS, values, strict=False)}
    return x, torch.ones(n, len(x), dtype=torch.bool)


def meeting(n: int = 300, seed: int = 3) -> tuple[dict[str, Frames], Tensor, Tensor]:
    """A mark stands once in each of two slots, one with twice the frames per second; the class is whether they meet."""
    torch.manual_seed(seed)
    same, at = torch.randint(2, (n,)), torch.randint(6, (n,))
    other = torch.where(same.bool(), at, (at + torch.randint(1, 6, (n,))) % 6)
    slow, fast = 0.1 * torch.randn(n, 6, 3), 0.1 * torch.randn(n, 12, 3)
    slow[torch.arange(n), at, 0] += 2
    fast[torch.arange(n), 2 * other + torch.randint(2, (n,)), 0] += 3
    return *frames(slow, fast), same


def early(n: int = 300, seed: int = 3) -> tuple[dict[str, Frames], Tensor, Tensor]:
    """Two marks in the first slot; the class is which comes first, and the second slot tells nothing."""
    torch.manual_seed(seed)
    at = torch.stack([torch.randperm(6)[:2] for _ in range(n)])
    values = 0.1 * torch.randn(n, 6, 3)
    for mark in (0, 1):
        values[torch.arange(n), at[:, mark], mark] += 2
    return *frames(values, torch.randn(n, 6, 2)), (at[:, 0] < at[:, 1]).long()


@pytest.mark.parametrize(
    ("name", "task", "steps", "lr"),
    [
        ("mfn", meeting, 80, 0.02),
        ("graph_mfn", meeting, 80, 0.02),
        ("mfm", meeting, 80, 0.02),
        ("mult", meeting, 130, 0.005),
        ("mctn", early, 80, 0.02),
    ],
)
def test_what_happens_when_is_learned_where_a_late_classifier_of_means_stays_at_chance(
    name: str, task: Any, steps: int, lr: float
) -> None:
    x, present, y = task(seed=3)
    new, _, truth = task(seed=4)
    one = taught(model(find("fusion", name), x, 2), x, present, y, steps, lr)
    assert right(one, new, present, truth) > 0.9
    pooled, fresh = ({s: part.values.mean(dim=1) for s, part in of.items()} for of in (x, new))
    late = taught(model(find("fusion", "late"), pooled, 2), pooled, present, y, 120)
    assert right(late, fresh, present, truth) < CHANCE + 0.1
