"""Over-representation of genes in sets of a GMT file: values by hand, and broken files."""

from __future__ import annotations

from math import comb
from pathlib import Path

import pandas as pd
import pytest

from stbench.common.errors import InputError, NotApplicableError
from stbench.common.paths import PROJECT
from stbench.interactions.enrichment import enrichment, over_representation, read_gmt

RANKED = list("ABCDEFGHIJ")
SHIPPED = PROJECT / "resources/gene_sets"


def gmt(folder: Path, content: str | bytes) -> Path:
    path = folder / "sets.gmt"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_gmt_file_is_read(tmp_path: Path) -> None:
    path = gmt(tmp_path, "one\thttp://x\tA\tB\tA\t\r\n\ntwo words\t\tC\n")
    assert read_gmt(path) == {"one": ["A", "B"], "two words": ["C"]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "no gene sets"),
        (" \n\n", "no gene sets"),
        (b"\x1f\x8b\x08\x00\xff", "not a text file"),
        (b"one\t\tA\x00\n", "not a text file"),
        ("one A B\n", "line 1: no gene set; a line is: name, description, genes"),
        ("one\t\tA\ntwo\tB\n", "line 2: no gene set"),
        ("\t\tA\n", "line 1: no gene set"),
        ("one\t\tA\ntwo\t\tB\none\t\tC\n", "line 3: the set 'one' occurs twice"),
    ],
)
def test_broken_files_are_told_in_one_line(
    tmp_path: Path, content: str | bytes, message: str
) -> None:
    path = gmt(tmp_path, content)
    with pytest.raises(InputError) as told:
        read_gmt(path)
    assert message in str(told.value)
    assert str(told.value).startswith(f"{path}: ")
    assert "\n" not in str(told.value)


def test_missing_files_and_folders_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file"):
        read_gmt(tmp_path / "nowhere.gmt")
    with pytest.raises(InputError, match="directory"):
        read_gmt(tmp_path)


def test_values_by_hand() -> None:
    """Ten genes, four of them on top, so C(10, 4) ways to be the top."""
    sets = {"some": list("BIJ"), "top": list("ABC"), "all": RANKED, "absent": ["X"]}
    table = over_representation(RANKED, sets, top=4).set_index("gene_set")
    assert list(table.index) == ["top", "some", "all"]
    assert table["on_panel"].tolist() == [3, 3, 10]
    assert table["found"].tolist() == [3, 1, 4]
    assert table["expected"].tolist() == pytest.approx([1.2, 1.2, 4])
    p_top = comb(7, 1) / comb(10, 4)  # 1/30
    p_some = 1 - comb(7, 4) / comb(10, 4)  # 5/6
    assert table["p"].tolist() == pytest.approx([p_top, p_some, 1])
    assert table["q"].tolist() == pytest.approx([3 * p_top, 1, 1])
    assert table["genes"].tolist() == ["A B C", "B", "A B C D"]


def test_another_case_is_let_pass() -> None:
    table = over_representation(RANKED, {"low": ["a", "b", "c"]}, top=4)
    assert table["found"].tolist() == [3]
    assert table["genes"].tolist() == ["A B C"]


def test_what_cannot_be_tested_says_why() -> None:
    with pytest.raises(NotApplicableError, match="10 genes are too few to compare the first 6"):
        over_representation(RANKED, {"top": ["A"]}, top=6)
    with pytest.raises(NotApplicableError, match=r"none of the 1 gene sets .* \(A, B, C, \.\.\.\)"):
        over_representation(RANKED, {"other": ["X"]}, top=4)


def test_every_set_of_edges_is_tested_by_its_own_ranking() -> None:
    symbols = {f"ENSG{i}": name for i, name in enumerate(RANKED)}
    ids = list(symbols)
    genes = pd.DataFrame({"edge_set": ["all"] * 10 + ["a - b"] * 10, "gene": ids + ids[::-1]})
    table = enrichment(genes, {"first": list("ABC"), "last": list("HIJ")}, symbols, top=4)
    assert list(table)[:2] == ["edge_set", "gene_set"]
    best = table[table["found"] == 3]
    assert best["edge_set"].tolist() == ["all", "a - b"]
    assert best["gene_set"].tolist() == ["first", "last"]
    assert best["genes"].tolist() == ["A B C", "J I H"]


def test_the_gene_sets_of_the_project_are_as_large_as_their_table_says() -> None:
    sets = read_gmt(SHIPPED / "signaling.gmt")
    rows = [line.split("|") for line in (SHIPPED / "README.md").read_text().splitlines()]
    listed = {row[1].strip().strip("`"): row[2].strip() for row in rows if len(row) == 5}
    assert {name: str(len(genes)) for name, genes in sets.items()} == {
        name: number for name, number in listed.items() if number.isdigit()
    }
    assert len(sets["receptor_tyrosine_kinases"]) == 58
