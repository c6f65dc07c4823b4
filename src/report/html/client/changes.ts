// The script of a report: searches and filters its changes, and shows what is in sight of them. It reads the page and
// nothing else.

import { countOf, showCount } from "../../../core/counted.ts";
import { type Data, fieldCells, isWanted, place, type Row, readData, type Wanted } from "./data.ts";
import { detailOf, tableOf } from "./detail.ts";
import { byId, element } from "./elements.ts";
import { ChangeList } from "./list.ts";

const printedMax = 500;

const data: Data = { names: [], rows: [] };
const count = byId("count", HTMLElement);
const search = byId("search", HTMLInputElement);
const listElement = byId("list", HTMLElement);
const detail = byId("detail", HTMLElement);
const selects = {
  stream: byId("stream", HTMLSelectElement),
  action: byId("action", HTMLSelectElement),
  field: byId("field", HTMLSelectElement),
  outcome: byId("outcome", HTMLSelectElement),
};
const list = new ChangeList(listElement, data, openDetail);
let shown: readonly Row[] = [];
let isWhole = false;
let isDue = false;
let isPlaceKept = true;

function wanted(): Wanted {
  const chosen = ({ value }: HTMLSelectElement) => (value === "" ? undefined : Number(value));
  return {
    text: search.value.trim().toLowerCase(),
    stream: chosen(selects.stream),
    action: chosen(selects.action),
    outcome: chosen(selects.outcome),
    field: chosen(selects.field),
  };
}

function isAll({ text, stream, action, outcome, field }: Wanted): boolean {
  return text === "" && [stream, action, outcome, field].every((one) => one === undefined);
}

function apply(keepsPlace: boolean): void {
  const asked = wanted();
  shown = isAll(asked) ? data.rows : data.rows.filter((row) => isWanted(row, asked));
  const total = countOf(data.rows.length, "change");
  const found = isAll(asked) ? total : `${showCount(shown.length)} of ${total}`;
  count.textContent = isWhole ? found : `${found}, reading on …`;
  list.show(shown, asked.field, keepsPlace);
}

/** Once a frame, however often it is asked. */
function applySoon(keepsPlace: boolean): void {
  isPlaceKept &&= keepsPlace;
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    apply(isPlaceKept);
    isDue = false;
    isPlaceKept = true;
  });
}

/** Whatever a filter can choose, in the order in which it comes. */
class Choices {
  readonly #seen = new Set<string>();

  collect(rows: readonly Row[]): void {
    for (const row of rows) {
      this.#add(selects.stream, row[place.stream]);
      this.#add(selects.action, row[place.action]);
      this.#add(selects.outcome, row[place.outcome]);
      for (let at = place.fields; at < row.length; at += fieldCells) this.#add(selects.field, row[at]);
    }
  }

  #add(select: HTMLSelectElement, name: string | number | null | undefined): void {
    const key = `${select.id} ${name}`;
    const text = data.names[Number(name)] ?? "";
    if (this.#seen.has(key) || text === "") return;
    this.#seen.add(key);
    const option = element("option", "", text);
    option.setAttribute("value", String(name));
    select.append(option);
  }
}

function openDetail(row: Row): void {
  detail.replaceChildren(...detailOf(row, data, closeDetail));
  detail.hidden = false;
  detail.focus({ preventScroll: true });
}

function closeDetail(): void {
  detail.hidden = true;
  listElement.focus({ preventScroll: true });
}

function print(): void {
  const rows = shown.slice(0, printedMax);
  const more = shown.length - rows.length;
  const note = more > 0 ? `The first ${showCount(rows.length)} of ${countOf(shown.length, "change")}.` : "";
  byId("print", HTMLElement).replaceChildren(
    element("p", "", note),
    tableOf(rows, data, { records: true, field: wanted().field }),
  );
}

async function begin(): Promise<void> {
  const choices = new Choices();
  let collected = 0;
  await readData(byId("data", HTMLElement).textContent, data, () => {
    choices.collect(data.rows.slice(collected));
    collected = data.rows.length;
    byId("filter", HTMLElement).hidden = false;
    byId("table", HTMLElement).hidden = false;
    applySoon(true);
  });
  byId("data", HTMLElement).textContent = "";
  isWhole = true;
  if (data.rows.length === 0) count.textContent = "No changes.";
  else apply(true);
}

search.addEventListener("input", () => applySoon(false));
for (const select of Object.values(selects)) select.addEventListener("change", () => apply(false));
byId("filter", HTMLElement).addEventListener("submit", (event) => event.preventDefault());
document.addEventListener("keydown", ({ key }) => {
  if (key === "Escape" && !detail.hidden) closeDetail();
});
addEventListener("beforeprint", print);
begin().catch((error: unknown) => {
  count.textContent = `The changes of this page can't be read: ${error instanceof Error ? error.message : String(error)}`;
});
