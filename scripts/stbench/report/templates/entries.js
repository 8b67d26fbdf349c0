// Methods by datasets: each entry is a mean over seeds; a click shows its runs. The darkest entry is
// the best, also where lower is better.

const GRID = byId("entries");
sortable(GRID);

function showEntries(view, board) {
  const shown = view.items.filter((item) => DATA.methods.some((_, method) => fitOf(item, method, 0) !== undefined));
  const means = DATA.methods.map((_, method) => shown.map((item) => overSeeds(item, method, view)));
  const all = known(means.flat().map((score) => score.mean));
  const [least, most] = [Math.min(0, ...all), Math.max(...all)];
  const shade = ({ mean }) => (board.lower ? most - mean : mean - least) / (most - least || 1);
  const first = board.lower ? "ascending" : "descending";
  const columns = shown.map((item) => headCell(DATA.items[item].label, { first }));
  const row = ({ method }) => {
    const cells = shown.map((item, at) => entryCell(item, method, view, means[method][at], shade));
    return make("tr", {}, methodCell(method, view), ...cells);
  };
  GRID.tHead.replaceChildren(make("tr", {}, headCell("method", { numeric: false, stick: true }), ...columns));
  for (const body of [...GRID.tBodies]) body.remove();
  GRID.append(...bands(board.rows, shown.length + 1, row, row));
}

function entryCell(item, method, view, score, shade) {
  const open = make("button", { type: "button", "aria-haspopup": "dialog", onclick: () => openRuns(item, method, view) });
  if (score.n) {
    open.append(number(score.mean));
    open.append(" ", make("small", {}, spreadText(score).replace("± ", "±")));
    if (score.n < score.requested) open.append(" ", make("small", {}, `n ${score.n} of ${score.requested}`));
    open.style.setProperty("--part", shade(score).toFixed(3));
  } else {
    const { status, reason } = whyNone(item, method, view, view.protocol);
    open.append(make("small", {}, words(status)));
    open.title = reason;
  }
  return cell(open, score.mean);
}
