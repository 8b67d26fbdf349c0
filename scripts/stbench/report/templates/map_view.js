// The view of the maps: moved and zoomed by hand and keyboard, the divider, the scale.

const STAGE = byId("map-stage");
const MARGIN = 8; // pixels around the whole tissue
const MOST_PIXELS = 60; // of the diameter of a cell
const STEP = 60; // pixels of an arrow key

// Handles the stage; calls redraw(isMoving) after each change of the view. size() gives {width, height,
// radius} of the tissue and its cells in steps, and the micrometers of a step or null.
function mapView(size, redraw) {
  let view = { x: 0, y: 0, pixels: 1 };
  let isWhole = true;

  const wholePixels = () => {
    const { width, height, radius } = size();
    const [across, down] = [STAGE.clientWidth - 2 * MARGIN, STAGE.clientHeight - 2 * MARGIN];
    return Math.max(Math.min(across / (width + 2 * radius), down / (height + 2 * radius)), 1e-6);
  };
  function show(changed, whole = false) {
    view = changed;
    isWhole = whole;
    drawScale();
    redraw(!whole);
  }
  function showWhole() {
    const { width, height } = size();
    show({ x: width / 2, y: height / 2, pixels: wholePixels() }, true);
  }
  // Zooms about a place, given in pixels from the middle of the stage.
  function zoom(factor, across = 0, down = 0) {
    const most = Math.max(MOST_PIXELS / (2 * size().radius), wholePixels());
    const pixels = Math.min(Math.max(view.pixels * factor, wholePixels() / 2), most);
    const change = 1 / view.pixels - 1 / pixels;
    show({ x: view.x + across * change, y: view.y + down * change, pixels });
  }
  function move(across, down) {
    show({ ...view, x: view.x - across / view.pixels, y: view.y - down / view.pixels });
  }

  // The largest of 1, 2 and 5 times a power of ten that is at most 120 pixels long.
  function drawScale() {
    const scale = byId("map-scale");
    scale.hidden = !size().micrometers;
    if (scale.hidden) return;
    const most = (120 * size().micrometers) / view.pixels;
    const power = 10 ** Math.floor(Math.log10(most));
    const length = [5, 2, 1].map((factor) => factor * power).find((one) => one <= most);
    scale.style.width = `${(120 * length) / most}px`;
    scale.textContent = length >= 1000 ? `${length / 1000} mm` : `${length} µm`;
  }

  const KEYS = {
    ArrowLeft: () => move(STEP, 0),
    ArrowRight: () => move(-STEP, 0),
    ArrowUp: () => move(0, STEP),
    ArrowDown: () => move(0, -STEP),
    "+": () => zoom(1.5),
    "=": () => zoom(1.5),
    "-": () => zoom(1 / 1.5),
    0: showWhole,
  };
  STAGE.addEventListener("keydown", (event) => {
    if (event.target !== STAGE || event.ctrlKey || event.metaKey || !KEYS[event.key]) return;
    event.preventDefault();
    KEYS[event.key]();
  });
  byId("map-zoom").addEventListener("click", (event) => {
    const { key } = event.target.dataset;
    if (key) KEYS[key]();
  });

  const fromMiddle = ({ clientX, clientY }) => {
    const { left, top, width, height } = STAGE.getBoundingClientRect();
    return [clientX - left - width / 2, clientY - top - height / 2];
  };
  // The page scrolls over a map that was not pressed before.
  STAGE.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !STAGE.contains(document.activeElement)) return;
      event.preventDefault();
      zoom(1.002 ** -event.deltaY, ...fromMiddle(event));
    },
    { passive: false },
  );

  // One finger or button moves, two fingers zoom about their middle.
  const pointers = new Map();
  const middleAndSpread = () => {
    const places = [...pointers.values()];
    const middle = [0, 1].map((axis) => places.reduce((sum, place) => sum + place[axis], 0) / places.length);
    const spread = places.length > 1 ? Math.hypot(places[0][0] - places[1][0], places[0][1] - places[1][1]) : 0;
    return { middle, spread };
  };
  const canvas = byId("map-canvas");
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, fromMiddle(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!pointers.has(event.pointerId)) return;
    const before = middleAndSpread();
    pointers.set(event.pointerId, fromMiddle(event));
    const after = middleAndSpread();
    move(after.middle[0] - before.middle[0], after.middle[1] - before.middle[1]);
    if (before.spread && after.spread) zoom(after.spread / before.spread, ...after.middle);
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, (event) => pointers.delete(event.pointerId));

  new ResizeObserver(() => (isWhole ? showWhole() : redraw())).observe(STAGE);
  return { showWhole, current: () => view };
}

// The divider: a slider for the keyboard, and a handle on the map. Returns the share of the width.
function mapDivider(redraw) {
  const slider = byId("map-divider");
  const handle = byId("map-handle");
  function divide(percent) {
    slider.value = percent;
    handle.style.left = `${percent}%`;
    redraw(true);
  }
  slider.addEventListener("input", () => divide(slider.value));
  handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId));
  handle.addEventListener("pointermove", (event) => {
    if (!handle.hasPointerCapture(event.pointerId)) return;
    const { left, width } = STAGE.getBoundingClientRect();
    divide(Math.round(Math.min(Math.max((100 * (event.clientX - left)) / width, 0), 100)));
  });
  divide(50);
  return () => slider.value / 100;
}
