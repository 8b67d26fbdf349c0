// Pictures: never smaller than their text can be read, and enlarged in a dialog that fits the window.

for (const zoom of document.querySelectorAll(".zoom")) {
  const small = zoom.querySelector("img");
  const least = Number(small.dataset.least); // width at which the smallest text has 9 pixels
  small.style.minWidth = `min(${least}px, ${small.getAttribute("width")}px)`;
  if (least) small.style.maxWidth = `min(100%, ${1.4 * least}px)`; // so texts of all pictures are alike
  const frame = make("div", { className: "frame" });
  zoom.replaceWith(frame);
  frame.append(zoom);
  frame.after(sideways(frame));
  zoom.addEventListener("click", () => {
    const title = zoom.closest("figure").querySelector("figcaption b").textContent;
    const large = make("img", { src: small.src, alt: small.alt, className: "whole" });
    const size = make("button", { type: "button", onclick: () => {
      const whole = large.classList.toggle("whole");
      size.textContent = whole ? "Full size" : "Whole picture";
    } }, "Full size");
    openPanel(title, size, make("div", { className: "frame", tabIndex: 0, role: "region", ariaLabel: title }, large));
    PANEL.classList.add("picture");
  });
}
