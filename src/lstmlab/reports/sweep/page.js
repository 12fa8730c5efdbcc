"use strict";
const source = document.getElementById("figures").textContent;
const dark = matchMedia("(prefers-color-scheme: dark)");
const narrow = matchMedia("(max-width: 600px)");

function colours() {
  const style = getComputedStyle(document.documentElement);
  return (name) => style.getPropertyValue(`--${name}`).trim();
}

function draw() {
  const of = colours();
  const filled = source.replace(/"\$(foreground|faint|background)"/g, (_, name) => JSON.stringify(of(name)));
  const figures = JSON.parse(filled);
  const small = narrow.matches;
  for (const place of document.querySelectorAll(".plot")) {
    const { data, layout } = figures[Number(place.dataset.figure)];
    for (const name of ["xaxis", "yaxis"]) {
      layout[name] = { gridcolor: of("grid"), linecolor: of("faint"), ...layout[name] };
    }
    Plotly.react(place, data, {
      ...layout,
      autosize: true,
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: getComputedStyle(document.body).fontFamily, size: small ? 11 : 13, color: of("foreground") },
      hoverlabel: { bgcolor: of("raised"), bordercolor: of("faint"), font: { color: of("foreground") }, align: "left" },
      margin: { l: small ? 44 : 56, r: small ? 8 : 16, t: 16, b: 44 },
      dragmode: small ? false : "zoom",
    }, { responsive: true, displaylogo: false, displayModeBar: small ? false : "hover",
         modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] });
  }
}

function value(cell) {
  const text = cell.textContent.replace(/,/g, "").replace(/−/g, "-").replace("< ", "");
  const number = parseFloat(text);
  return Number.isNaN(number) ? cell.textContent : number;
}

function sortable(table) {
  table.querySelectorAll("th").forEach((head, column) => head.addEventListener("click", () => {
    const rising = head.getAttribute("aria-sort") !== "ascending";
    table.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", rising ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows].sort((a, b) => {
      const [one, two] = [value(a.cells[column]), value(b.cells[column])];
      const order = typeof one === "number" && typeof two === "number" ? one - two : String(one).localeCompare(String(two));
      return rising ? order : -order;
    });
    table.tBodies[0].append(...rows);
  }));
}

draw();
dark.addEventListener("change", draw);
narrow.addEventListener("change", draw);
document.querySelectorAll("table").forEach(sortable);
