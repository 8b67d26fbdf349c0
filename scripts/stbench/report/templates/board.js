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

const COLUMNS = [
  ["rank", "rank", { first: "ascending", sorted: "ascending" }],
  ["method", "method", { numeric: false, stick: true }],
  ["mean rank", "meanRank", { first: "ascending" }],
  ["final", "final"],
  ["oracle", "oracle"],
  ["selected", "selected", { title: "the epoch that the data select" }],
  ["consensus", "consensus", { title: "of all training seeds" }],
  ["untrained", "untrained"],
  ["gap", "gap", { title: "oracle − final, both under the clusterer of the oracle" }],
  ["gain", "gain", { title: "final − untrained" }],
  ["lift", "lift", { title: "final − smoothed PCA" }],
  ["seconds", "seconds", { first: "ascending", title: "median over fits" }],
  ["MB", "memory", { first: "ascending", title: "largest resident memory" }],
  ["failed", "bad", { title: "fits without a result" }],
  ["scored", "scored", { title: "datasets with a score" }],
];

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

BOARD.tHead.append(make("tr", {}, ...COLUMNS.map(([text, , how]) => headCell(text, how))));
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

function methodCell(method, view) {
  const { title, control } = DATA.methods[method];
  const open = make("button", { type: "button", "aria-haspopup": "dialog", onclick: () => openMethod(method, view) }, title);
  const name = make("th", { scope: "row", data: { value: title } }, open);
  if (control) name.append(" ", make("span", { className: "control" }, "control"));
  return name;
}

// The longest bar is the best: where lower is better, the highest score of the board has no bar.
function lengthOfBar(score, board) {
  if (Number.isNaN(score)) return 0;
  const length = board.lower ? 1 - score / (board.highest || 1) : score;
  return Math.min(Math.max(length, 0), 1);
}

function boardRow(row, board, view) {
  const scores = ["final", "oracle", "selected", "consensus", "untrained"].map((protocol) => {
    const score = cell(number(row[protocol]), row[protocol]);
    if (PROTOCOL[protocol] === view.protocol) {
      score.classList.add("ranking");
      score.style.setProperty("--part", lengthOfBar(row[protocol], board));
    }
    return score;
  });
  const failed = row.bad ? `${row.bad}/${row.fits}` : "0";
  return make(
    "tr",
    { className: Number.isNaN(row.meanRank) ? "unranked" : "" },
    cell(number(row.rank, 0), row.rank),
    methodCell(row.method, view),
    cell(number(row.meanRank), row.meanRank),
    ...scores,
    ...["gap", "gain", "lift"].map((what) => cell(signed(row[what]), row[what])),
    cell(number(row.seconds, row.seconds < 10 ? 1 : 0), row.seconds),
    cell(number(row.memory, 0), row.memory),
    cell(failed, row.bad / row.fits, { title: row.statuses.map(words).join(", ") }),
    cell(`${row.scored}/${board.items.length}`, row.scored),
  );
}

// Describes the scores shown, and the methods and datasets that are left out.
function viewNote(board, view) {
  const titles = (methods) => [...methods].map((method) => DATA.methods[method].title).join(", ");
  const metric = DATA.metrics[view.metric];
  const sentences = [
    `${metric} of the ${DATA.protocols[view.protocol]} protocol under ${DATA.clusterers[view.clusterer]}, ` +
      `${board.items.length} of ${DATA.items.length} datasets included.`,
  ];
  if (DATA.smoothness.includes(metric)) sentences.push(DATA.smoothness_note);
  if (!board.scored) sentences.push("No selected dataset has this score.");
  else if (!board.items.length) {
    const lacking = board.lacking.length ? ` (no score at all: ${titles(board.lacking)})` : "";
    sentences.push(`No dataset has scores of all methods${lacking}.`);
  }
  if (board.oracle.clusterer !== view.clusterer) {
    sentences.push(`Oracle and gap are under ${DATA.clusterers[board.oracle.clusterer]}, which chooses the epoch.`);
  }
  if (board.left.size) sentences.push(`Not ranked, because they have no such score: ${titles(board.left)}.`);
  return sentences.join(" ");
}

function showBoard() {
  const view = chosenView();
  const board = leaderboard(view);
  BOARD.tBodies[0].replaceChildren(...board.rows.map((row) => boardRow(row, board, view)));
  sortAgain(BOARD);
  byId("view-note").textContent = viewNote(board, view);
  byId("chosen").textContent = `${view.items.length} of ${DATA.items.length}`;
  showEntries(view, board.lower);
}
