// Interactive maps: of one tissue, two layers on both sides of a divider.

const NO_LABEL = 255; // as in maps/packing.py
const LEVELS = 15; // of amounts, as in maps/packing.py
const TISSUES = JSON.parse(byId("map-data").textContent);
const VIEWER = byId("map-viewer");
const SIDES = ["left", "right"];
const SHOWN = { tissue: null, layers: { left: 0, right: 0 }, domain: null };

// Adds places (x, y in steps) and planes (a byte for each cell): the inverse of maps/packing.py.
async function unpack(tissue) {
  const text = atob(tissue.cells);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const all = new Uint8Array(await new Response(stream).arrayBuffer());
  const n = tissue.n_cells;
  const plane = (number) => all.subarray(number * n, (number + 1) * n);
  tissue.places = new Uint16Array(2 * n);
  for (const axis of [0, 1]) {
    const [low, high] = [plane(2 * axis), plane(2 * axis + 1)];
    for (let i = 0, at = 0; i < n; i++) {
      at = (at + low[i] + 256 * high[i]) & 65535;
      tissue.places[2 * i + axis] = at;
    }
  }
  tissue.planes = tissue.layers.map((_, number) => plane(4 + number));
}

// Colors, as [red, green, blue]; amounts go from pale to strong in both themes.

const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const RAMPS = { light: ["#e4e7ea", "#58a6d6", "#08306b"], dark: ["#343b43", "#c8663a", "#ffe9a8"] };
const EMPTY = { light: "#dddddd", dark: "#3d454e" };
const GROUND = { light: "#ffffff", dark: "#1b1f24" };
const FADED = 0.15; // share of the color of a cell that is not of the pressed domain
const themeName = () => (isDark() ? "dark" : "light");
const mixed = (one, other, share) => one.map((from, i) => Math.round(from + (other[i] - from) * share));

function rampColor(share) {
  const stops = RAMPS[themeName()].map(rgb);
  const at = Math.min(Math.floor(share * 2), 1);
  return mixed(stops[at], stops[at + 1], share * 2 - at);
}

// For each byte, red, green, blue and rank (below 255: below the others).
function byteColors(side) {
  const { tissue, domain } = SHOWN;
  const colors = new Uint8Array(4 * 256);
  for (let value = 0; value < 256; value++) {
    let color = rgb(EMPTY[themeName()]);
    if (value !== NO_LABEL && isAmount(side)) color = rampColor(Math.min(value / LEVELS, 1));
    else if (value < tissue.domains.length) color = rgb(tissue.domains[value][1]);
    const isFaded = !isAmount(side) && domain !== null && value !== domain;
    if (isFaded) color = mixed(rgb(GROUND[themeName()]), color, FADED);
    colors.set([...color, isFaded ? 128 : 255], 4 * value);
  }
  return colors;
}

// Drawing, at most once for each frame of the screen.

const PAINTER = "DecompressionStream" in window ? cellPainter(byId("map-canvas")) : null;
const size = () => {
  const { width, height, n_cells, micrometers } = SHOWN.tissue ?? { width: 1, height: 1, n_cells: 1 };
  return { width, height, micrometers, radius: 0.46 * Math.sqrt((width * height || 1) / n_cells) };
};
// While a map moves and frames take long, fewer cells are drawn; all of them when it rests.
const [FAST, SLOW, RESTS] = [20, 40, 200]; // milliseconds
const FEWEST = 6_000; // cells that are always drawn
let [isAsked, every, lastFrame, rest] = [false, 1, 0, 0];
function redraw(isMoving = false) {
  if (isAsked || !SHOWN.tissue) return;
  isAsked = true;
  requestAnimationFrame((now) => {
    isAsked = false;
    const took = now - lastFrame;
    lastFrame = now;
    if (isMoving && took < RESTS) every = took > SLOW ? every * 2 : took < FAST ? every / 2 : every;
    every = Math.max(1, Math.min(every, 16, 2 ** Math.floor(Math.log2(SHOWN.tissue.n_cells / FEWEST))));
    paint(isMoving ? every : 1);
    clearTimeout(rest);
    if (isMoving && every > 1) rest = setTimeout(redraw, RESTS);
  });
}

function paint(fraction) {
  const { tissue, layers } = SHOWN;
  const sides = SIDES.map((side) => ({ values: tissue.planes[layers[side]], colors: byteColors(side) }));
  const { radius } = size();
  PAINTER.paint({ places: tissue.places, view: VIEW.current(), radius, every: fraction, sides, divider: DIVIDED() });
  STAGE.dataset.drawn = [tissue.id, ...SIDES.map((side) => layerOn(side).title)].join("/");
}

// Texts: titles, scores, legend.

const layerOn = (side) => SHOWN.tissue.layers[SHOWN.layers[side]];
const isAmount = (side) => "highest" in layerOn(side);

function showMaps() {
  for (const side of SIDES) byId(`map-title-${side}`).textContent = layerOn(side).title;
  const sentences = SIDES.map((side) => `${side}: ${layerOn(side).title} (${layerOn(side).note})`);
  const { id, n_cells: cells, n_domains: domains } = SHOWN.tissue;
  byId("map-note").textContent = `${id}, ${cells} cells, ${domains} domains; ${sentences.join("; ")}.`;
  let items = domainItems();
  if (SHOWN.domain !== null && !items.some((item) => item.querySelector("[aria-pressed=true]"))) {
    SHOWN.domain = null; // neither map has the domain that was pressed
    items = domainItems();
  }
  byId("map-legend").replaceChildren(...items, ...SIDES.filter(isAmount).map(rampItem));
  redraw();
}

// A button for each domain of the maps, with its cells on the left and on the right.
function domainItems() {
  const counts = SIDES.filter((side) => !isAmount(side)).map((side) => {
    const cells = new Array(256).fill(0);
    for (const value of SHOWN.tissue.planes[SHOWN.layers[side]]) cells[value]++;
    return cells;
  });
  return SHOWN.tissue.domains.flatMap(([name, color], domain) => {
    if (!counts.some((cells) => cells[domain])) return [];
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = color;
    const cells = make("small", {}, counts.map((one) => one[domain]).join(" | "));
    const look = { type: "button", "aria-pressed": String(SHOWN.domain === domain), data: { domain } };
    return [make("li", {}, make("button", look, swatch, name, " ", cells))];
  });
}

function rampItem(side) {
  const ramp = make("span", { className: "ramp" });
  const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => `rgb(${rampColor(share).join(" ")})`);
  ramp.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
  return make("li", {}, `${layerOn(side).title}: 0`, ramp, number(layerOn(side).highest, 1));
}

// Shows only the cells of one domain, or all again.
function pressDomain(domain) {
  SHOWN.domain = SHOWN.domain === domain ? null : domain;
  for (const button of byId("map-legend").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(Number(button.dataset.domain) === SHOWN.domain));
  }
  redraw();
}

// Choosing a tissue and two of its layers.

function fillLayers(select) {
  const groups = new Map();
  SHOWN.tissue.layers.forEach((layer, at) => {
    const score = layer.note.match(/ARI -?[\d.]+/)?.[0];
    const option = new Option(score ? `${layer.title}, ${score}` : layer.title, at);
    groups.set(layer.group, [...(groups.get(layer.group) ?? []), option]);
  });
  select.replaceChildren(...[...groups].map(([label, options]) => make("optgroup", { label }, ...options)));
}

async function showTissue(at, left, right) {
  byId("map-tissue").value = at;
  const tissue = TISSUES[at];
  if (!tissue.planes) await unpack(tissue);
  if (Number(byId("map-tissue").value) !== at) return; // another one was chosen meanwhile
  Object.assign(SHOWN, { tissue, domain: null, layers: { left, right } });
  for (const side of SIDES) {
    fillLayers(byId(`map-${side}`));
    byId(`map-${side}`).value = SHOWN.layers[side];
  }
  STAGE.style.setProperty("--shape", (tissue.width || 1) / (tissue.height || 1));
  showMaps();
  VIEW.showWhole();
}

// At first, the reference is on the left and the first method on the right.
function showFirst(at) {
  const method = TISSUES[at].layers.findIndex((layer) => layer.method);
  return showTissue(at, 0, Math.max(method, 0));
}

// The maps of a score of the table: the reference and the method, beside its runs in the panel.
function mapOfScore(item, method) {
  const { dataset, n_domains } = DATA.items[item];
  const at = TISSUES.findIndex((tissue) => tissue.id === dataset && tissue.n_domains === n_domains);
  const layer = at < 0 ? -1 : TISSUES[at].layers.findIndex((one) => one.method === DATA.methods[method].id);
  if (layer < 0) return [];
  showTissue(at, 0, layer);
  return [VIEWER];
}

// Without WebGL: the pictures of the same maps that are among the figures.
function showPictures() {
  const pictures = TISSUES.flatMap(({ id }) => {
    const picture = document.querySelector(`[id^="figure-gallery_${id}"] img`);
    return picture ? [make("img", { src: picture.src, alt: picture.alt })] : [];
  });
  const why = "This browser cannot draw interactive maps (it has no WebGL 2); these are pictures of the same maps.";
  byId("map-home").replaceChildren(make("div", { id: "map-pictures" }, make("p", { className: "note" }, why), ...pictures));
}

const VIEW = PAINTER && mapView(size, redraw);
const DIVIDED = PAINTER && mapDivider(redraw);

function startMaps() {
  VIEWER.hidden = false;
  byId("map-tissue").append(...TISSUES.map(({ id }, at) => new Option(id, at)));
  byId("map-choice").addEventListener("submit", (event) => event.preventDefault());
  byId("map-tissue").addEventListener("change", (event) => showFirst(Number(event.target.value)));
  for (const side of SIDES) {
    byId(`map-${side}`).addEventListener("change", (event) => {
      SHOWN.layers[side] = Number(event.target.value);
      showMaps();
    });
  }
  byId("map-legend").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button) pressDomain(Number(button.dataset.domain));
  });
  const changeTheme = () => SHOWN.tissue && showMaps();
  new MutationObserver(changeTheme).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  prefersDark.addEventListener("change", changeTheme);
  PANEL.addEventListener("close", () => byId("map-home").append(VIEWER));
  BESIDE_RUNS.push(mapOfScore);
  // The cells are unpacked when the reader comes near.
  const near = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      near.disconnect();
      if (!SHOWN.tissue) showFirst(0);
    },
    { rootMargin: "600px" },
  );
  near.observe(VIEWER);
}

if (PAINTER) startMaps();
else showPictures();
