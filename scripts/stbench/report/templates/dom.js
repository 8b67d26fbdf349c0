// Small helpers. Text from the data is set as text, never as markup.

const byId = (id) => document.getElementById(id);

function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "data") Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

const MINUS = "\u2212";
const written = (value, digits) => value.toFixed(digits).replace(/^-(?=[0.]*$)/, "").replace("-", MINUS);
const number = (value, digits = 2) => (Number.isFinite(value) ? written(value, digits) : "\u2013");
const signed = (value) => (Number.isFinite(value) && value >= 0.005 ? "+" : "") + number(value);
const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const words = (status) => status.replaceAll("_", " ");

// A table cell that is sorted by its number, or by its text.
function cell(text, value, properties = {}) {
  const sorted = Number.isFinite(value) ? value : "";
  return make("td", { className: "number", data: { value: sorted }, ...properties }, text);
}

// Copies text, or selects it in its field if the browser does not allow copying.
async function copyText(text, note, field = null) {
  try {
    await navigator.clipboard.writeText(text);
    note.textContent = "Copied.";
  } catch {
    const selected = field ?? make("textarea", { value: text, ariaLabel: "Link" });
    if (!field) note.append(selected);
    selected.focus();
    selected.select();
    const copied = document.execCommand("copy");
    if (!field) selected.remove();
    note.textContent = copied ? "Copied." : field ? "Selected: press Ctrl+C to copy." : text;
  }
}
