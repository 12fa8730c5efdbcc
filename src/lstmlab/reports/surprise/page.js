"use strict";
const { labels, size, tokens } = JSON.parse(document.getElementById("data").textContent);
const text = document.getElementById("text");
const places = [...text.querySelectorAll(".t")];
const number = new Map(places.map((place, index) => [place, index]));
const panel = document.getElementById("panel");
let focused = 0; // the token that Tab leads to: one stop for the whole text
let shown = null;

function share(probability) {
  if (probability >= 0.001) return `${(100 * probability).toFixed(1)} %`;
  return probability > 1e-15 ? `1 in ${Math.round(1 / probability).toLocaleString("en")}` : "less than 1 in 10¹⁵";
}

function element(name, content = "", kind = "") {
  const made = document.createElement(name);
  made.textContent = content; // never markup: a token may be any text
  if (kind) made.className = kind;
  return made;
}

function row(label, probability, own) {
  const line = element("tr", "", own ? "own" : "");
  const fill = element("div", "", "fill");
  fill.style.width = `${Math.min(100, 100 * probability)}%`;
  const track = element("td", "", "track");
  track.append(fill);
  line.append(element("td", label), track, element("td", share(probability)));
  return line;
}

function fill(index) {
  const [label, bits, probability, rank, likely, spelling] = tokens[index];
  const known = spelling === undefined;
  const name = labels[label];
  const own = known ? name : "<unk>";
  panel.replaceChildren(
    element("span", `${(bits + (known ? 0 : spelling)).toFixed(2)} bits`, "bits"), element("span", name, "token"),
    element("p", `probability ${share(probability)}, rank ${rank.toLocaleString("en")} of ${size.toLocaleString("en")}`),
  );
  if (!known) {
    panel.append(element("p", `not in the vocabulary: <unk> ${bits.toFixed(2)} bits, its spelling ${spelling.toFixed(2)}`));
  }
  const table = element("table");
  const count = likely.length / 2;
  for (let n = 0; n < count; n += 1) {
    table.append(row(labels[likely[2 * n]], likely[2 * n + 1], labels[likely[2 * n]] === own && rank <= count));
  }
  if (rank > count) table.append(row(own, probability, true));
  panel.append(table);
}

function show(index) {
  if (shown !== null) places[shown].classList.remove("shown");
  shown = index;
  if (index === null) {
    panel.hidden = true;
    return;
  }
  places[index].classList.add("shown");
  fill(index);
  panel.hidden = false;
  const boxes = places[index].getClientRects();
  const box = boxes[boxes.length - 1] ?? places[index].getBoundingClientRect();
  const below = box.bottom + 8 + panel.offsetHeight <= innerHeight || box.top < panel.offsetHeight + 8;
  const left = Math.max(8, Math.min(box.left, document.documentElement.clientWidth - panel.offsetWidth - 8));
  panel.style.left = `${left + scrollX}px`;
  panel.style.top = `${(below ? box.bottom + 8 : box.top - 8 - panel.offsetHeight) + scrollY}px`;
}

function focus(index) {
  places[focused].tabIndex = -1;
  focused = index;
  places[index].tabIndex = 0;
  places[index].setAttribute("aria-describedby", "panel");
  places[index].focus();
}

/* The token of the next line, upwards or downwards, that stands nearest. */
function beside(index, step) {
  const from = places[index].getBoundingClientRect();
  const middle = (from.left + from.right) / 2;
  let line = null;
  let best = index;
  let distance = Infinity;
  for (let n = index + step; n >= 0 && n < places.length; n += step) {
    const box = places[n].getBoundingClientRect();
    if (step * (box.top - from.top) < from.height / 2) continue;
    line ??= box.top;
    if (Math.abs(box.top - line) > from.height / 2) break;
    const away = Math.abs((box.left + box.right) / 2 - middle);
    if (away < distance) [best, distance] = [n, away];
  }
  return best;
}

const KEYS = {
  ArrowLeft: (index) => Math.max(0, index - 1),
  ArrowRight: (index) => Math.min(places.length - 1, index + 1),
  ArrowUp: (index) => beside(index, -1),
  ArrowDown: (index) => beside(index, 1),
  Home: () => 0,
  End: () => places.length - 1,
};

const at = (event) => number.get(event.target.closest?.(".t"));

for (const place of places) place.tabIndex = -1;
places[0].tabIndex = 0;
text.addEventListener("mouseover", (event) => show(at(event) ?? null));
text.addEventListener("mouseleave", () => show(document.activeElement === places[focused] ? focused : null));
text.addEventListener("click", (event) => at(event) !== undefined && focus(at(event)));
text.addEventListener("focusin", (event) => show(at(event) ?? null));
text.addEventListener("focusout", () => show(null));
text.addEventListener("keydown", (event) => {
  const index = at(event);
  if (index === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") show(null);
  if (!(event.key in KEYS)) return;
  event.preventDefault();
  focus(KEYS[event.key](index));
});
document.querySelectorAll("a[data-token]").forEach((link) => link.addEventListener("click", (event) => {
  event.preventDefault();
  focus(Number(link.dataset.token));
  places[focused].scrollIntoView({ block: "center" });
  show(focused);
}));
