// The panel: a dialog in front of the page.

const PANEL = byId("panel");
const BESIDE_RUNS = []; // functions of (item, method): what is shown above the runs of a score

function openPanel(title, ...parts) {
  byId("panel-title").textContent = title;
  const body = PANEL.querySelector(".panel-body");
  body.replaceChildren(...parts);
  PANEL.classList.remove("picture");
  if (!PANEL.open) PANEL.showModal();
  PANEL.scrollTop = 0;
}

PANEL.querySelector(".close").addEventListener("click", () => PANEL.close());
PANEL.addEventListener("click", (event) => {
  if (event.target === PANEL) PANEL.close(); // beside the panel, on its backdrop
});
