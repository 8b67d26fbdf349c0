"""The order of the page: what it opens with, pictures by question, and the menu."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from stbench.report.images import Album, Embedded, Picture
from stbench.summary.answer import Standings

# The first picture that begins with one of these is shown with the answer.
_FRONT = ("overview", "heatmap_ARI_final")
_FRONT_UNRANKED = ("consensus_", "deconvolution_scores")
# Kinds of pictures over all datasets that answer a question of their own; others are about scores.
_QUESTIONS = {
    "critical_difference": "order",
    "rank_conditions": "order",
    "bump": "order",
    "runtime": "cost",
    "memory": "cost",
}
# Studies in the menu, where their titles are too long.
_SHORT = {
    "label_free": "Comparison",
    "number_of_domains": "How many",
    "recommendation": "Which map",
    "paper": "STAGUE’s paper",
    "published": "Published scores",
    "graphs": "Learned graphs",
    "replication": "Replication",
    "integration": "Integration",
    "sensitivity": "Sensitivity",
    "markers": "Markers",
}


def front_picture(pictures: Sequence[Picture], board: bool) -> Picture | None:
    """The picture that is shown with the answer, which is a leaderboard or is not; None without."""
    found = (
        picture
        for stem in (_FRONT if board else _FRONT_UNRANKED)
        for picture in pictures
        if picture.stem.startswith(stem)
    )
    return next(found, None)


def by_question(
    pictures: Sequence[Picture], standings: Standings, album: Album
) -> dict[str, list[Embedded]]:
    """The pictures over all datasets: about ``scores``, ``order`` and ``cost``.

    Pictures of mean ranks under the second policy for failures are left out where both are the
    same.
    """
    found: dict[str, list[Embedded]] = {"scores": [], "order": [], "cost": []}
    twice = {f"critical_difference_common{end}" for end in _same_policies(standings)}
    for picture in pictures:
        if not picture.dataset and picture.stem not in twice:
            kind = next((kind for kind in _QUESTIONS if picture.stem.startswith(kind)), "")
            found[_QUESTIONS.get(kind, "scores")].append(album.embed(picture))
    return found


def _same_policies(standings: Standings) -> list[str]:
    """Endings of the pictures of tissues whose policies have the same datasets."""
    return [
        f"_{tissue}".replace("-", "_") if place else ""
        for place, (tissue, by_policy) in enumerate(standings.items())
        if by_policy["worst"].datasets == by_policy["common"].datasets
    ]


def menu(context: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Id and short title of each section that has something to show, in order."""
    board, shown = context["board"], context["by_question"]
    studies = [part["study"] for part in context["studies"]]
    entries = [
        ("answer", "Answer", True),
        ("leaderboard", "Leaderboard", board),
        ("entries-section", "Datasets", board),
        ("statistics", "How sure", board),
        ("cost", "Cost", shown["cost"]),
        ("maps", "Maps", context["maps"].tissues or context["maps"].left_out),
        ("pictures", "Domains", context["galleries"] or (shown["scores"] and not board)),
        *((one.name, _SHORT.get(one.name, one.title), True) for one in studies),
        ("cell-graphs", "Interactions", context["interactions"]),
        ("missing", "Missing", context["missing"]),
        ("run", "The run", True),
        ("references", "References", True),
    ]
    return [(name, title) for name, title, there in entries if there]
