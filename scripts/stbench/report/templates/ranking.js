// Means, ranks and differences of the selected scores; the same rules as in ranking/*.py.

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const known = (values) => values.filter((value) => !Number.isNaN(value));

// Mean, sd (n - 1) and n over seeds of one metric, and the requested seeds; mean is NaN without values.
function overSeeds(item, method, view, protocol = view.protocol) {
  const values = known(
    SEEDS.map((seed) => valueAt(item, method, seed, view.clusterer, protocol, view.metric)),
  );
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  const sd = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : NaN;
  const fitted = SEEDS.filter((seed) => fitOf(item, method, seed) !== undefined);
  const requested = protocol === PROTOCOL.consensus // one score for all seeds
    ? Math.min(1, fitted.length)
    : fitted.length;
  const spreads = known(
    SEEDS.map((seed) => spreadAt(item, method, seed, view.clusterer, protocol, view.metric)),
  );
  const starts = Math.sqrt(mean(spreads.map((spread) => spread ** 2)));
  return { mean: middle, sd, starts, n: values.length, requested };
}

// "± 0.03": the sd over seeds; where it rounds to 0 or there is one seed, that over the starts of
// k-means in brackets (sd_of_starts in results/formatting.py).
function spreadText({ sd, starts }) {
  const hidden = Number.isNaN(sd) || sd < 0.005;
  if (hidden && starts >= 0.005) return `(± ${number(starts)})`;
  return Number.isNaN(sd) ? "" : `± ${number(sd)}`;
}

// The view of oracle scores: the chosen clusterer if it has any, else k-means with one start.
function oracleView(view) {
  const has = (chosen) =>
    chosen.items.some((item) => DATA.methods.some((_, m) => overSeeds(item, m, chosen, PROTOCOL.oracle).n > 0));
  const clusterer = indexOf("clusterers", DATA.oracle_clusterer);
  return PROTOCOL.oracle === undefined || clusterer < 0 || has(view) ? view : { ...view, clusterer };
}

// Mean over seeds of one protocol minus another, seed by seed.
function difference(item, method, view, protocol, other) {
  if (protocol === undefined || other === undefined) return NaN;
  const at = (seed, which) => valueAt(item, method, seed, view.clusterer, which, view.metric);
  return mean(known(SEEDS.map((seed) => at(seed, protocol) - at(seed, other))));
}

// Ranks of scores, 1 = best; ties share their mean rank, NaN stays NaN.
function ranks(scores, lowerIsBetter) {
  const sign = lowerIsBetter ? -1 : 1;
  return scores.map((score) => {
    if (Number.isNaN(score)) return NaN;
    const better = scores.filter((other) => sign * (other - score) > 0).length;
    const ties = scores.filter((other) => other === score).length;
    return better + (ties + 1) / 2;
  });
}

// The mean over units (studies) of the mean over the items of each.
function overUnits(values, items) {
  const units = new Map();
  items.forEach((item, at) => {
    const unit = DATA.items[item].unit;
    units.set(unit, [...(units.get(unit) ?? []), values[at]]);
  });
  return mean([...units.values()].map(mean));
}

// A method all of whose fits are not applicable did not run, such as one without its environment.
function neverRan(method, view) {
  const fits = view.items.flatMap((item) => SEEDS.map((seed) => fitOf(item, method, seed)));
  const ours = fits.filter((fit) => fit !== undefined);
  return ours.length > 0 && ours.every((fit) => fact(fit, "status") === "not_applicable");
}

const isControl = ({ method }) => DATA.methods[method].control;

// Whether a method has no score in this view, but has a final score under the ranking clusterer: it
// did not fail, but does not have this protocol or clusterer, and is not ranked.
function isNotDefined(method, view) {
  const usual = { ...view, clusterer: indexOf("clusterers", DATA.rank_by) };
  const any = (chosen, protocol) =>
    view.items.some((item) => overSeeds(item, method, chosen, protocol).n > 0);
  return !any(view, view.protocol) && any(usual, PROTOCOL.final);
}

// Means of methods on an item, where a failed seed counts as the worst score of the item, and never
// as more than 0 (ranking/seed_failures.py). For "common", a method that lacks a seed has no score.
function withFailures(entries, view, lowerIsBetter) {
  const means = known(entries.map((entry) => entry.mean));
  const worst = lowerIsBetter ? Math.max(...means) : Math.min(...means, 0);
  return entries.map(({ mean: middle, n, requested }) => {
    if (Number.isNaN(middle) || n === requested) return middle;
    return view.policy === "common" ? NaN : (middle * n + worst * (requested - n)) / requested;
  });
}

// The leaderboard of a view {metric, protocol, clusterer, policy, items}: indices, except policy.
function leaderboard(view) {
  const all = DATA.methods.map((_, index) => index);
  const left = new Set(all.filter((method) => neverRan(method, view) || isNotDefined(method, view)));
  const beside = all.filter((method) => !DATA.methods[method].ranked);
  const ranked = all.filter((method) => !left.has(method) && !beside.includes(method));
  const lower = DATA.lower.includes(DATA.metrics[view.metric]);
  const scored = view.items
    .map((item) => ({ item, scores: withFailures(ranked.map((m) => overSeeds(item, m, view)), view, lower) }))
    .filter(({ scores }) => known(scores).length > 0);
  const counted = scored.filter(
    ({ scores }) => view.policy !== "common" || known(scores).length === scores.length,
  );
  const byItem = counted.map(({ scores }) =>
    ranks(scores, lower).map((rank) => (Number.isNaN(rank) ? ranked.length : rank)),
  );
  const items = counted.map(({ item }) => item);
  const oracle = oracleView(view);
  const rows = all.map((method) => {
    const at = ranked.indexOf(method);
    const ranksOf = byItem.map((r) => r[at]);
    return { ...facts(method, items, view, oracle), meanRank: at < 0 ? NaN : overUnits(ranksOf, items) };
  });
  for (const row of rows) {
    const better = rows.filter((other) => !isControl(other) && other.meanRank < row.meanRank - 1e-9).length;
    row.rank = Number.isNaN(row.meanRank) || isControl(row) ? NaN : better + 1; // among methods alone
    row.ran = !neverRan(row.method, view);
  }
  const order = ({ meanRank }) => (Number.isNaN(meanRank) ? 1e9 : Number(meanRank.toFixed(9)));
  const score = (row) => (Number.isNaN(row.final) ? -1e9 : lower ? -row.final : row.final);
  rows.sort((one, other) => order(one) - order(other) || score(other) - score(one) || one.method - other.method);
  const lacking = ranked.filter((method, at) => scored.every(({ scores }) => Number.isNaN(scores[at])));
  const shown = rows.flatMap((row) => known([row.final, row.oracle, row.untrained]));
  const highest = Math.max(...shown);
  return { rows, items, left, lacking, lower, oracle, highest, scored: scored.length };
}

// The columns of a method on the board, over the included items.
function facts(method, items, view, oracle) {
  const over = (measure) => {
    const values = items.map(measure);
    return overUnits(known(values), items.filter((_, at) => !Number.isNaN(values[at])));
  };
  const score = (protocol, chosen = view) =>
    protocol === undefined ? NaN : over((item) => overSeeds(item, method, chosen, protocol).mean);
  const baseline = (item) => overSeeds(item, BASELINE, view, PROTOCOL.final).mean;
  const fits = view.items.flatMap((item) => SEEDS.map((seed) => fitOf(item, method, seed)));
  const existing = [...new Set(fits)].filter((fit) => fit !== undefined);
  const ended = (fits) => fits.filter((fit) => fit !== undefined && fact(fit, "status") === "ok");
  const numbers = (fits, name) => known(ended(fits).map((fit) => parseFloat(fact(fit, name))));
  const bad = existing.filter((fit) => fact(fit, "status") !== "ok");
  return {
    method,
    final: score(PROTOCOL.final),
    oracle: score(PROTOCOL.oracle, oracle),
    selected: score(PROTOCOL.selected, oracle),
    consensus: score(PROTOCOL.consensus, oracle),
    untrained: score(PROTOCOL.untrained),
    gap: over((item) => difference(item, method, oracle, PROTOCOL.oracle, PROTOCOL.final)),
    gain: over((item) => difference(item, method, view, PROTOCOL.final, PROTOCOL.untrained)),
    lift:
      BASELINE < 0 || method === BASELINE
        ? NaN
        : over((item) => overSeeds(item, method, view, PROTOCOL.final).mean - baseline(item)),
    seconds: mean(known(view.items.map((item) => mean(numbers(SEEDS.map((seed) => fitOf(item, method, seed)), "seconds"))))),
    memory: Math.max(...numbers(existing, "peak_rss_mb"), -Infinity),
    bad: bad.length,
    fits: existing.length,
    statuses: [...new Set(bad.map((fit) => fact(fit, "status")))],
    scored: items.filter((item) => overSeeds(item, method, view).n > 0).length,
  };
}
