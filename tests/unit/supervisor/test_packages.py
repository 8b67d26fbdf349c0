"""Installed packages are those that importlib.metadata tells, read faster."""

import importlib.metadata

from stbench.supervisor.packages import installed, versions_of


def test_names_and_versions_are_those_of_importlib():
    told = [(p.metadata["Name"], p.version) for p in importlib.metadata.distributions()]
    assert [(package.name, package.version) for package in installed()] == told


def test_a_module_names_its_package_by_the_packages_own_name():
    expected = {"PyYAML": importlib.metadata.version("PyYAML")}
    assert expected.items() <= versions_of(["yaml", "yaml.reader", "json"]).items()
    assert versions_of(["json", "no_such_module"]) == {}


def test_the_first_on_the_path_counts(tmp_path, monkeypatch):
    for folder, version in (("first", "2.0"), ("second", "1.0")):
        info = tmp_path / folder / f"twice-{version}.dist-info"
        info.mkdir(parents=True)
        head = f"Metadata-Version: 2.1\nName: twice\nVersion: {version}\n\nVersion: 9 of a text\n"
        (info / "METADATA").write_text(head)
        (info / "RECORD").write_text('twice_module/__init__.py,,\n"twice_module/a,b.py",,\n')
    monkeypatch.syspath_prepend(str(tmp_path / "second"))
    monkeypatch.syspath_prepend(str(tmp_path / "first"))
    assert versions_of(["twice_module"]) == {"twice": "2.0"}


def test_a_folder_without_metadata_is_passed_over(tmp_path, monkeypatch):
    (tmp_path / "gone-1.0.dist-info").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "gone" not in {package.name for package in installed()}
