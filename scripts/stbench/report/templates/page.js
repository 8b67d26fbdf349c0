// Behavior of the page.

document.querySelectorAll("table.sortable").forEach(sortable);

// Light or dark: the setting of the system, until the button is clicked.
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
function nameTheme() {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", isDark() ? "Use light colors" : "Use dark colors");
}
byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
prefersDark.addEventListener("change", nameTheme);
nameTheme();

// Copies the BibTeX entries, or selects them if the browser does not allow copying.
byId("copy").addEventListener("click", async () => {
  const entries = byId("bibtex");
  try {
    await navigator.clipboard.writeText(entries.value);
    byId("copied").textContent = "Copied.";
  } catch {
    entries.focus();
    entries.select();
    byId("copied").textContent = document.execCommand("copy") ? "Copied." : "Selected: press Ctrl+C to copy.";
  }
});

// Shows a picture at full size.
for (const zoom of document.querySelectorAll(".zoom")) {
  zoom.addEventListener("click", () => {
    const small = zoom.querySelector("img");
    openPanel(zoom.closest("figure").querySelector("figcaption b").textContent, make("img", { src: small.src, alt: small.alt }));
    PANEL.classList.add("picture");
  });
}

// Opens all details for printing.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
