"""Ratios of paired rounds, and when a ratio is not fit to be printed."""

import statistics
from dataclasses import dataclass

LIMIT = 0.05  # of a ratio's spread between rounds; beyond it the number says more about the machine than about us
ENOUGH = 5  # rounds; fewer can agree by chance


def quantile(values, q):
    """The q-quantile, interpolated between neighbours."""
    ordered = sorted(values)
    at = (len(ordered) - 1) * q
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spread(values):
    """Interquartile range over median: how much the middle half of the rounds varies."""
    middle = statistics.median(values)
    return (quantile(values, 0.75) - quantile(values, 0.25)) / middle if middle else float("inf")


@dataclass(frozen=True)
class Ratio:
    """A median over rounds, with what decides whether it is printed."""

    median: float
    spread: float
    rounds: int

    @property
    def stable(self):
        return self.rounds >= ENOUGH and self.spread <= LIMIT

    def __str__(self):
        if self.rounds < ENOUGH:
            return f"too few rounds ({self.rounds})"
        return f"{self.median:.2f}" if self.stable else f"unstable ({self.spread:.0%})"


def paired(values, base):
    """The ratio of two series whose rounds ran in the same minute, round by round."""
    if len(values) != len(base) or not values:
        raise ValueError(f"{len(values)} rounds cannot be paired with {len(base)}")
    ratios = [value / other for value, other in zip(values, base)]
    return Ratio(statistics.median(ratios), spread(ratios), len(ratios))
