// Connects the filters to the leaderboard, and keeps what is chosen in the address of the page.

const SELECTS = { metric: DATA.metrics, protocol: DATA.protocols, clusterer: DATA.clusterers, policy: Object.keys(DATA.policies) };
const SWITCHES = { controls: true, columns: false }; // and how they are at first
const INITIAL = BOXES.map((box) => box.checked);

// The choices that differ from those at first, as a query: names, so that a link outlives a new run.
function asQuery() {
  const query = new URLSearchParams();
  for (const [id, names] of Object.entries(SELECTS)) {
    if (byId(id).value !== "0") query.set(id, names[byId(id).value]);
  }
  for (const [id, usual] of Object.entries(SWITCHES)) {
    if (byId(id).checked !== usual) query.set(id, byId(id).checked ? "all" : "none");
  }
  if (BOXES.some((box, at) => box.checked !== INITIAL[at])) {
    query.set("datasets", JSON.stringify(BOXES.flatMap((box, at) => (box.checked ? [DATA.items[at].label] : []))));
  }
  return query.toString();
}

// Choices that this run does not have are skipped.
function fromQuery(query) {
  for (const [id, names] of Object.entries(SELECTS)) {
    const at = names.indexOf(query.get(id));
    if (at >= 0) byId(id).value = at;
  }
  for (const id of Object.keys(SWITCHES)) {
    if (query.has(id)) byId(id).checked = query.get(id) === "all";
  }
  if (!query.has("datasets")) return;
  let chosen = [];
  try {
    chosen = [JSON.parse(query.get("datasets"))].flat();
  } catch {
    return; // a link that was cut
  }
  BOXES.forEach((box, at) => (box.checked = chosen.includes(DATA.items[at].label)));
}

function choose() {
  for (const table of [BOARD, GRID]) table.classList.toggle("no-controls", !byId("controls").checked);
  BOARD.classList.toggle("main-columns", !byId("columns").checked);
  document.querySelector("#leaderboard .legend").classList.toggle("main-columns", !byId("columns").checked);
  showBoard();
}

function choseAgain() {
  choose();
  const query = asQuery();
  try {
    history.replaceState(null, "", (query ? `?${query}` : location.pathname) + location.hash);
  } catch {
    // A page inside a frame without an address of its own cannot keep it; the button still copies it.
  }
}

byId("filters").addEventListener("change", choseAgain);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
for (const [id, checked] of [["all", true], ["none", false]]) {
  byId(id).addEventListener("click", () => {
    for (const box of BOXES) box.checked = checked;
    choseAgain();
  });
}
byId("link").addEventListener("click", () => {
  const query = asQuery();
  const address = location.href.split(/[?#]/)[0] + (query ? `?${query}` : "") + "#leaderboard";
  copyText(address, byId("linked"));
});
fromQuery(new URLSearchParams(location.search));
choose();
