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

// Every table can be copied, as CSV for a sheet or as LaTeX for a paper.
const special = {"\\": "\\textbackslash{}", "{": "\\{", "}": "\\}", "&": "\\&", "%": "\\%", "$": "\\$", "#": "\\#", "_": "\\_",
  "^": "\\textasciicircum{}", "~": "\\textasciitilde{}", "<": "\\textless{}", ">": "\\textgreater{}", "–": "--", "−": "$-$", "→": "$\\rightarrow$"};
const latex = text => [...text].map(one => special[one] ?? one).join("");
const quoted = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

function cellsOf(table) {
  return [...table.rows].filter(row => !row.hidden).map(row => [...row.cells].filter(cell => !cell.classList.contains("axis"))
    .map(cell => {
      const interval = cell.querySelector(".i");
      const text = [...cell.childNodes].filter(node => node !== interval && !(node.classList && node.classList.contains("sr")))
        .map(node => node.textContent).join("").replace(/\s+/g, " ").trim();
      return interval && interval.textContent ? `${text} ${interval.textContent}`.trim() : text;
    }));
}

const forms = {
  CSV: rows => rows.map(row => row.map(text => quoted(text.replaceAll("−", "-"))).join(",")).join("\n") + "\n",
  LaTeX: rows => ["% needs \\usepackage{booktabs}", `\\begin{tabular}{l${"r".repeat(Math.max(...rows.map(row => row.length)) - 1)}}`,
    "\\toprule", ...rows.map((row, at) => row.map(latex).join(" & ") + " \\\\" + (at ? "" : " \\midrule")), "\\bottomrule",
    "\\end{tabular}", ""].join("\n"),
};

for (const table of document.querySelectorAll("table.list, table.matrix")) {
  const bar = document.createElement("p");
  bar.className = "copy screen";
  for (const [name, form] of Object.entries(forms)) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = `copy as ${name}`;
    button.addEventListener("click", async () => {
      const text = form(cellsOf(table));
      try {
        await navigator.clipboard.writeText(text);
      } catch {  // a page opened from a file may not have a clipboard
        const area = Object.assign(document.createElement("textarea"), {value: text});
        document.body.append(area);
        area.select();
        document.execCommand("copy");
        area.remove();
      }
      button.textContent = "copied";
      setTimeout(() => { button.textContent = `copy as ${name}`; }, 1500);
    });
    bar.append(button);
  }
  table.parentElement.after(bar);
}

// On paper the folded parts are open.
addEventListener("beforeprint", () => {
  for (const box of document.querySelectorAll("details")) box.open = true;
});
