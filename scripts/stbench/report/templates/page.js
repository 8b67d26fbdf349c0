// Behavior of the page.

document.querySelectorAll("table.sortable").forEach(sortable);

// Light or dark: the setting of the system, until the button is clicked.
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (document.documentElement.dataset.theme ?? (prefersDark.matches ? "dark" : "light")) === "dark";
function nameTheme() {
  document.documentElement.toggleAttribute("data-dark", isDark()); // for pictures
  byId("theme").textContent = isDark() ? "Light" : "Dark";
  byId("theme").setAttribute("aria-label", isDark() ? "Use light colors" : "Use dark colors");
}
byId("theme").addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  nameTheme();
});
prefersDark.addEventListener("change", nameTheme);
nameTheme();

byId("copy").addEventListener("click", () => copyText(byId("bibtex").value, byId("copied"), byId("bibtex")));

// Opens all details for printing.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("main details:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => {
  for (const details of opened) details.open = false;
});
