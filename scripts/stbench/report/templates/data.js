// The scores and fits of the run, unpacked from the columns that scores.py and runs.py made.

const DATA = JSON.parse(document.getElementById("data").textContent);
const AXES = ["items", "methods", "seeds", "clusterers", "protocols", "metrics"];
const SIZES = AXES.map((axis) => DATA[axis].length);
const CELLS = SIZES.reduce((product, size) => product * size, 1);

function fromRunLengths(lengths, size) {
  const all = new Int32Array(size);
  for (let i = 0, at = 0; i < lengths.length; at += lengths[i + 1], i += 2) {
    all.fill(lengths[i], at, at + lengths[i + 1]);
  }
  return all;
}

const CODES = fromRunLengths(DATA.codes, CELLS);
const EPOCHS = fromRunLengths(DATA.epochs, CELLS / SIZES.at(-1));
const VALUES = new Float64Array(CELLS).fill(NaN);
for (let cell = 0, next = 0; cell < CELLS; cell++) {
  if (DATA.why[CODES[cell]][2]) VALUES[cell] = DATA.values[next++] / DATA.scale;
}

// A cell is named by the index on each axis.
function place(...indices) {
  return indices.reduce((sum, index, axis) => sum * SIZES[axis] + index, 0);
}
const valueAt = (...indices) => VALUES[place(...indices)];
const epochAt = (...indices) => EPOCHS[place(...indices)];
function whyAt(...indices) {
  const [status, reason] = DATA.why[CODES[place(...indices)]];
  return { status, reason };
}

const indexOf = (axis, name) => DATA[axis].indexOf(name);
const SEEDS = DATA.seeds.map((_, index) => index);
const PROTOCOL = Object.fromEntries(DATA.protocols.map((name, index) => [name, index]));
const BASELINE = DATA.methods.findIndex((method) => method.id === DATA.baseline);

// Fits by dataset, method and seed: the row of the fact columns.
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
