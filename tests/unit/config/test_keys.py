"""The keys of a configuration: what each is made of, and what it does not depend on."""

import pytest

from helpers.finished_fits import configuration
from stbench.common.errors import InputError
from stbench.config.keys import FILE_HASHES, keys_of, layout_of, method_programs

SIMULATED = {"id": "rings", "simulate": {"layout": "rings"}}
SETTINGS = {
    **{"graph": "raw", "threshold": 0.5, "threshold_by": "value", "shuffles": 10},
    "reach": 8,
}
PAIR = {"id": "pair", "spot_size": 2, "simulate": {"layout": "layers", "n_types": 4}}


def made(tmp_path, **changes):
    """Keys of a tissue and a pair, under a configuration with some changes."""
    asked = {
        "datasets": [SIMULATED, PAIR],
        "methods": ["pca", "stague", "jittered_truth", "nnls"],
        "seeds": [0, 1],
        **changes,
    }
    return keys_of(configuration(**asked), tmp_path)


def test_programs_of_a_method_in_each_language_and_task():
    assert method_programs("domains", "pca") == ["fit.py", "methods/pca.py"]
    assert method_programs("domains", "stague") == ["fit.py", "methods/stague/model.py"]
    assert method_programs("domains", "bass") == ["fit.py", "fit.R", "methods/bass.R"]
    programs = ["fit_deconvolution.py", "deconvolution_methods/nnls.py"]
    assert method_programs("deconvolution", "nnls") == programs


def test_the_truth_decides_the_data_and_not_what_methods_read(tmp_path):
    keys = made(tmp_path)
    assert keys.data("rings") == keys.identity.truth("rings") != keys.identity.data("rings")
    assert keys.data("pair") == keys.identity.data("pair") != keys.identity.truth("pair")
    read = keys.identity.stage("preprocess.py", data=keys.identity.data("rings"))
    assert keys.preprocessed("rings") == read


def test_the_truth_counts_for_fits_of_the_control_that_sees_it_alone(tmp_path):
    def fits(truth):
        keys = made(tmp_path)
        keys._cache["data", "rings"] = truth
        return [keys.fit("rings", name) for name in ("pca", "stague", "jittered_truth")]

    one, other = fits("a"), fits("b")
    assert one[:2] == other[:2]
    assert one[2] != other[2]


def test_seeds_and_clusterers_count_for_labels_and_scores_and_not_for_fits(tmp_path):
    keys, more = made(tmp_path), made(tmp_path, seeds=[0, 1, 2])
    for method in ("pca", "stague"):
        assert keys.fit("rings", method) == more.fit("rings", method)
        assert keys.labels("rings", method) != more.labels("rings", method)
        assert keys.scores("rings", method) != more.scores("rings", method)
    assert made(tmp_path, refine=3).labels("rings", "pca") != keys.labels("rings", "pca")
    assert keys.fit("pair", "nnls") != keys.fit("rings", "pca")
    expected = keys.identity.stage(
        "score_deconvolution.py",
        fits=[keys.fit("pair", "nnls"), keys.benchmark.seeds("nnls", "pair")],
        data=keys.data("pair"),
    )
    assert keys.scores("pair", "nnls") == expected


def test_of_the_settings_of_interactions_reach_and_tools_count_for_scores_alone(tmp_path):
    keys = made(tmp_path, interactions=SETTINGS)
    farther = made(tmp_path, interactions={**SETTINGS, "reach": 9})
    more = made(tmp_path, interactions={**SETTINGS, "shuffles": 11})
    tools = made(tmp_path, interactions={**SETTINGS, "communication": ["liana"]})
    entry = ("rings", "stague")
    assert keys.interactions(*entry) == farther.interactions(*entry) != more.interactions(*entry)
    assert keys.interactions(*entry) == tools.interactions(*entry)
    scores = {made.interaction_scores("rings") for made in (keys, farther, tools)}
    assert len(scores) == 3
    tool = keys.communication("rings", "liana")
    assert tool == tools.communication("rings", "liana") != keys.communication("rings", "commot")
    assert tool != farther.communication("rings", "liana")


def test_a_corrected_organism_changes_the_interactions_of_an_own_section_alone(tmp_path):
    own = tmp_path / "own.h5ad"
    own.write_bytes(b"cells")
    entry = {"id": "own", "path": str(own), "n_domains": 3, "organism": "human"}
    keys, other = (
        made(
            tmp_path,
            datasets=[{**entry, "organism": name}],
            methods=["stague"],
            interactions=SETTINGS,
        )
        for name in ("human", "mouse")
    )
    assert keys.interactions("own", "stague") != other.interactions("own", "stague")
    assert keys.fit("own", "stague") == other.fit("own", "stague")


def test_a_corrected_organism_of_joined_sections_of_ones_own_counts_too(tmp_path):
    own = tmp_path / "own.h5ad"
    own.write_bytes(b"cells")
    part = {"path": str(own), "n_domains": 3}
    keys = []
    for organisms in (("human", "human"), ("mouse", "mouse"), ("human", "mouse")):
        parts = [{**part, "id": f"p{i}", "organism": o} for i, o in enumerate(organisms)]
        datasets = [{"id": "joined", "join": parts}]
        keys.append(made(tmp_path, datasets=datasets, methods=["stague"], interactions=SETTINGS))
    found = [one.interactions("joined", "stague") for one in keys]
    assert len(set(found)) == 3
    assert len({one.fit("joined", "stague") for one in keys}) == 1


def test_a_key_is_computed_once(tmp_path):
    keys = made(tmp_path)
    first = keys.fit("rings", "pca")
    keys.identity = None
    assert keys.fit("rings", "pca") == first
    assert keys._cache["fit", "rings", "pca"] == first


def test_own_files_are_hashed_into_the_folder_of_results(tmp_path):
    own = tmp_path / "own.h5ad"
    own.write_bytes(b"cells")
    results = tmp_path / "results"
    results.mkdir()
    entry = {"id": "own", "path": str(own), "n_domains": 3}
    benchmark = configuration(datasets=[entry], methods=["pca"])
    layout = layout_of(benchmark, results)
    key = layout.data("own").stem
    assert len(key) == 10 and key == keys_of(benchmark, results).data("own")
    assert str(own) in (results / FILE_HASHES).read_text()
    own.unlink()
    with pytest.raises(InputError, match=r"own\.h5ad: no such file or folder"):
        keys_of(benchmark, results).data("own")
