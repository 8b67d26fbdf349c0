// Every table can be saved as CSV: all its rows and columns, with all digits where a cell has them.

function csvOf(table) {
  const quoted = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const rows = [...table.rows].filter((row) => !row.classList.contains("band"));
  const text = (cell) => cell.dataset.value || cell.textContent.replace(/\s+/g, " ").trim();
  return rows.map((row) => [...row.cells].map((cell) => quoted(text(cell))).join(",")).join("\n") + "\n";
}

function save(name, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000); // the download has begun by then
}

// Below each table: a button to save it, and a note while it is wider than its frame.
function equip(frame) {
  const table = frame.querySelector("table");
  const stem = (table.dataset.file ?? frame.getAttribute("aria-label")).toLowerCase().replace(/[^\w]+/g, "_");
  const file = stem.slice(0, 60);
  const button = make(
    "button",
    { type: "button", className: "csv", onclick: () => save(`${file}.csv`, csvOf(table)) },
    "CSV",
  );
  button.setAttribute("aria-label", `Save as CSV: ${frame.getAttribute("aria-label") ?? file}`);
  frame.after(make("div", { className: "below" }, button, sideways(frame)));
}

// A note that is shown while a frame is narrower than its content.
function sideways(frame) {
  const note = make("span", { className: "sideways", hidden: true }, "Wider than the screen: scroll sideways \u2192");
  const check = () => (note.hidden = frame.scrollWidth <= frame.clientWidth + 1);
  const watch = new ResizeObserver(check);
  for (const one of [frame, ...frame.children]) watch.observe(one);
  return note;
}

document.querySelectorAll("main .scroll").forEach(equip);
