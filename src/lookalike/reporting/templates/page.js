"use strict";
// Sortable and filterable tables, the theme, and what printing needs. Without JavaScript the page only lacks these.

function keyOf(cell) {
  if (!cell.hasAttribute("data-key")) return cell.textContent;
  return cell.dataset.key === "" ? null : Number(cell.dataset.key);
}

function compareKeys(a, b) {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}

function sortBy(table, column, direction) {
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => {
    const [x, y] = [keyOf(a.cells[column]), keyOf(b.cells[column])];
    if (x === null || y === null) return (x === null) - (y === null); // what is unknown stays at the end
    return direction * compareKeys(x, y);
  });
  table.tBodies[0].append(...rows);
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => {
      const ascending = header.getAttribute("aria-sort") !== "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      sortBy(table, column, ascending ? 1 : -1);
    });
    header.replaceChildren(button);
  });
}

function makeFilterable(table) {
  const region = table.closest(".table");
  const label = document.createElement("label");
  label.className = "filter";
  const input = document.createElement("input");
  input.type = "search";
  label.append("rows with ", input);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  region.before(label);
}

function offerThemes() {
  const button = document.createElement("button");
  button.type = "button";
  const isDark = () => getComputedStyle(document.documentElement).colorScheme === "dark";
  const name = () => { button.textContent = isDark() ? "light theme" : "dark theme"; };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  name();
  document.querySelector(".contents details").append(button);
}

for (const table of document.querySelectorAll(".table table")) {
  if (table.tBodies[0].rows.length > 1) makeSortable(table);
  if (table.tBodies[0].rows.length > 8) makeFilterable(table);
}
offerThemes();
if (matchMedia("(max-width: 60rem)").matches) document.querySelector(".contents details").open = false;
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open]):not(.origin)")];
  for (const fold of folded) fold.open = true;
});
addEventListener("afterprint", () => { for (const fold of folded) fold.open = false; });
