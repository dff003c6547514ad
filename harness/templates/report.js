"use strict";
// Sorting by a click on a column's head, and a filter over the longest table. The page is complete without either.
const key = (row, at) => row.cells[at].textContent.trim().replace("−", "-").replace(/[,+%]/g, "");
const isNumber = text => /^-?\d*\.?\d+$/.test(text.trim());
const isEmpty = text => text === "" || text === "–";

function compare(a, b) {
  if (isEmpty(a) || isEmpty(b)) return 0;
  return isNumber(a) && isNumber(b) ? a - b : a.localeCompare(b, "en", {numeric: true});
}

for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, at) => {
    if (head.tagName !== "TH") return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      const up = now ? now === "descending" : !head.classList.contains("n");  // numbers start with the greatest
      heads.forEach(other => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map(row => [key(row, at), row]);
      rows.sort(([a], [b]) => isEmpty(a) - isEmpty(b) || (up ? compare(a, b) : compare(b, a)));
      table.tBodies[0].append(...rows.map(([, row]) => row));
    });
  });
}

for (const box of document.querySelectorAll("details[data-filter]")) {
  const input = document.createElement("input");
  input.type = "search";
  input.placeholder = "Filter, e.g. emotion4 uar meld";
  input.setAttribute("aria-label", "Filter the rows by words");
  box.querySelector("summary").after(input);
  const rows = [...box.querySelectorAll("tbody tr")].map(row => [row, row.textContent.toLowerCase()]);
  input.addEventListener("input", () => {
    const words = input.value.toLowerCase().split(/\s+/);
    for (const [row, text] of rows) row.hidden = !words.every(word => text.includes(word));
  });
}

// On paper the folded parts are open.
addEventListener("beforeprint", () => {
  for (const box of document.querySelectorAll("details")) box.open = true;
});
