// The page is whole without this: it adds sorting to tables and reading values off curves.
"use strict";

// Numbers before words; "<0.001" counts as just below 0.001, an en dash and nothing come last.
function keyOf(text) {
  const found = text.trim().match(/^([<>]?)\s*(-?\d+(?:\.\d+)?)/);
  if (!found) return text.trim() === "" || text.trim() === "–" ? [2, 0] : [1, text.trim()];
  const nudge = found[1] === "<" ? -1e-9 : found[1] === ">" ? 1e-9 : 0;
  return [0, Number(found[2]) + nudge];
}

function compare(one, other) {
  const [kind, value] = one, [otherKind, otherValue] = other;
  if (kind !== otherKind) return kind - otherKind;
  return kind === 1 ? value.localeCompare(otherValue) : value - otherValue;
}

for (const table of document.querySelectorAll("table[data-sortable]")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    // Not a button element: browsers leave those out of the heads they repeat in print.
    const button = document.createElement("span");
    button.setAttribute("role", "button");
    button.tabIndex = 0;
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      button.click();
    });
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      heads.forEach((one) => one.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      // Rows that belong together stay together: the first of a group decides.
      const groups = [...table.tBodies].map((body, place) => [
        keyOf(body.rows[0].cells[column]?.textContent ?? ""), place, body]);
      groups.sort((a, b) => {
        const missing = (a[0][0] === 2) - (b[0][0] === 2);
        return missing || (down ? -1 : 1) * compare(a[0], b[0]) || a[1] - b[1];
      });
      for (const [, , body] of groups) table.append(body);
    });
  });
}

const NAMESPACE = "http://www.w3.org/2000/svg";
for (const figure of document.querySelectorAll("figure[data-curves]")) {
  const readings = JSON.parse(figure.dataset.curves);
  const drawings = [...figure.querySelectorAll("svg")];
  const last = readings.length - 1;
  const readers = drawings.map((svg) => {
    const line = document.createElementNS(NAMESPACE, "line");
    line.setAttribute("class", "reader");
    line.setAttribute("y1", svg.dataset.top);
    line.setAttribute("y2", svg.dataset.bottom);
    svg.append(line);
    return line;
  });
  const box = document.createElement("div");
  box.className = "reading";
  const label = document.createElement("label");
  label.append("Read the curve at a month ");
  const input = Object.assign(document.createElement("input"), {
    type: "range", min: 0, max: last, step: 1, value: 0 });
  const output = document.createElement("output");
  label.append(input);
  box.append(label, output);
  figure.insertBefore(box, figure.querySelector("figcaption"));

  function show(month) {
    input.value = month;
    output.textContent = `Month ${month}. ${readings[month]}`;
    drawings.forEach((svg, i) => {
      const { left, right, months } = svg.dataset;
      const x = Number(left) + (Number(right) - Number(left)) * month / Number(months);
      readers[i].setAttribute("x1", x);
      readers[i].setAttribute("x2", x);
      readers[i].style.visibility = "visible";
    });
  }
  input.addEventListener("input", () => show(Number(input.value)));
  drawings.forEach((svg) => svg.addEventListener("pointermove", (event) => {
    const place = new DOMPoint(event.clientX, event.clientY)
      .matrixTransform(svg.getScreenCTM().inverse());
    const { left, right, months } = svg.dataset;
    const month = (place.x - Number(left)) / (Number(right) - Number(left)) * Number(months);
    if (month >= 0 && month <= Number(months)) show(Math.min(last, Math.round(month)));
  }));
}
