// Methods by datasets: every cell a mean over seeds that opens its runs.

const GRID = byId("cells");
sortable(GRID);

function showCells(view, lower) {
  const shown = view.items.filter((item) => DATA.methods.some((_, method) => fitOf(item, method, 0) !== undefined));
  const means = DATA.methods.map((_, method) => shown.map((item) => overSeeds(item, method, view)));
  const all = known(means.flat().map((found) => found.mean));
  const [least, most] = [Math.min(0, ...all), Math.max(...all)];
  const columns = shown.map((item) => headCell(DATA.items[item].label, { first: lower ? "ascending" : "descending" }));
  GRID.tHead.replaceChildren(make("tr", {}, headCell("method", { numeric: false, stick: true }), ...columns));
  GRID.tBodies[0].replaceChildren(
    ...DATA.methods.map((_, method) => {
      const cells = shown.map((item, at) => gridCell(item, method, view, means[method][at], least, most));
      return make("tr", {}, methodCell(method, view), ...cells);
    }),
  );
}

function gridCell(item, method, view, found, least, most) {
  const open = make("button", { type: "button", "aria-haspopup": "dialog", onclick: () => openRuns(item, method, view) });
  if (found.n) {
    open.append(number(found.mean));
    if (!Number.isNaN(found.sd)) open.append(" ", make("small", {}, `±${number(found.sd)}`));
    open.style.setProperty("--part", ((found.mean - least) / (most - least || 1)).toFixed(3));
  } else {
    const { status, reason } = whyAt(item, method, 0, view.clusterer, view.protocol, view.metric);
    open.append(make("small", {}, words(status)));
    open.title = reason;
  }
  return cell(open, found.mean);
}
