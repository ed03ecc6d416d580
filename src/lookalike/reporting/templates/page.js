"use strict";
// Tables that sort, filter and show more columns, charts that answer the pointer, the theme, and what printing needs.
// Without JavaScript the page only lacks these.

const made = (tag, text, className) => {
  const element = document.createElement(tag);
  if (text) element.textContent = text;
  if (className) element.className = className;
  if (tag === "button") element.type = "button";
  return element;
};

// Without a key, numbers are sorted by the number that the text begins with.
function keyOf(cell) {
  if (cell.hasAttribute("data-key")) return cell.dataset.key === "" ? null : Number(cell.dataset.key);
  const number = parseFloat(cell.textContent.replace("−", "-").replaceAll(",", ""));
  return cell.tagName === "TH" || cell.classList.contains("word") || Number.isNaN(number) ? cell.textContent : number;
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

// The first click puts the best values first; where neither side is better, words from A and numbers from the highest.
function firstOrder(header) {
  if (header.dataset.better) return header.dataset.better === "low" ? "ascending" : "descending";
  return header.classList.contains("word") || !header.cellIndex ? "ascending" : "descending";
}

function makeSortable(table) {
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    const button = made("button", header.textContent);
    button.addEventListener("click", () => {
      const turned = { ascending: "descending", descending: "ascending" };
      const order = turned[header.getAttribute("aria-sort")] ?? firstOrder(header);
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      header.setAttribute("aria-sort", order);
      sortBy(table, column, order === "ascending" ? 1 : -1);
    });
    header.replaceChildren(button);
  });
}

function offerFilter(table, tools) {
  const label = made("label", "Filter ", "filter");
  const input = made("input");
  input.type = "search";
  label.append(input);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const row of table.tBodies[0].rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
    }
  });
  tools.append(label);
}

function offerColumns(table, tools) {
  const picker = made("details", "", "columns"), choices = made("fieldset");
  picker.append(made("summary", "Columns"), choices);
  [...table.tHead.rows[0].cells].forEach((header, column) => {
    if (!header.classList.contains("extra")) return;
    const label = made("label"), box = made("input");
    box.type = "checkbox";
    box.addEventListener("change", () => {
      for (const row of table.rows) row.cells[column].classList.toggle("extra", !box.checked);
    });
    label.append(box, ` ${header.textContent}`);
    choices.append(label);
  });
  tools.append(picker);
}

function answerPointer(view) {
  const tip = made("div", "", "tip"), dot = made("div", "", "dot");
  tip.hidden = dot.hidden = true;
  view.append(dot, tip);
  const narrow = matchMedia("(max-width: 40rem)");
  const tooltips = () => {
    const wide = JSON.parse(view.dataset.tooltips), slim = narrow.matches && view.dataset.narrowTooltips;
    return slim ? JSON.parse(slim).map(([x, y, text], k) => [x, y, text ?? wide[k][2]]) : wide;
  };
  const hide = () => { tip.hidden = dot.hidden = true; };
  view.addEventListener("pointermove", (event) => {
    const { left, top, width, height } = view.querySelector("img").getBoundingClientRect();
    const apart = ([x, y]) => Math.hypot(left + x * width / 100 - event.clientX, top + y * height / 100 - event.clientY);
    const nearest = tooltips().reduce((best, spot) => (!best || apart(spot) < apart(best) ? spot : best), null);
    if (!nearest || apart(nearest) > 24) { hide(); return; }
    const [x, y, text] = nearest;
    tip.textContent = text;
    tip.hidden = dot.hidden = false;
    for (const one of [tip, dot]) { one.style.left = `${x}%`; one.style.top = `${y}%`; }
    tip.style.transform = `translate(${x > 50 ? "calc(-100% - 10px)" : "10px"}, ${y > 50 ? "calc(-100% - 8px)" : "8px"})`;
  });
  view.addEventListener("pointerleave", hide);
}

function offerThemes() {
  const button = made("button", "", "theme");
  const isDark = () => getComputedStyle(document.documentElement).colorScheme === "dark";
  const name = () => { button.textContent = isDark() ? "Light theme" : "Dark theme"; };
  button.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  name();
  document.querySelector(".bar").append(button);
}

// What an address leads to may be folded away.
function unfold() {
  const target = location.hash.length > 1 && !location.hash.includes("=") && document.getElementById(location.hash.slice(1));
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView();
}

for (const table of document.querySelectorAll(".table table:not(.shaded)")) {
  const tools = made("div", "", "tools");
  if (table.tBodies[0].rows.length > 8) offerFilter(table, tools);
  if (table.querySelector("thead .extra")) offerColumns(table, tools);
  if (tools.children.length) table.closest(".table").before(tools);
  if (table.tBodies[0].rows.length > 1) makeSortable(table);
}
for (const view of document.querySelectorAll(".view[data-tooltips]")) answerPointer(view);
offerThemes();
unfold();
addEventListener("hashchange", unfold);
if (matchMedia("(max-width: 60rem)").matches) document.querySelector(".contents details").open = false;
let folded = [];
addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open]):not(.origin)")];
  for (const fold of folded) fold.open = true;
});
addEventListener("afterprint", () => { for (const fold of folded) fold.open = false; });
