"""One record for every metric of every task: what computes it and what to know of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Metric:
    """A metric; it is called like its function.

    Attributes:
        name: in tables.
        label: in figures and text.
        function: computes it; what it takes and returns is the same for all metrics of a table.
        source: who defined it, or where the definition is given.
        higher_is_better: direction.
        low, high: ends of the range.
    """

    name: str
    label: str
    function: Callable[..., Any]
    source: str
    higher_is_better: bool = True
    low: float = 0.0
    high: float = 1.0

    def __call__(self, *given: Any) -> Any:
        return self.function(*given)

    @property
    def better(self) -> Literal["higher", "lower"]:
        return "higher" if self.higher_is_better else "lower"

    @property
    def best(self) -> float:
        """The end of the range that a perfect result has."""
        return self.high if self.higher_is_better else self.low


def by_name(*metrics: Metric) -> dict[str, Metric]:
    """A table of metrics, in the order in which they are shown."""
    return {metric.name: metric for metric in metrics}
