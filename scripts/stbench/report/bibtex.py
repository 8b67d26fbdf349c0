"""BibTeX entries of the citations in the lists of methods and datasets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from markupsafe import Markup

from stbench.common.paths import CONFIG
from stbench.config.schema import load_yaml

_AUTHORS = r"(?P<authors>[A-Z][\w'-]+ et al\.|[A-Z][\w'-]+ and [A-Z][\w'-]+)(?: \([^)]*\))?"
_DOI_FIELD = r", doi (?P<doi>10\.\S*[^\s,;.])"
# "Nie et al., Advanced Science 2024, doi 10.1002/advs.202403572"
_ARTICLE = re.compile(
    rf"{_AUTHORS}, (?P<journal>[A-Z][^,;:\d]+?) (?P<year>\d{{4}})\b(?:{_DOI_FIELD})?"
)
# "Ward 1963, doi 10.1080/01621459.1963.10500845"
_OTHER = re.compile(rf"(?P<authors>[A-Z][\w'-]+) (?P<year>\d{{4}}){_DOI_FIELD}")
_DOI = re.compile(r"\b(10\.\d{4,9}/[\w./()-]*\w)")
_SITE = re.compile(r"\bgithub\.com/[\w.-]+/[\w.-]+")
_VERBATIM = ("doi", "howpublished")
_SPECIAL = re.compile(r"[\\{}%$&#_^~]")


def bibtex(citations: Iterable[str]) -> list[str]:
    """Entries of all works in the citations, each once, in order.

    The citations contain first authors, journals, years and DOIs; titles are in
    ``config/titles.yaml``. A citation without an article but with the address of a repository
    becomes an entry with that address; others, such as the description of a control, have no entry.
    """
    works: list[dict[str, str]] = []
    for citation in dict.fromkeys(citations):
        matches = [*_ARTICLE.finditer(citation)] or [*_OTHER.finditer(citation)]
        works += [{k: v for k, v in match.groupdict().items() if v} for match in matches]
        if not matches and (site := _SITE.search(citation)):
            title, address = citation.partition(",")[0], f"https://{site[0]}"
            works.append({"title": title, "howpublished": address, "note": citation})
    # Only some of the citations of a work contain its DOI.
    complete = [_without_doi(work) for work in works if "doi" in work]
    once = [w for i, w in enumerate(works) if w not in works[:i] and w not in complete]
    taken: set[str] = set()
    return [_entry(work, taken) for work in once]


def software_entry(citation: Mapping[str, Any]) -> str:
    """The entry of this benchmark, from its ``CITATION.cff``."""
    names = [
        ", ".join(filter(None, [author.get("family-names"), author.get("given-names")]))
        or f"{{{author.get('name', '')}}}"
        for author in citation.get("authors", [])
    ]
    fields = {
        "title": f"{{{_escaped(str(citation['title']))}}}",
        "author": " and ".join(names),
        "version": _escaped(str(citation.get("version", ""))),
        "year": str(citation.get("date-released", ""))[:4],
        "doi": str(citation.get("doi", "")),
        "url": str(citation.get("repository-code", "")),
    }
    return _joined("software", "stbench", fields)


def with_dois(citation: str | None) -> Markup:
    """The citation as markup, with DOIs as links."""
    link = Markup('<a href="https://doi.org/{0}" rel="noreferrer">{0}</a>')
    parts = _DOI.split(citation or "")
    return Markup("").join(link.format(part) if i % 2 else part for i, part in enumerate(parts))


def _key(name: str, taken: set[str]) -> str:
    """An unused key: name, nameb, namec ..."""
    endings = ["", *"bcdefghijklmnopqrstuvwxyz"]
    key = next(f"{name}{ending}" for ending in endings if f"{name}{ending}" not in taken)
    taken.add(key)
    return key


@cache
def _titles() -> dict[str, str]:
    return load_yaml(CONFIG / "titles.yaml")


def _title(work: Mapping[str, str]) -> str:
    author = work.get("authors", "").removesuffix(" et al.")
    place = " ".join(filter(None, [work.get("journal"), work.get("year")]))
    return _titles().get(f"{author}, {place}", "")


def _without_doi(work: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in work.items() if name != "doi"}


def _entry(work: Mapping[str, str], taken: set[str]) -> str:
    fields = {name: text if name in _VERBATIM else _escaped(text) for name, text in work.items()}
    first = re.sub(r"\W", "", (fields.get("authors") or fields["title"]).partition(" ")[0])
    if title := _title(work):
        fields["title"] = f"{{{_escaped(title)}}}"  # braces keep the capitals of names
    author = fields.pop("authors", "").replace(" et al.", " and others")
    kind = "article" if "journal" in fields else "misc"
    key = _key(first + fields.get("year", ""), taken)
    return _joined(kind, key, {"author": author, **fields})


def _joined(kind: str, key: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{value}}}" for name, value in fields.items() if value]
    return "@" + kind + "{" + key + ",\n" + ",\n".join(lines) + "\n}"


def _escaped(text: str) -> str:
    """Text with TeX's special characters escaped; braces and backslashes are removed."""
    return _SPECIAL.sub(lambda match: "" if match[0] in "\\{}^~" else f"\\{match[0]}", text)
