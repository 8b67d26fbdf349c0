// Tables that are sorted by a click, or Enter, on a column header; empty values come last. Bands of
// rows (methods, controls) are sorted apart, below the name of each.

function sortable(table) {
  table.tHead.addEventListener("click", (event) => {
    const head = event.target.closest("th[aria-sort]");
    if (!head || !event.target.closest("button")) return;
    const first = head.dataset.first ?? (head.classList.contains("number") ? "descending" : "ascending");
    const other = first === "ascending" ? "descending" : "ascending";
    sortBy(table, head, head.getAttribute("aria-sort") === first ? other : first);
  });
}

function sortBy(table, head, direction) {
  for (const one of table.tHead.rows[0].cells) {
    if (one.hasAttribute("aria-sort")) one.setAttribute("aria-sort", one === head ? direction : "none");
  }
  const column = head.cellIndex;
  const numeric = head.classList.contains("number");
  const sign = direction === "ascending" ? 1 : -1;
  for (const body of table.tBodies) {
    const rows = [...body.rows].filter((row) => !row.classList.contains("band") && row.cells.length > column);
    const keyed = rows.map((row) => [sortKey(row.cells[column], numeric), row]);
    keyed.sort(([one], [other]) => {
      const [lacks, otherLacks] = [isEmpty(one), isEmpty(other)];
      if (lacks || otherLacks) return lacks - otherLacks;
      return sign * (numeric ? one - other : one.localeCompare(other, "en", { numeric: true }));
    });
    body.append(...keyed.map(([, row]) => row));
  }
}

// A body of a table with a name above its rows; without a name for the first.
function band(name, columns, rows) {
  const head = make("tr", { className: "band" }, make("th", { scope: "rowgroup", colSpan: columns }, name));
  return make("tbody", { className: name.toLowerCase().replaceAll(" ", "-") }, ...(name ? [head] : []), ...rows);
}

function sortKey(cell, numeric) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  return numeric ? parseFloat(text) : text;
}
const isEmpty = (key) => key === "" || Number.isNaN(key);

// Restores the selected order after the rows were replaced.
function sortAgain(table) {
  const head = [...table.tHead.rows[0].cells].find((one) => !["none", null].includes(one.getAttribute("aria-sort")));
  if (head) sortBy(table, head, head.getAttribute("aria-sort"));
}

function headCell(text, { numeric = true, first, sorted = "none", stick = false, title = "" } = {}) {
  const head = make("th", { scope: "col", "aria-sort": sorted, title }, make("button", { type: "button" }, text));
  head.classList.toggle("number", numeric);
  head.classList.toggle("stick", stick);
  if (first) head.dataset.first = first;
  return head;
}
