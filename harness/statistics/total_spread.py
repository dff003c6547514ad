"""Put together the variance of the test data and that of the training data, and say what a study can detect."""

from __future__ import annotations

POWER = 0.8  # with which a difference is detected
Interval = tuple[float, float | None, float | None]  # a value and its two ends


def widened(of: Interval, sd_test: float | None, sd_train: float | None) -> tuple[float | None, float | None]:
    """Return an interval over resampled test dialogues, widened for the variance of the training data.

    Both sources are independent, so the variances add up: each end moves away from the value by the factor
    sqrt(1 + (sd_train / sd_test)^2). Both ends are None where one of the parts is not known.

    Args:
        of: value and interval of the test data alone.
        sd_test: standard deviation over resampled test dialogues.
        sd_train: standard deviation over resampled train dialogues.
    """
    value, low, high = of
    if low is None or high is None or sd_train is None or not sd_test:
        return None, None
    factor = float((1 + (sd_train / sd_test) ** 2) ** 0.5)
    return value - factor * (value - low), value + factor * (high - value)


def detectable(sd_test: float | None, sd_train: float | None, level: float) -> float | None:
    """Return the smallest true difference that a two-sided test finds with a probability of 80 %.

    It is (z(level) + z(power)) standard deviations of the difference (Card et al. 2020, "With little power comes great
    responsibility"); that of the training data is part of it where it is known.

    Args:
        sd_test: standard deviation of the difference over resampled test dialogues.
        sd_train: over resampled train dialogues.
        level: of the test, 0.95 for a p under 0.05.
    """
    from scipy.stats import norm

    if sd_test is None:
        return None
    deviation = (sd_test**2 + (sd_train or 0.0) ** 2) ** 0.5
    return float((norm.ppf((1 + level) / 2) + norm.ppf(POWER)) * deviation)
