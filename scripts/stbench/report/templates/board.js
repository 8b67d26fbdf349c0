// The leaderboard and its filters.

const BOARD = byId("board");
const PROTOCOL_WORDS = {
  final: "final (last epoch)",
  oracle: "oracle (best epoch)",
  oracle_reclustered: "oracle, re-clustered",
  selected: "selected (epoch, by the data)",
  consensus: "consensus (all seeds)",
  untrained: "untrained",
};

// Columns with `more` are hidden until all columns are asked for.
const COLUMNS = [
  ["rank", { first: "ascending", sorted: "ascending" }],
  ["method", { numeric: false, stick: true }],
  ["mean rank", { first: "ascending" }],
  ["final", {}],
  ["oracle", { more: true }],
  ["selected", { more: true, title: "the epoch that the data select" }],
  ["consensus", { more: true, title: "of all training seeds" }],
  ["untrained", { more: true }],
  ["gap", { more: true, title: "oracle − final, both under the clusterer of the oracle" }],
  ["gain", { more: true, title: "final − untrained" }],
  ["lift", { title: "final − smoothed PCA" }],
  ["seconds", { first: "ascending", title: "of a fit that ended well, mean over datasets" }],
  ["MB", { first: "ascending", title: "largest resident memory of a fit that ended well" }],
  ["failed", { more: true, title: "fits without a result" }],
  ["scored", { more: true, title: "datasets with a score" }],
];
const SCORES = ["final", "oracle", "selected", "consensus", "untrained"];

function fill(select, names, titles = {}) {
  select.append(...names.map((name, index) => new Option(titles[name] ?? name, index)));
}
const metricLabel = (name) => DATA.metric_labels[name] + (DATA.lower.includes(name) ? " (lower is better)" : "");
fill(byId("metric"), DATA.metrics, Object.fromEntries(DATA.metrics.map((name) => [name, metricLabel(name)])));
fill(byId("protocol"), DATA.protocols, PROTOCOL_WORDS);
fill(byId("clusterer"), DATA.clusterers);
fill(byId("policy"), Object.keys(DATA.policies), DATA.policies);
// Kinds of tissues are ranked apart: at first, the first kind is chosen.
byId("items").append(
  ...DATA.items.map(({ label, exploratory, tissue }, index) =>
    make("label", {}, make("input", { type: "checkbox", value: String(index), checked: tissue === DATA.headline }), label + (exploratory ? ", no truth" : "")),
  ),
);
const BOXES = [...byId("items").querySelectorAll("input")];

BOARD.tHead.append(make("tr", {}, ...COLUMNS.map(([text, how]) => headCell(text, how))));
sortable(BOARD);

function chosenView() {
  return {
    metric: Number(byId("metric").value),
    protocol: Number(byId("protocol").value),
    clusterer: Number(byId("clusterer").value),
    policy: Object.keys(DATA.policies)[byId("policy").value],
    items: BOXES.filter((box) => box.checked).map((box) => Number(box.value)),
  };
}

// Whether the view is the ranking of the tables, to which the spans of ranks belong.
function isDefault(view) {
  const usual = DATA.items.flatMap(({ tissue }, index) => (tissue === DATA.headline ? [index] : []));
  const names = [DATA.metrics[view.metric], DATA.protocols[view.protocol], DATA.clusterers[view.clusterer]];
  return names.join() === `ARI,final,${DATA.rank_by}` && view.policy === "worst" && view.items.join() === usual.join();
}

function methodCell(method, view) {
  const { title } = DATA.methods[method];
  const open = make("button", { type: "button", "aria-haspopup": "dialog", onclick: () => openMethod(method, view) }, title);
  return make("th", { scope: "row", data: { value: title } }, open);
}

// The longest bar is the best: where lower is better, the highest score of the board has no bar.
function lengthOfBar(score, board) {
  if (Number.isNaN(score)) return 0;
  const length = board.lower ? 1 - score / (board.highest || 1) : score;
  return Math.min(Math.max(length, 0), 1);
}

function boardRow(row, board, view) {
  const scores = SCORES.map((protocol) => {
    const score = cell(number(row[protocol]), row[protocol]);
    if (PROTOCOL[protocol] === view.protocol) {
      score.classList.add("ranking");
      score.style.setProperty("--part", lengthOfBar(row[protocol], board));
    }
    return score;
  });
  const failed = row.bad ? `${row.bad}/${row.fits}` : "0";
  const span = isDefault(view) ? DATA.methods[row.method].span : [];
  const rank = number(row.rank, 0) + (span.length && row.rank ? ` (${span.join("–")})` : "");
  const cells = [
    cell(rank, row.rank),
    methodCell(row.method, view),
    cell(number(row.meanRank), row.meanRank),
    ...scores,
    ...["gap", "gain", "lift"].map((what) => cell(signed(row[what]), row[what])),
    cell(number(row.seconds, row.seconds < 10 ? 1 : 0), row.seconds),
    cell(number(row.memory, 0), row.memory),
    cell(failed, row.bad / row.fits, { title: row.statuses.map(words).join(", ") }),
    cell(`${row.scored}/${board.items.length}`, row.scored),
  ];
  cells.forEach((one, at) => one.classList.toggle("more", hides(at, view)));
  return make("tr", { className: Number.isNaN(row.meanRank) ? "unranked" : "" }, ...cells);
}

// The column of the protocol that ranks is never hidden.
const hides = (at, view) => Boolean(COLUMNS[at][1].more) && COLUMNS[at][0] !== DATA.protocols[view.protocol];

// A method that did not run has no place and no cost, but a reason.
function absentRow(row, view) {
  const fits = view.items.flatMap((item) => SEEDS.map((seed) => fitOf(item, row.method, seed)));
  const reasons = new Set(fits.filter((fit) => fit !== undefined).map((fit) => fact(fit, "reason")));
  const reason = make("td", { colSpan: COLUMNS.length - 2, className: "text" }, [...reasons].join("; "));
  return make("tr", { className: "unranked" }, make("td"), methodCell(row.method, view), reason);
}

// Methods, controls, and methods that did not run.
function bands(rows, columns, drawn, absent) {
  const parts = [
    ["", rows.filter((row) => row.ran && !isControl(row)).map(drawn)],
    ["Controls", rows.filter((row) => row.ran && isControl(row)).map(drawn)],
    ["Not run", rows.filter((row) => !row.ran).map(absent)],
  ];
  return parts.filter(([, found]) => found.length).map(([name, found]) => band(name, columns, found));
}

// Describes the scores shown, and the methods and datasets that are left out.
function viewNote(board, view) {
  const titles = (methods) => [...methods].map((method) => DATA.methods[method].title).join(", ");
  const metric = DATA.metrics[view.metric];
  const sentences = [
    `${metric} of the ${DATA.protocols[view.protocol]} protocol under ${DATA.clusterers[view.clusterer]}, ` +
      `${board.items.length} of ${counted(DATA.items.length, "dataset")} included.`,
  ];
  if (DATA.smoothness.includes(metric)) sentences.push(DATA.smoothness_note);
  if (!board.scored) sentences.push("No selected dataset has this score.");
  else if (!board.items.length) {
    const lacking = board.lacking.length ? ` (no score at all: ${titles(board.lacking)})` : "";
    sentences.push(`No dataset has scores of all methods${lacking}.`);
  }
  if (board.oracle.clusterer !== view.clusterer && byId("columns").checked) {
    sentences.push(`Oracle and gap are under ${DATA.clusterers[board.oracle.clusterer]}, which chooses the epoch.`);
  }
  if (board.left.size) sentences.push(`Not ranked, because they have no such score: ${titles(board.left)}.`);
  return sentences.join(" ");
}

function showBoard() {
  const view = chosenView();
  const board = leaderboard(view);
  const drawn = (row) => boardRow(row, board, view);
  [...BOARD.tHead.rows[0].cells].forEach((head, at) => head.classList.toggle("more", hides(at, view)));
  for (const body of [...BOARD.tBodies]) body.remove();
  BOARD.append(...bands(board.rows, COLUMNS.length, drawn, (row) => absentRow(row, view)));
  sortAgain(BOARD);
  byId("view-note").textContent = viewNote(board, view);
  byId("chosen").textContent = `${view.items.length} of ${DATA.items.length}`;
  showEntries(view, board);
  showChart(board, view);
}
