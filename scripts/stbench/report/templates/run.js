// Content of the panel: the datasets of a method, the runs of a score, the details of a run.

const describe = (view) =>
  `${DATA.metric_labels[DATA.metrics[view.metric]]}, clustered by ${DATA.clusterers[view.clusterer]}`;

function about(method) {
  const { implementation, licence, citation } = DATA.methods[method];
  return make("p", {}, [implementation, licence && `license ${licence}`, citation].filter(Boolean).join("; ") + ".");
}

function plainTable(label, heads, rows) {
  const table = make(
    "table",
    {},
    make("thead", {}, make("tr", {}, ...heads.map(([text, numeric]) => make("th", { scope: "col", className: numeric ? "number" : "" }, text)))),
    make("tbody", {}, ...rows),
  );
  return make("div", { className: "scroll", role: "region", "aria-label": label, tabIndex: 0 }, table);
}

const PROTOCOL_HEADS = DATA.protocols.map((name) => [name, true]);

function openMethod(method, view) {
  const rows = view.items.map((item) => {
    const open = make("button", { type: "button", onclick: () => openRuns(item, method, view) }, DATA.items[item].label);
    const scores = DATA.protocols.map((_, protocol) => make("td", { className: "number" }, scoreText(item, method, view, protocol)));
    return make("tr", {}, make("th", { scope: "row" }, open), ...scores);
  });
  openPanel(
    DATA.methods[method].title,
    about(method),
    make("p", { className: "note" }, `${describe(view)}; click a dataset to see its runs.`),
    plainTable("Scores by dataset", [["dataset", false], ...PROTOCOL_HEADS], rows),
  );
}

function scoreText(item, method, view, protocol) {
  const score = overSeeds(item, method, view, protocol);
  if (!score.n) return words(whyNone(item, method, view, protocol).status);
  return [number(score.mean), spreadText(score)].filter(Boolean).join(" ");
}

function openRuns(item, method, view) {
  const { label, n_domains, exploratory } = DATA.items[item];
  const rows = SEEDS.map((seed) => runRow(item, method, seed, view));
  const heads = [["seed", true], ["fit", false], ...PROTOCOL_HEADS, ["seconds", true], ["MB", true], ["commit", false], ["log", false]];
  openPanel(
    `${DATA.methods[method].title} on ${label}`,
    about(method),
    ...BESIDE_RUNS.flatMap((parts) => parts(item, method)),
    make("p", { className: "note" }, `${describe(view)}; ${n_domains} domains${exploratory ? ", no true labels" : ""}.`),
    plainTable("Runs", heads, rows),
    ...reasons(item, method, view),
    ...SEEDS.map((seed) => runDetails(item, method, seed)),
  );
}

// A row for each fit, and for scores of all training seeds together.
function runRow(item, method, seed, view) {
  const together = DATA.seeds[seed] < 0;
  const fit = fitOf(item, method, seed);
  const scores = DATA.protocols.map((_, protocol) => {
    const value = valueAt(item, method, seed, view.clusterer, protocol, view.metric);
    const { status, reason } = whyAt(item, method, seed, view.clusterer, protocol, view.metric);
    const none = status === "not run" ? "" : words(status);
    return make("td", { className: "number", title: reason }, Number.isNaN(value) ? none : number(value, 4));
  });
  const status = fit === undefined ? "not run" : fact(fit, "status");
  const ended = make("td", { className: status === "ok" ? "" : "bad" }, words(status));
  return make(
    "tr",
    {},
    make("td", { className: "number" }, together ? "all" : String(DATA.seeds[seed])),
    together ? make("td") : ended,
    ...scores,
    make("td", { className: "number" }, fact(fit, "seconds")),
    make("td", { className: "number" }, fact(fit, "peak_rss_mb")),
    make("td", {}, fact(fit, "commit")),
    make("td", {}, ...logLink(fit)),
  );
}

function logLink(fit, text = "log") {
  const path = fact(fit, "log");
  return path ? [make("a", { href: path }, text)] : [];
}

// Reasons of missing scores and notes about scores, each once.
function reasons(item, method, view) {
  const texts = new Set();
  for (const seed of SEEDS) {
    const fit = fitOf(item, method, seed);
    if (fact(fit, "reason")) texts.add(`${words(fact(fit, "status"))}: ${fact(fit, "reason")}`);
    DATA.protocols.forEach((protocol, index) => {
      const { reason } = whyAt(item, method, seed, view.clusterer, index, view.metric);
      if (reason && reason !== fact(fit, "reason")) texts.add(`${protocol}: ${reason}`);
    });
  }
  return texts.size ? [make("ul", { className: "parts" }, ...[...texts].map((text) => make("li", {}, text)))] : [];
}

function runDetails(item, method, seed) {
  const fit = fitOf(item, method, seed);
  if (fit === undefined) return "";
  const details = make("details", {}, make("summary", {}, `Seed ${DATA.seeds[seed]}: details`));
  details.addEventListener("toggle", () => {
    if (details.childElementCount === 1) details.append(factList(fit), allScores(item, method, seed));
  });
  return details;
}

function factList(fit) {
  const list = make("dl");
  for (const [name, label] of Object.entries(DATA.fits.labels)) {
    const text = fact(fit, name);
    if (!text) continue;
    const readable = name === "parameters" || name === "versions" ? pairs(text) : text;
    const shown = name === "log" ? logLink(fit, decodeURIComponent(text))[0] : readable;
    list.append(make("dt", {}, label), make("dd", {}, shown));
  }
  return list;
}

function pairs(json) {
  const entries = Object.entries(JSON.parse(json));
  const written = entries.map(([name, value]) => `${name} ${typeof value === "string" ? value : JSON.stringify(value)}`);
  return written.join(", ") || "none";
}

function allScores(item, method, seed) {
  const rows = [];
  DATA.clusterers.forEach((clusterer, c) => {
    DATA.protocols.forEach((protocol, p) => {
      const values = DATA.metrics.map((_, k) => valueAt(item, method, seed, c, p, k));
      if (!known(values).length) return;
      const epoch = epochAt(item, method, seed, c, p);
      const scores = values.map((value) => make("td", { className: "number" }, number(value, 4)));
      rows.push(make("tr", {}, make("td", {}, clusterer), make("td", {}, protocol), make("td", { className: "number" }, epoch < 0 ? "" : String(epoch)), ...scores));
    });
  });
  if (!rows.length) return make("p", { className: "note" }, "No scores.");
  const heads = [["clusterer", false], ["protocol", false], ["epoch", true], ...DATA.metrics.map((name) => [DATA.metric_labels[name], true])];
  return plainTable("All scores of this run", heads, rows);
}
