"""Alignment of features: identities, references, gradients, and worlds in which it must help, or cannot."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fusion_tasks import NETWORKS, batch, model, of_task, said
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse, stats
from sklearn.linear_model import LogisticRegression
from torch import Tensor, nn

from harness.core.errors import SettingError
from harness.core.plugins import find
from harness.evaluation.transferability.a_distance import proxy_a_distance
from harness.features.matrix import Ragged
from harness.training import model_files
from harness.training.alignment import coral
from harness.training.alignment.align import Aligned, drawn, hidden_of
from harness.training.alignment.dann import Discriminator, domain_loss, reversed_gradient, strength_at
from harness.training.alignment.mmd import median_distance, mmd
from harness.training.feature_rows import FeatureRows

Array = np.ndarray[Any, Any]
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)  # of the squared bandwidth of the kernels


# --- CORAL


def coloured(seed: int, n: int, width: int = 5) -> Array:
    """Rows of one world: correlated, of different sizes, away from zero."""
    chance = np.random.default_rng(seed)
    mix = chance.normal(size=(width, width))
    rows: Array = (chance.normal(size=(n, width)) @ mix + chance.normal(0, 3, width)).astype(np.float32)
    return rows


def test_coral_gives_the_source_the_mean_and_covariance_of_the_target() -> None:
    source, target = coloured(1, 20_000), coloured(2, 20_000)
    moved = coral.apply(coral.fit(source, target), source)
    assert moved.dtype == np.float32
    assert_allclose(moved.mean(axis=0), target.mean(axis=0), atol=1e-3)
    covariance = np.cov(target.T)
    assert_allclose(np.cov(moved.T), covariance, atol=0.01 * np.trace(covariance))


def test_coral_is_its_formula_with_roots_of_scipy() -> None:
    from scipy.linalg import inv, sqrtm
    from sklearn.covariance import LedoitWolf

    source, target = coloured(3, 90).astype(float), coloured(4, 70).astype(float)
    a, b = (LedoitWolf().fit(one).covariance_ for one in (source, target))
    expected = (source - source.mean(axis=0)) @ inv(sqrtm(a)) @ sqrtm(b) + target.mean(axis=0)
    assert_allclose(coral.apply(coral.fit(source, target), source), expected, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(("n", "width"), [(300, 5), (20, 60)], ids=["tall", "wide"])
def test_coral_from_a_corpus_to_itself_moves_nothing(n: int, width: int) -> None:
    rows = coloured(5, n, width)
    assert_allclose(coral.apply(coral.fit(rows, rows), rows), rows, atol=1e-4 * np.abs(rows).max())


def test_coral_back_from_where_it_came() -> None:
    """Fitted the other way round it is no inverse, but it moves the target onto the source all the same."""
    source, target = coloured(6, 5000), coloured(7, 5000)
    moved = coral.apply(coral.fit(target, source), target)
    assert_allclose(np.cov(moved.T), np.cov(source.T), atol=0.02 * np.trace(np.cov(source.T)))


def world(seed: int, n: int, turned: Array | None = None, offset: float = 0.0) -> tuple[Array, Array]:
    """Two classes that differ along one direction among white noise; `turned` is what the world does to the rows."""
    chance = np.random.default_rng(seed)
    y = chance.integers(0, 2, n)
    x = chance.normal(size=(n, 6))
    x[:, 0] += np.where(y, 1.5, -1.5)
    return (x if turned is None else x @ turned + offset).astype(np.float32), y


def squeezed(seed: int) -> Array:
    """A symmetric map: each of six turned directions is drawn out or pressed together."""
    axes = stats.ortho_group.rvs(6, random_state=seed)
    found: Array = axes * np.array([0.1, 0.3, 0.6, 1.5, 3, 8]) @ axes.T
    return found


def accuracy_of_a_linear_head(train: tuple[Array, Array], test: tuple[Array, Array]) -> float:
    return float(LogisticRegression(max_iter=1000).fit(*train).score(*test))


@pytest.mark.parametrize("seed", range(3))
def test_coral_restores_a_linear_head_where_the_world_is_drawn_out_and_moved(seed: int) -> None:
    x, y = world(seed, 3000)
    target, test = (world(seed + at, 3000, squeezed(seed), offset=2) for at in (10, 20))
    best = accuracy_of_a_linear_head(target, test)
    before = accuracy_of_a_linear_head((x, y), test)
    after = accuracy_of_a_linear_head((coral.apply(coral.fit(x, target[0]), x), y), test)
    assert best > 0.9
    assert before < best - 0.1
    assert after > best - 0.03


def test_coral_cannot_know_a_turned_class_direction() -> None:
    """White noise turned by a right angle is white noise: what is to be mended leaves no trace in the covariance."""
    turn = np.eye(6)[[1, 0, 2, 3, 4, 5]]
    x, y = world(1, 3000)
    x[:, 1] *= np.sqrt(3.25)  # as wide as the classes are apart
    target, test = (world(at, 3000) for at in (11, 21))
    for one in (target, test):
        one[0][:, 1] *= np.sqrt(3.25)
        one[0][:] = one[0] @ turn
    assert accuracy_of_a_linear_head((coral.apply(coral.fit(x, target[0]), x), y), test) < 0.6


def test_coral_with_fewer_rows_than_features_helps_still() -> None:
    chance = np.random.default_rng(8)
    x, y = world(2, 60)
    stretch = np.concatenate([[9.0], np.full(99, 0.5)])
    wide = [np.concatenate([one, chance.normal(size=(len(one), 94))], axis=1) for one in (x, world(12, 60)[0])]
    test_x, test_y = world(22, 2000)
    test = (np.concatenate([test_x, chance.normal(size=(2000, 94))], axis=1) + 1) * stretch, test_y
    moved = coral.apply(coral.fit(wide[0], (wide[1] + 1) * stretch), wide[0])
    assert np.isfinite(moved).all()
    assert accuracy_of_a_linear_head((moved, y), test) > accuracy_of_a_linear_head((wide[0], y), test) + 0.05


def test_coral_of_rows_by_slot_through_a_model_file(tmp_path: Path) -> None:
    frames = Ragged.of([coloured(at, 4 + at, 3) for at in range(20)], 3)
    places = {"audio": np.array([0, 1, -1, 3]), "text": np.arange(4)}
    source = FeatureRows({"audio": frames, "text": coloured(9, 4)}, places)
    target = FeatureRows.of(audio=Ragged.of([coloured(40 + at, 6, 3) for at in range(9)], 3), text=coloured(10, 9))
    state = coral.fit_rows(source, target)
    assert set(state) == {f"{slot}.{key}" for slot in ("audio", "text") for key in ("mean", "matrix", "onto")}
    model_files.write(tmp_path / "m.safetensors", "0" * 64, [model_files.Trained("all", 1, dict(state), 0.5, {})])
    (read,) = model_files.read(tmp_path / "m.safetensors").replicates
    moved = coral.apply_slot(read.arrays, source, "text")
    assert_array_equal(moved, coral.apply(coral.fit(coloured(9, 4), target.features_of("text")), coloured(9, 4)))
    heard = coral.apply_slot(read.arrays, source.take([0, 1, 3]), "audio")
    assert_array_equal(heard.starts, frames.take([0, 1, 3]).starts)
    absent = coral.apply_slot(read.arrays, FeatureRows({"text": coloured(9, 4)}, {"text": np.array([2, -1])}), "text")
    assert_allclose(absent, np.stack([moved[2], np.zeros(5)]), atol=1e-5)


def test_coral_of_many_rows_draws_by_its_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coral, "ROWS", 50)
    source, target = coloured(1, 200), coloured(2, 200)
    first, again, other = (coral.fit(source, target, seed)["matrix"] for seed in (1, 1, 2))
    assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    ("source", "target", "message"),
    [
        (sparse.identity(4, format="csr"), np.ones((3, 4)), "does not suit sparse"),
        (coloured(1, 9, 4), coloured(1, 9, 3), "source has 4 features and the target 3"),
        (coloured(1, 1), coloured(1, 9), "the source has 1 rows"),
        (coloured(1, 9), np.ones((9, 5)), "features of the target do not vary"),
    ],
)
def test_what_coral_cannot_do(source: Any, target: Any, message: str) -> None:
    with pytest.raises(SettingError, match=message):
        coral.fit(source, target)


# --- MMD


def samples(n: int, m: int, width: int = 3, seed: int = 0, spread: float = 1.0) -> tuple[Tensor, Tensor]:
    chance = np.random.default_rng(seed)
    return torch.from_numpy(chance.normal(size=(n, width))), torch.from_numpy(chance.normal(0, spread, (m, width)))


@pytest.mark.parametrize("unbiased", [True, False])
@pytest.mark.parametrize("bandwidth", [None, 0.7])
def test_mmd_is_its_sums_written_out(unbiased: bool, bandwidth: float | None) -> None:
    x, y = samples(7, 5)
    both = torch.cat([x, y]).numpy()
    apart = [float(np.linalg.norm(a - b)) for at, a in enumerate(both) for b in both[:at]]
    assert float(median_distance(x, y)) == pytest.approx(sorted(apart)[(len(apart) - 1) // 2])
    s = bandwidth or float(median_distance(x, y))

    def k(a: Array, b: Array) -> float:
        return float(np.mean([np.exp(-((a - b) ** 2).sum() / (2 * factor * s**2)) for factor in FACTORS]))

    def inside(rows: Any) -> float:
        pairs = [(i, j) for i in range(len(rows)) for j in range(len(rows)) if i != j or not unbiased]
        return float(np.mean([k(rows[i], rows[j]) for i, j in pairs]))

    cross = np.mean([k(a, b) for a in x.numpy() for b in y.numpy()])
    expected = inside(x.numpy()) + inside(y.numpy()) - 2 * cross
    assert float(mmd(x, y, unbiased=unbiased, bandwidth=bandwidth)) == pytest.approx(expected, abs=1e-12)


def test_mmd_of_normal_distributions_is_its_closed_form() -> None:
    """E k of two normal variables: of variances a and b and a kernel of variance v it is sqrt(v / (v + a + b))."""
    a, b = 1.0, 4.0
    found = [float(mmd(*samples(150, 150, width=1, seed=at, spread=b**0.5), bandwidth=1.0)) for at in range(60)]

    def likeness(first: float, second: float) -> float:
        return float(np.mean([np.sqrt(factor / (factor + first + second)) for factor in FACTORS]))

    expected = likeness(a, a) + likeness(b, b) - 2 * likeness(a, b)
    assert np.mean(found) == pytest.approx(expected, abs=3 * np.std(found) / 60**0.5)
    assert np.std(found) / 60**0.5 < expected / 10


def test_mmd_is_no_mean_shift() -> None:
    """Means are equal to the last digit, spreads are not: a difference of means is 0, this is far above chance."""
    x, y = samples(200, 200, seed=2, spread=2.0)
    x, y = x - x.mean(dim=0), y - y.mean(dim=0)
    assert float((x.mean(dim=0) - y.mean(dim=0)).norm()) < 1e-12
    found, both = float(mmd(x, y)), torch.cat([x, y])
    chance = [both[torch.from_numpy(np.random.default_rng(at).permutation(400))] for at in range(60)]
    assert found > 3 * max(float(mmd(one[:200], one[200:])) for one in chance) > 0


def test_unbiased_mmd_of_equal_distributions_is_zero_on_average_and_biased_above() -> None:
    found = np.array(
        [[float(mmd(*samples(20, 30, seed=at), unbiased=kind)) for kind in (True, False)] for at in range(150)]
    )
    error = found[:, 0].std() / np.sqrt(150)
    assert abs(found[:, 0].mean()) < 3 * error
    assert (found[:, 0] < 0).any()
    assert found[:, 1].min() > 0
    assert found[:, 1].mean() > 10 * error


@pytest.mark.parametrize("unbiased", [True, False])
def test_the_gradient_of_mmd_is_that_of_finite_differences(unbiased: bool) -> None:
    x, y = (one.requires_grad_() for one in samples(6, 4, seed=3))
    assert torch.autograd.gradcheck(lambda a, b: mmd(a, b, unbiased=unbiased, bandwidth=0.9), (x, y))


def test_mmd_is_finite_far_from_zero_and_for_equal_rows() -> None:
    x, y = samples(30, 30, seed=4, spread=2.0)
    near, far = float(mmd(x, y)), float(mmd((x + 1e4).float(), (y + 1e4).float()))
    assert far == pytest.approx(near, rel=1e-2)
    same = torch.ones(4, 3, requires_grad=True)
    loss = mmd(same, torch.ones(5, 3))
    loss.backward()  # type: ignore[no-untyped-call]
    assert float(loss.detach()) == pytest.approx(0, abs=1e-6)
    assert same.grad is not None
    assert torch.isfinite(same.grad).all()
    with pytest.raises(ValueError, match="1 and 5 rows"):
        mmd(torch.ones(1, 3), torch.ones(5, 3))


# --- DANN


def test_the_reversal_keeps_values_and_turns_gradients_round() -> None:
    x = torch.randn(5, 3, dtype=torch.float64, requires_grad=True)
    factor = torch.randn(5, 3, dtype=torch.float64)
    for strength in (0.0, 0.3, 2.0):
        turned = reversed_gradient(x, strength)
        assert torch.equal(turned, x)
        (slope,) = torch.autograd.grad((turned * factor).sum(), x)
        assert_allclose(slope, -strength * factor)


def test_the_discriminator_learns_and_the_network_unlearns() -> None:
    torch.manual_seed(0)
    head = Discriminator(3, 8)
    source, target = (torch.randn(4, 3, requires_grad=True) for _ in range(2))
    odds = torch.cat([head(source), head(target)])
    expected = nn.functional.binary_cross_entropy_with_logits(odds, torch.tensor([0.0] * 4 + [1.0] * 4))
    loss = domain_loss(head, source, target, strength=0.5)
    assert float(loss.detach()) == pytest.approx(float(expected.detach()))
    plain = torch.autograd.grad(expected, [source, *head.parameters()])
    found = torch.autograd.grad(loss, [source, *head.parameters()])
    assert_allclose(found[0], -0.5 * plain[0], atol=1e-8)
    for ours, theirs in zip(found[1:], plain[1:], strict=True):
        assert_allclose(ours, theirs, atol=1e-7, err_msg="the discriminator's own gradient must not be turned round")
    for parameter in list(head.parameters())[-2:]:
        nn.init.zeros_(parameter)
    blind = domain_loss(head, source[:1], target, 1.0)
    assert float(blind.detach()) == pytest.approx(np.log(2))


def test_the_strength_is_that_of_ganin() -> None:
    assert strength_at(0) == 0
    assert strength_at(0.5) == pytest.approx(2 / (1 + np.exp(-5)) - 1)
    assert strength_at(1) == pytest.approx(0.99991, abs=1e-5)
    assert strength_at(-1) == 0
    assert strength_at(3) == strength_at(1)


# --- a network with either


@pytest.mark.parametrize("name", NETWORKS)
def test_what_goes_into_the_last_layer_is_found_or_an_error(name: str) -> None:
    module = find("fusion", name)
    x, present = batch(module, 2, 5)
    network = model(module, x, 4).eval()
    if name in ("late", "lmf"):  # the scores are a sum over slots
        with pytest.raises(SettingError, match=f"the model {name} has no one last layer"):
            hidden_of(network, x, present)
        return
    out, hidden = hidden_of(network, x, present)
    assert_allclose(said(out).detach(), said(network(x, present)).detach(), atol=1e-6)
    assert hidden.shape[0] == 5
    assert hidden.ndim == 2
    reads = [layer for layer in network.modules() if isinstance(layer, nn.Linear) and layer.out_features == 4]
    assert any(torch.allclose(layer(hidden), said(out)) for layer in reads if layer.in_features == hidden.shape[1])
    assert not any(layer._forward_hooks for layer in network.modules())


SETTINGS: dict[str, Any] = {"hidden": 24, "layers": 2, "dropout": 0.0}


def drawn_world(seed: int, target: bool, n: int = 600) -> tuple[Tensor, Tensor]:
    """Two classes round one another, and a target that is moved across the border and drawn out."""
    chance = np.random.default_rng([seed, target])
    y = np.arange(n) % 2
    x = chance.normal(size=(n, 8))
    x[:, 0] += np.where(y, 2, -2)
    if target:
        x = x * np.array([1.3, 0.5, 2, 1, 1, 1, 1, 1]) + np.array([3, 2, -2, 0, 0, 0, 0, 0])
    return torch.from_numpy(x.astype(np.float32)), torch.from_numpy(y)


def learned(align: str, seed: int, epochs: int = 40) -> tuple[float, float]:
    """Train on a source with labels and a target without; return the target's accuracy and how far apart they lie."""
    torch.manual_seed(seed)
    (x, y), (other, _), (test, truth) = (
        drawn_world(at, t) for at, t in ((seed, False), (seed, True), (seed + 50, True))
    )
    network = find("fusion", "mlp").Model({"text": 8}, 2, SETTINGS)
    aligned = None
    if align:
        aligned = Aligned(network, {"alignment": align}, as_batch(x[:2]))
    optimiser = torch.optim.AdamW((aligned or network).parameters(), lr=2e-3)
    order = torch.Generator().manual_seed(seed)
    for epoch in range(epochs):
        for which in torch.split(torch.randperm(len(x), generator=order), 64):
            optimiser.zero_grad()
            task = partial(of_task, y=y[which])
            if aligned is None:
                loss = task(network(*as_batch(x[which])))
            else:
                far = as_batch(other[drawn(len(other), len(which), order)])
                loss = aligned.loss(as_batch(x[which]), far, task, epoch / epochs)
            loss.backward()
            optimiser.step()
    network.eval()
    with torch.no_grad():
        held = [hidden_of(network, *as_batch(rows))[1].numpy() for rows in (x, test)]
        right = float((network(*as_batch(test)).argmax(dim=1) == truth).float().mean())
    apart = proxy_a_distance(held[0], held[1], np.arange(600) // 10, np.arange(600) // 10).value
    assert apart is not None
    return right, apart


def as_batch(rows: Tensor) -> tuple[dict[str, Tensor], Tensor]:
    return {"text": rows}, torch.ones(len(rows), 1, dtype=torch.bool)


@pytest.fixture(scope="module")
def unaligned() -> list[tuple[float, float]]:
    return [learned("", seed) for seed in (1, 2)]


@pytest.mark.parametrize("align", ["mmd", "dann"])
def test_aligned_corpora_lie_closer_and_labels_carry_over(align: str, unaligned: list[tuple[float, float]]) -> None:
    found = [learned(align, seed) for seed in (1, 2)]
    right, apart = np.mean(found, axis=0)
    before, far = np.mean(unaligned, axis=0)
    assert min(one[0] for one in found) > max(one[0] for one in unaligned)
    assert right > before + 0.08
    assert apart < far - 0.3


def test_an_alignment_of_no_weight_is_the_training_without() -> None:
    """The discriminator is drawn after the network, and rows of the target by themselves."""
    x, y = drawn_world(3, False)
    other, _ = drawn_world(3, True)
    slopes = []
    for align in ("", "mmd", "dann"):
        torch.manual_seed(5)
        network = find("fusion", "mlp").Model({"text": 8}, 2, SETTINGS)
        if align:
            aligned = Aligned(network, {"alignment": align, "alignment_weight": 0}, as_batch(x[:2]))
            loss = aligned.loss(as_batch(x[:50]), as_batch(other[:50]), lambda out: of_task(out, y[:50]), 1.0)
        else:
            loss = of_task(network(*as_batch(x[:50])), y[:50])
        slopes.append(torch.autograd.grad(loss, list(network.parameters())))
    for one in slopes[1:]:
        for ours, theirs in zip(one, slopes[0], strict=True):
            assert torch.equal(ours, theirs)


@pytest.mark.parametrize("progress", [0.0, 0.1, 1.0])
def test_dann_begins_gently_and_its_weight_is_that_of_what_the_network_unlearns(progress: float) -> None:
    x, _ = drawn_world(3, False)
    torch.manual_seed(5)
    aligned = Aligned(
        find("fusion", "mlp").Model({"text": 8}, 2, SETTINGS), {"alignment": "dann", "alignment_weight": 3}, as_batch(x)
    )
    assert aligned.discriminator is not None
    source, target = torch.randn(6, 24, requires_grad=True), torch.randn(6, 24)
    slopes = [
        torch.autograd.grad(loss, [source, *aligned.discriminator.parameters()])
        for loss in (
            aligned.alignment(source, target, progress),
            domain_loss(aligned.discriminator, source, target, strength=1),
        )
    ]
    assert_allclose(slopes[0][0], 3 * strength_at(progress) * slopes[1][0], rtol=1e-5, atol=1e-8)
    for ours, theirs in zip(slopes[0][1:], slopes[1][1:], strict=True):
        assert_allclose(ours, theirs, rtol=1e-5, atol=1e-8)


def test_a_batch_of_one_row_is_no_error() -> None:
    x, y = drawn_world(4, False)
    for align in ("mmd", "dann"):
        network = find("fusion", "mlp").Model({"text": 8}, 2, SETTINGS)
        aligned = Aligned(network, {"alignment": align}, as_batch(x[:2]))
        loss = aligned.loss(as_batch(x[:1]), as_batch(x[:1]), lambda out: of_task(out, y[:1]), 0.5)
        assert torch.isfinite(loss)


def test_settings_of_an_alignment_that_cannot_be() -> None:
    x, y = drawn_world(4, False)
    network = find("fusion", "mlp").Model({"text": 8}, 2, SETTINGS)
    with pytest.raises(SettingError, match=r"no alignment is called 'mdm' \(known: mmd, dann\)"):
        Aligned(network, {"alignment": "mdm"}, as_batch(x[:2]))
    flat = find("fusion", "mlp").Model({"text": 8}, 2, {**SETTINGS, "layers": 0})
    with pytest.raises(SettingError, match="needs a hidden layer"):
        Aligned(flat, {"alignment": "mmd"}, as_batch(x[:2])).loss(
            as_batch(x), as_batch(x), lambda out: of_task(out, y), 0.5
        )


def test_rows_of_the_target_are_drawn_without_repeating_where_they_can() -> None:
    order = torch.Generator().manual_seed(1)
    assert len(set(drawn(30, 20, order).tolist())) == 20
    assert sorted(drawn(5, 5, order).tolist()) == list(range(5))
    assert drawn(3, 20, order).max() < 3
    assert len(drawn(3, 20, order)) == 20
