"""The record of a metric, the same for all tasks: function, range and source."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Metric:
    """A metric, which can be called like its function.

    Attributes:
        name: in tables.
        label: in figures and text.
        function: computes it; all metrics of a table have the same arguments and return type.
        source: publication with the definition.
        higher_is_better: whether larger values are better.
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
        """The value of a perfect result."""
        return self.high if self.higher_is_better else self.low


def by_name(*metrics: Metric) -> dict[str, Metric]:
    """Metrics by name, in the order of tables and figures."""
    return {metric.name: metric for metric in metrics}
