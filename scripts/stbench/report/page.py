"""The page: one HTML file that contains everything and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from stbench.config.drawing import drawing_of
from stbench.config.layout import Layout
from stbench.config.tasks import DECONVOLUTION, DOMAINS, MAPS, MARKERS, TASKS, is_pair
from stbench.config.tissues import TISSUE_WORDS
from stbench.ranking.certainty import as_sentence, order_sentence
from stbench.ranking.selection import anything_ranked
from stbench.ranking.standings import all_standings, span_of
from stbench.report.bibtex import bibtex, software_entry, with_dois
from stbench.report.images import BUDGET, Album, Picture, find_pictures
from stbench.report.interactions import InteractionPage, interaction_pages
from stbench.report.label_free import overview_of_maps
from stbench.report.maps.section import MapSection, map_section
from stbench.report.markers import marker_study
from stbench.report.overview import dataset_facts, missing_results, run_facts
from stbench.report.questions import by_question, front_picture, menu
from stbench.report.runs import fit_records, packed_fits
from stbench.report.scores import packed_scores
from stbench.report.studies import Study, find_studies
from stbench.results.assembly import method_titles
from stbench.results.budget import budget_word
from stbench.results.formatting import count
from stbench.results.marks import marks_note
from stbench.summary.answer import Standings, run_answers
from stbench.summary.deconvolution import deconvolution_answers
from stbench.summary.domains import dataset_sentences
from stbench.summary.interactions import sentences_of_tables
from stbench.summary.ranking import verdicts
from stbench.summary.run import Run
from stbench.summary.studies import study_sentences

TEMPLATES = Path(__file__).parent / "templates"
STYLES = ("base.css", "parts.css", "dialog.css", "maps.css", "print.css")
# The parts of the script, in this order; pages with a leaderboard have more.
SCRIPTS = ("dom.js", "table.js", "download.js", "panel.js", "pictures.js", "page.js")
SCRIPTS_OF_BOARD = (
    *("data.js", "ranking.js", "dom.js", "table.js", "download.js", "panel.js", "pictures.js"),
    *("run.js", "board.js", "entries.js", "chart.js", "filters.js", "page.js"),
)
SCRIPTS_OF_MAPS = ("cells.js", "map_view.js", "maps.js")
QUESTIONS = {
    DOMAINS: "Which method finds the tissue’s domains?",
    DECONVOLUTION: "Which method finds the cell types of spots?",
}
QUESTION_WITHOUT_TRUTH = "Which domains does the tissue have?"


@dataclass(frozen=True)
class Sources:
    """Inputs of the report.

    Attributes:
        layout: of the results.
        datasets: description of each dataset by id, of ``stbench.config.benchmark.Benchmark``.
        methods: entries of the methods by task and id.
        config: the configuration of the run.
        citation: ``CITATION.cff``.
    """

    layout: Layout
    datasets: Mapping[str, Mapping[str, Any]]
    methods: Mapping[str, Mapping[str, Mapping[str, Any]]]
    config: Mapping[str, Any]
    citation: Mapping[str, Any]


def report_page(run: Run | None, sources: Sources) -> str:
    """The page as HTML.

    Args:
        run: results and tables of domains, of ``stbench.summary.run.read_run``; None if no dataset
            belongs to this task.
        sources: all other inputs.

    Raises:
        InputError: a file of the results is not readable.
    """
    layout, config = sources.layout, sources.config
    pairs = [name for name, entry in sources.datasets.items() if is_pair(entry)]
    ranked = [str(name) for name in dict.fromkeys(run.results["dataset"])] if run else []
    ids = [*ranked, *(name for name in pairs if name not in ranked)]
    datasets = dataset_facts(ids, sources.datasets, layout)
    methods = _methods(run, sources, pairs)
    standings = all_standings(run.results, run.rank_by) if run else {}
    pictures = find_pictures(layout.figures, ids)
    interactions = (
        interaction_pages(layout, ranked, run.titles) if run and config.get("interactions") else []
    )
    about = _of_domains(run, sources, standings) if run else _without_domains(sources, pairs)
    front = front_picture(pictures, about["board"])
    details = [picture for picture in pictures if picture is not front]
    studies = find_studies([layout.tables], details)
    inside = {picture.path for study in studies for picture in study.pictures}
    others = [picture for picture in details if picture.path not in inside]
    applies = TASKS[MARKERS].applies
    entries = [(name, sources.datasets[name]) for name in ranked if name in sources.datasets]
    with_markers = [name for name, entry in entries if applies(entry, config)]
    markers = marker_study(layout, with_markers)
    expected = len(pictures) + sum(len(page.pictures) for page in interactions)
    expected += len(markers[0].pictures) if markers else 0
    shown = [dataset["id"] for dataset in datasets if dataset["id"] in ranked]
    drawings = {name: drawing_of(sources.datasets.get(name, {})) for name in shown}
    with_maps = [name for name, entry in entries if TASKS[MAPS].applies(entry, config)]
    maps = MapSection()
    if run:
        maps = map_section(run, layout, drawings, with_markers=with_markers, with_maps=with_maps)
    # Pictures and maps share the page; text in base64 is a third larger than its bytes.
    album = Album(layout.report, expected, BUDGET - maps.size * 3 // 4)
    texts = [str(entry["citation"]) for entry in [*methods, *datasets]]
    unavailable = {item.what for item in dict(about["missing"]).get("Datasets", [])}
    context = {  # pictures are embedded in this order, as far as the budget of bytes allows
        **about,
        "name": layout.name,
        "question": _question(run, about),
        "datasets": datasets,
        "methods": methods,
        "config": json.dumps(config, indent=2, sort_keys=True, default=str),
        "front": album.embed(front) if front else None,
        "overview_table": None if about["board"] else overview_of_maps(layout.tables, run),
        "by_question": by_question(others, standings, album),
        "galleries": _galleries(run, others, album, datasets, unavailable) if run else [],
        "maps": maps,
        "map_data": _json(maps.tissues),
        "studies": [
            *[_study(run, study, layout.tables, album) for study in studies],
            *([_study_context(*markers, album)] if markers else []),
        ],
        "interactions": [_interactions(page, album) for page in interactions],
        "entries": [software_entry(sources.citation), *bibtex(texts)],
        "software": sources.citation,
    }
    return _render({**context, "menu": menu(context)})


def _question(run: Run | None, about: Mapping[str, Any]) -> str:
    if run and not about["board"]:
        return QUESTION_WITHOUT_TRUTH
    return QUESTIONS[DOMAINS if run else DECONVOLUTION]


def _methods(run: Run | None, sources: Sources, pairs: list[str]) -> list[dict[str, Any]]:
    """Title, license and citation of every method of the run."""
    methods: list[dict[str, Any]] = []
    if run:
        methods = [
            {"licence": "", "citation": "", **sources.methods[DOMAINS].get(method, {})}
            | {"title": title}
            for method, title in method_titles(run.results).items()
        ]
    if pairs:
        listed = sources.methods[DECONVOLUTION]
        chosen = [listed[name] for name in sources.config["methods"] if name in listed]
        present = {(method["title"], method["citation"]) for method in methods}
        methods += [dict(m) for m in chosen if (m["title"], m["citation"]) not in present]
    return methods


def _of_domains(run: Run, sources: Sources, standings: Standings) -> dict[str, Any]:
    """The parts of the page about domains: answer, facts, missing results, statistics, scores.

    Without statistics and scores if no dataset can be ranked.
    """
    fits = fit_records(run.results, sources.layout)
    about = {
        "answers": run_answers(run, standings, sources.layout.tables),
        "facts": run_facts(run, fits, budget_word(sources.config)),
        "missing": missing_results(run.own, run.titles),
        "board": anything_ranked(run.results, run.rank_by),
        "data": _json({}),
    }
    if not about["board"]:
        return about
    data = {**packed_scores(run.results, run.rank_by), "fits": packed_fits(fits)}
    listed = sources.methods[DOMAINS]
    controls = {method["id"] for method in data["methods"] if method["control"]}
    places = next(iter(standings.values()))["worst"].table.set_index("method")
    for method in data["methods"]:
        entry = listed.get(method["id"], {})
        method |= {key: str(entry.get(key, "")) for key in ("citation", "licence")}
        method["span"] = span_of(places.loc[method["id"]]) if method["id"] in places.index else []
    return {
        **about,
        "statistics": [
            {
                "tissues": as_sentence(TISSUE_WORDS[tissue]),
                "verdicts": verdicts(
                    [one.ranking for one in by_policy.values()], run.titles, controls
                ),
                "order": order_sentence(order) if (order := by_policy["worst"].order) else "",
            }
            for tissue, by_policy in standings.items()
        ],
        "rank_by": run.rank_by,
        "budget_note": marks_note(run.results),
        "data": _json(data),
    }


def _without_domains(sources: Sources, pairs: list[str]) -> dict[str, Any]:
    """The same parts for a run of deconvolution alone, which has no leaderboard."""
    config, listed = sources.config, sources.methods[DECONVOLUTION]
    methods = [listed[name] for name in config["methods"] if name in listed]
    controls = sum(bool(method.get("control")) for method in methods)
    facts = [
        ("Pairs", str(len(pairs))),
        ("Methods", f"{count(len(methods) - controls, 'method')}, {count(controls, 'control')}"),
        ("Seeds", ", ".join(map(str, config["seeds"]))),
        ("Budget", budget_word(config)),
    ]
    answers = deconvolution_answers(sources.layout.tables, listed)
    nothing = {"missing": [], "board": False, "data": _json({})}
    return {"answers": answers, "facts": facts, **nothing}


def _galleries(
    run: Run,
    pictures: list[Picture],
    album: Album,
    datasets: list[dict[str, Any]],
    missing: set[str],
) -> list[dict[str, Any]]:
    """For each dataset, its pictures and the sentences about each method.

    Args:
        missing: ids of datasets without results.
    """
    galleries = []
    for dataset in datasets:
        own = [picture for picture in pictures if picture.dataset == dataset["id"]]
        sentences = [] if dataset["id"] in missing else list(_sentences(run, dataset["id"]))
        if own or sentences:
            shown = [album.embed(picture) for picture in own]
            galleries.append({"dataset": dataset, "pictures": shown, "sentences": sentences})
    return galleries


def _sentences(run: Run, dataset: str) -> list[str]:
    return [text.replace("+-", "±") for text in dataset_sentences(run, dataset)]


def _study(run: Run | None, study: Study, tables: Path, album: Album) -> dict[str, Any]:
    """A study, its conclusions as sentences, and its embedded pictures."""
    if run is None:
        return _study_context(study, [], album)
    sentences = study_sentences(tables, run.titles, run.rank_by).get(study.name, [])
    if study.name == "interactions":
        sentences = list(sentences_of_tables(tables, run.titles))
    return _study_context(study, sentences, album)


def _study_context(study: Study, sentences: list[str], album: Album) -> dict[str, Any]:
    pictures = [album.embed(picture) for picture in study.pictures]
    return {"study": study, "sentences": sentences, "pictures": pictures}


def _interactions(page: InteractionPage, album: Album) -> dict[str, Any]:
    return {"page": page, "pictures": [album.embed(picture) for picture in page.pictures]}


def _json(value: Any) -> Markup:
    """JSON that can be put into HTML: it contains no tags or entities."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704


def _render(context: Mapping[str, Any]) -> str:
    """Fill the template; the policy allows only its own style and script."""
    style = _joined(STYLES)
    names = SCRIPTS_OF_BOARD if context["board"] else SCRIPTS
    parts = _joined(names)
    if context["maps"].tissues:
        parts += f"\n{{\n{_joined(SCRIPTS_OF_MAPS)}\n}}"  # a block: their names are their own
    script = f'"use strict";\n(() => {{\n{parts}\n}})();'
    policy = "; ".join(
        [
            "default-src 'none'",
            "img-src data:",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["with_dois"] = with_dois
    return environment.get_template("page.html.jinja").render(
        **context,
        policy=policy,
        style=Markup(style),  # noqa: S704
        script=Markup(script),  # noqa: S704
    )


def _joined(names: Sequence[str]) -> str:
    """The texts of templates, one after the other."""
    return "\n".join((TEMPLATES / name).read_text(encoding="utf-8") for name in names)


def _digest(text: str) -> str:
    """Hash of an inline text, as in a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
