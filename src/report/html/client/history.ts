// The script of the history: leaves out of its table what is not asked for. The table is in the page; without scripts it
// is all there.

import { countOf, showCount } from "../../../core/counted.ts";
import { byId } from "./elements.ts";

const rows = [...document.querySelectorAll<HTMLTableRowElement>("#runs tbody tr")];
const search = byId("search", HTMLInputElement);
const selects = ["job", "status", "where"].map((id) => byId(id, HTMLSelectElement));

function apply(): void {
  const text = search.value.trim().toLowerCase();
  let shown = 0;
  for (const row of rows) {
    const isChosen = selects.every(({ id, value }) => value === "" || row.dataset[id] === value);
    row.hidden = !isChosen || !row.textContent.toLowerCase().includes(text);
    if (!row.hidden) shown += 1;
  }
  byId("count", HTMLElement).textContent = `${showCount(shown)} of ${countOf(rows.length, "run")}`;
}

for (const select of selects) {
  for (const value of new Set(rows.map((row) => row.dataset[select.id] ?? ""))) select.add(new Option(value, value));
  select.addEventListener("change", apply);
}
search.addEventListener("input", apply);
byId("filter", HTMLElement).addEventListener("submit", (event) => event.preventDefault());
byId("filter", HTMLElement).hidden = false;
apply();
