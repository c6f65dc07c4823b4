// A long list of which only what is in sight is in the document. In: rows that are wanted. Out: lines of one height: an
// update has one for each field, a create and a delete one. Browsers end an element at some 17 million pixels: beyond a
// height that all of them take the lines are found by the share that is scrolled.

import { type Cell, type Data, fieldCells, place, type Row } from "./data.ts";
import { element, signOf, valueElement } from "./elements.ts";

const lineHeight = 28;
const heightMax = 8_000_000;
const beyondSight = 8;
/** Characters of a common beginning that are shown before the first difference. */
const contextMax = 12;
const shownMax = 300;

export class ChangeList {
  readonly #list: HTMLElement;
  readonly #data: Data;
  readonly #open: (row: Row) => void;
  readonly #space = element("div", "space");
  readonly #lines = element("div", "lines");
  #rows: readonly Row[] = [];
  /** The first line of each row, and at the end the number of lines. */
  #starts = new Int32Array(1);
  #field: number | undefined;
  #active = 0;
  #isDue = false;

  constructor(list: HTMLElement, data: Data, open: (row: Row) => void) {
    this.#list = list;
    this.#data = data;
    this.#open = open;
    const heads = ["record", "field", "before", "after"].map((title) =>
      roleOf(element("span", "", title), "columnheader"),
    );
    const head = roleOf(element("div", "line head", ...heads), "row");
    head.setAttribute("aria-rowindex", "1");
    for (const part of [this.#space, this.#lines]) roleOf(part, "presentation");
    this.#space.append(this.#lines);
    list.append(head, this.#space);
    list.addEventListener("scroll", () => this.#redrawSoon(), { passive: true });
    list.addEventListener("keydown", (event) => this.#press(event));
    list.addEventListener("click", (event) => this.#click(event));
    new ResizeObserver(() => this.#redrawSoon()).observe(list);
  }

  /** `field`: only this one of each row. */
  show(rows: readonly Row[], field: number | undefined, keepsPlace: boolean): void {
    this.#rows = rows;
    this.#field = field;
    this.#starts = new Int32Array(rows.length + 1);
    let lines = 0;
    for (const [index, row] of rows.entries()) {
      this.#starts[index] = lines;
      lines += this.#linesOf(row);
    }
    this.#starts[rows.length] = lines;
    this.#list.setAttribute("aria-rowcount", String(lines + 1));
    this.#space.style.height = `${Math.min(lines * lineHeight, heightMax)}px`;
    if (!keepsPlace) {
      this.#active = 0;
      this.#list.scrollTop = 0;
    }
    this.#draw();
  }

  get #count(): number {
    return this.#starts.at(-1) ?? 0;
  }

  #isUpdate(row: Row): boolean {
    return this.#data.names[Number(row[place.action])] === "update";
  }

  #linesOf(row: Row): number {
    if (this.#field !== undefined || !this.#isUpdate(row)) return 1;
    return Math.max(1, (row.length - place.fields) / fieldCells);
  }

  #redrawSoon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#draw();
    });
  }

  /** Pixels that are scrolled of all that can be, and lines likewise. */
  #reach(): { pixels: number; lines: number; inSight: number } {
    const height = this.#list.clientHeight - lineHeight;
    const inSight = Math.max(1, Math.floor(height / lineHeight));
    const pixels = Math.max(0, this.#space.offsetHeight - height);
    return { pixels, lines: Math.max(0, this.#count - inSight), inSight };
  }

  #firstInSight(): number {
    if (this.#count * lineHeight <= heightMax) return Math.floor(this.#list.scrollTop / lineHeight);
    const { pixels, lines } = this.#reach();
    return Math.round((this.#list.scrollTop / Math.max(1, pixels)) * lines);
  }

  #draw(): void {
    const { inSight } = this.#reach();
    const first = this.#firstInSight();
    const isWhole = this.#count * lineHeight <= heightMax;
    const from = isWhole ? Math.max(0, first - beyondSight) : first;
    const to = Math.min(this.#count, first + inSight + beyondSight);
    const drawn: Node[] = [];
    for (let line = from, row = this.#rowAt(from); line < to; line += 1) {
      while (row + 1 < this.#rows.length && line >= (this.#starts[row + 1] ?? 0)) row += 1;
      drawn.push(this.#line(line, row));
    }
    this.#lines.replaceChildren(...drawn);
    const top = isWhole ? from * lineHeight : Math.min(this.#list.scrollTop, heightMax - drawn.length * lineHeight);
    this.#lines.style.transform = `translateY(${top}px)`;
    this.#list.setAttribute("aria-activedescendant", `line-${this.#active}`);
  }

  /** The row that a line is of. */
  #rowAt(line: number): number {
    let low = 0;
    let high = this.#rows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= line) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  #line(line: number, index: number): HTMLElement {
    const row = this.#rows[index] ?? [];
    const nth = line - (this.#starts[index] ?? 0);
    const action = this.#data.names[Number(row[place.action])] ?? "";
    const outcome = this.#data.names[Number(row[place.outcome])] ?? "";
    const made = roleOf(element("div", `line ${action}${nth === 0 ? " first" : ""}`), "row");
    made.id = `line-${line}`;
    made.dataset["row"] = String(index);
    made.setAttribute("aria-rowindex", String(line + 2));
    made.setAttribute("aria-selected", String(line === this.#active));
    made.append(this.#recordCell(row, action, outcome, nth), ...this.#fieldCells(row, nth));
    return made;
  }

  #recordCell(row: Row, action: string, outcome: string, nth: number): HTMLElement {
    const cell = roleOf(element("span", "record"), "gridcell");
    const name = typeof row[place.key] === "string" ? row[place.key] : (row[place.id] ?? row[place.key]);
    const sign = element("span", "sign", signOf(action));
    sign.setAttribute("aria-label", action);
    sign.setAttribute("role", "img");
    cell.append(sign, valueElement(name));
    if (nth > 0) cell.classList.add("again");
    else if (outcome !== "" && outcome !== "loaded")
      cell.append(element("span", `outcome ${outcome.replace(" ", "-")}`, outcome));
    return cell;
  }

  #fieldCells(row: Row, nth: number): HTMLElement[] {
    if (this.#field === undefined && !this.#isUpdate(row)) return [this.#preview(row)];
    let at = place.fields + nth * fieldCells;
    if (this.#field !== undefined)
      for (at = place.fields; at < row.length && row[at] !== this.#field; ) at += fieldCells;
    const [before, after] = focus(row[at + 1], row[at + 2]);
    const field = this.#data.names[Number(row[at] ?? -1)] ?? "";
    return [
      roleOf(element("span", "field", field), "gridcell"),
      roleOf(element("span", "before", valueElement(row[at + 1], before)), "gridcell"),
      roleOf(element("span", "after", valueElement(row[at + 2], after)), "gridcell"),
    ];
  }

  /** The values of a new or lost record, one behind the other. */
  #preview(row: Row): HTMLElement {
    const isLost = this.#data.names[Number(row[place.action])] === "delete";
    const made = roleOf(element("span", "preview"), "gridcell");
    made.setAttribute("aria-colspan", "3");
    let length = 0;
    for (let at = place.fields; at < row.length && length < shownMax; at += fieldCells) {
      const value = row[at + (isLost ? 1 : 2)];
      const shown = typeof value === "string" ? value.slice(0, shownMax) : undefined;
      made.append(
        element("span", "name", `${this.#data.names[Number(row[at])] ?? ""}: `),
        valueElement(value, shown),
        " ",
      );
      length += shown?.length ?? 3;
    }
    return made;
  }

  #press(event: KeyboardEvent): void {
    const { inSight } = this.#reach();
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: inSight,
      PageUp: -inSight,
      Home: -this.#count,
      End: this.#count,
    };
    const step = steps[event.key];
    if (step !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#activate(Math.max(0, Math.min(this.#count - 1, this.#active + step)));
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      this.#openAt(this.#rowAt(this.#active));
    }
  }

  #activate(line: number): void {
    this.#active = line;
    const { pixels, lines, inSight } = this.#reach();
    const first = this.#firstInSight();
    const wanted = line < first ? line : line >= first + inSight ? line - inSight + 1 : first;
    if (wanted !== first) {
      const isWhole = this.#count * lineHeight <= heightMax;
      this.#list.scrollTop = isWhole ? wanted * lineHeight : (wanted / Math.max(1, lines)) * pixels;
    }
    this.#draw();
  }

  #click(event: Event): void {
    const line = event.target instanceof Element ? event.target.closest<HTMLElement>("[data-row]") : null;
    if (line === null) return;
    this.#active = Number(line.id.slice("line-".length));
    this.#draw();
    this.#openAt(Number(line.dataset["row"]));
  }

  #openAt(index: number): void {
    const row = this.#rows[index];
    if (row !== undefined) this.#open(row);
  }
}

function roleOf(made: HTMLElement, role: string): HTMLElement {
  made.setAttribute("role", role);
  return made;
}

/** Two long values that begin alike are cut in front, so that what differs is in sight. */
function focus(before: Cell | undefined, after: Cell | undefined): [string | undefined, string | undefined] {
  if (typeof before !== "string" || typeof after !== "string") return [cut(before), cut(after)];
  let same = 0;
  while (same < before.length && before[same] === after[same]) same += 1;
  if (same <= 2 * contextMax) return [cut(before), cut(after)];
  const from = same - contextMax;
  return [`…${cut(before.slice(from))}`, `…${cut(after.slice(from))}`];
}

function cut(value: Cell | undefined): string | undefined {
  return typeof value === "string" ? value.slice(0, shownMax) : undefined;
}
