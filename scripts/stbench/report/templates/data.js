// The scores and fits of the run, unpacked from the columns of scores.py and runs.py.

const DATA = JSON.parse(document.getElementById("data").textContent);
const AXES = ["items", "methods", "seeds", "clusterers", "protocols", "metrics"];
const SIZES = AXES.map((axis) => DATA[axis].length);
const COMBINATIONS = SIZES.reduce((product, size) => product * size, 1);

function fromRunLengths(lengths, size) {
  const all = new Int32Array(size);
  for (let i = 0, at = 0; i < lengths.length; at += lengths[i + 1], i += 2) {
    all.fill(lengths[i], at, at + lengths[i + 1]);
  }
  return all;
}

const CODES = fromRunLengths(DATA.codes, COMBINATIONS);
const EPOCHS = fromRunLengths(DATA.epochs, COMBINATIONS / SIZES.at(-1));
const VALUES = new Float64Array(COMBINATIONS).fill(NaN);
const SPREADS = new Float64Array(COMBINATIONS).fill(NaN); // sd over clusterings; NaN for one
{
  const spreads = fromRunLengths(DATA.spreads, DATA.values.length);
  for (let i = 0, next = 0; i < COMBINATIONS; i++) {
    if (!DATA.why[CODES[i]][2]) continue;
    if (spreads[next] >= 0) SPREADS[i] = spreads[next] / DATA.spread_scale;
    VALUES[i] = DATA.values[next++] / DATA.scale;
  }
}

// The position of a combination, given the index on each axis.
function place(...indices) {
  return indices.reduce((sum, index, axis) => sum * SIZES[axis] + index, 0);
}
const valueAt = (...indices) => VALUES[place(...indices)];
const spreadAt = (...indices) => SPREADS[place(...indices)];
const epochAt = (...indices) => EPOCHS[place(...indices)];
function whyAt(...indices) {
  const [status, reason] = DATA.why[CODES[place(...indices)]];
  return { status, reason };
}

// Why there is no score: the reason of the first seed that has this protocol.
function whyNone(item, method, view, protocol) {
  const all = SEEDS.map((seed) => whyAt(item, method, seed, view.clusterer, protocol, view.metric));
  return all.find(({ status }) => status !== "not run") ?? all[0];
}

const indexOf = (axis, name) => DATA[axis].indexOf(name);
const SEEDS = DATA.seeds.map((_, index) => index);
const PROTOCOL = Object.fromEntries(DATA.protocols.map((name, index) => [name, index]));
const BASELINE = DATA.methods.findIndex((method) => method.id === DATA.baseline);

// Rows of the columns of facts, by dataset, method and seed of the fit.
const FITS = new Map();
{
  const { dataset, method, seed } = DATA.fits.keys;
  const text = (column, row) => column.pool[column.index[row]];
  dataset.index.forEach((_, row) => {
    FITS.set(JSON.stringify([text(dataset, row), text(method, row), text(seed, row)]), row);
  });
}
function fitOf(item, method, seed) {
  const key = [DATA.items[item].dataset, DATA.methods[method].id, DATA.seeds[seed]];
  return FITS.get(JSON.stringify(key));
}
function fact(row, name) {
  const column = DATA.fits.facts[name];
  return row === undefined ? "" : column.pool[column.index[row]];
}
