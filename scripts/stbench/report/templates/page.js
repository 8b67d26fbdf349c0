// What happens on the page.

document.querySelectorAll("table.sortable").forEach(sortable);

// Light or dark: as the system asks, until somebody presses the button.
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
function nameTheme() {
  byId("theme").textContent = isDark() ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
}
byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
prefersDark.addEventListener("change", nameTheme);
nameTheme();

// BibTeX: to the clipboard, or selected for the keys where the browser does not allow that.
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

// A picture at its full size.
for (const zoom of document.querySelectorAll(".zoom")) {
  zoom.addEventListener("click", () => {
    const small = zoom.querySelector("img");
    openPanel(zoom.closest("figure").querySelector("figcaption b").textContent, make("img", { src: small.src, alt: small.alt }));
    PANEL.classList.add("picture");
  });
}

// On paper everything is open.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
