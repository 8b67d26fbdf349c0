"""The first methods under every clusterer, without controls."""

from helpers.results import made_results, scores_of
from stbench.ranking.first_methods import first_methods, in_words
from stbench.ranking.leaderboard import leaderboard

SCORES = {
    # by clusterer, the final ARI on two datasets
    "stague": {"kmeans": (0.68, 0.7), "kmeans20": (0.6, 0.6), "gmm": (0.72, 0.5)},
    "sedr": {"kmeans": (0.66, 0.6), "kmeans20": (0.7, 0.5), "gmm": (0.78, 0.8)},
}


def results():
    parts = [
        scores_of(f"D{i}", method, [value], clusterer=clusterer)
        for method, by_clusterer in SCORES.items()
        for clusterer, values in by_clusterer.items()
        for i, value in enumerate(values)
    ]
    best = scores_of("D0", "smoothed_pca", [0.99], clusterer="gmm")
    own = scores_of("D0", "sedr", [0.9], clusterer="own")
    return made_results(*parts, best, own)


def test_each_clusterer_has_its_own_order_and_the_ranking_one_is_first():
    first = first_methods(results(), "kmeans20")
    assert list(first) == ["kmeans20", "gmm", "kmeans"]  # one method alone has labels of its own
    assert in_words(first["kmeans"]) == "STAGUE .69, SEDR .63"
    assert in_words(first["gmm"]) == "SEDR .79, STAGUE .61"
    assert {place.title for place in first["kmeans20"]} == {"STAGUE", "SEDR"}


def test_a_failure_gets_the_worst_rank_and_no_more_than_n_are_named():
    lost = made_results(
        *(scores_of(f"D{i}", "stague", [0.5]) for i in range(3)),
        *(scores_of(f"D{i}", "sedr", ["oom" if i else 0.9]) for i in range(3)),
    )
    assert in_words(first_methods(lost, "kmeans")["kmeans"]) == "STAGUE .50, SEDR .90"
    assert in_words(first_methods(lost, "kmeans", n=1)["kmeans"]) == "STAGUE .50"


def test_ties_are_in_the_order_of_the_leaderboard():
    results = made_results(
        *(scores_of(f"D{i}", "sedr", [v]) for i, v in enumerate((0.5, 0.6))),
        *(scores_of(f"D{i}", "stague", [v]) for i, v in enumerate((0.9, 0.55))),
    )
    tied = first_methods(results, "kmeans")["kmeans"]
    assert in_words(tied) == "STAGUE .73, SEDR .55" and [one.place for one in tied] == [1, 1]
    assert list(leaderboard(results, "kmeans")["method"]) == ["stague", "sedr"]
