// On a narrow screen, the scores of the board as a chart that is drawn for its width: a bar for the
// mean of each method, a dot for each dataset. The overview picture is made for wide screens.

const CHART = byId("chart");
const STEP = 36; // pixels of a row: the name, and the bar below it

function drawn(tag, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function showChart(board, view) {
  const width = CHART.clientWidth; // 0 on a wide screen
  Object.assign(CHART, { drawnFor: width, drawnOf: [board, view] });
  if (!width) return;
  const there = board.rows.filter(({ ran }) => ran);
  const controls = byId("controls").checked ? there.filter(isControl) : [];
  const rows = [...there.filter((row) => !isControl(row)), ...controls];
  const values = rows.map(({ method }) => board.items.map((item) => overSeeds(item, method, view).mean));
  const scores = values.map(known);
  const overall = (of) => overUnits(known(of), board.items.filter((_, at) => !Number.isNaN(of[at])));
  const all = scores.flat();
  if (!all.length) return CHART.replaceChildren();
  const [least, most] = [Math.min(0, ...all), Math.max(...all, Number.EPSILON)];
  const x = (value) => 5 + ((value - least) / (most - least)) * (width - 10);
  const parts = rows.flatMap((row, at) => {
    const [top, middle] = [at * STEP + 14, overall(values[at])];
    const { title } = DATA.methods[row.method];
    const kind = isControl(row) ? "of-control" : "of-method";
    if (!scores[at].length) return [drawn("text", { x: 5, y: top }, `${title}: no score`)];
    return [
      drawn("text", { x: 5, y: top }, title),
      drawn("text", { x: width - 5, y: top, "text-anchor": "end" }, number(middle)),
      drawn("rect", { class: kind, x: x(least), y: top + 6, height: 8, width: x(middle) - x(least) }),
      ...scores[at].map((score) => drawn("circle", { cx: x(score), cy: top + 10, r: 3.5 })),
    ];
  });
  const name = metricLabel(DATA.metrics[view.metric]);
  const label = `${name}, ${DATA.protocols[view.protocol]}: a bar for the mean over studies, a dot for each dataset`;
  const size = { width, height: rows.length * STEP + 4, role: "img", "aria-label": label };
  CHART.replaceChildren(drawn("svg", size, ...parts), make("p", { className: "note" }, `${label}; gray bars: controls.`));
}

// Drawn again when its width changes.
new ResizeObserver(() => {
  if (CHART.clientWidth !== CHART.drawnFor) showChart(...CHART.drawnOf);
}).observe(CHART);
