// Connects the filters to the leaderboard.

byId("filters").addEventListener("change", showBoard);
byId("filters").addEventListener("submit", (event) => event.preventDefault());
for (const [id, checked] of [["all", true], ["none", false]]) {
  byId(id).addEventListener("click", () => {
    for (const box of BOXES) box.checked = checked;
    showBoard();
  });
}
showBoard();
