// One record in full, before and after side by side. In: its row. Out: a table; what differs of two values is marked.

import { type Cell, type Data, fieldCells, place, type Row } from "./data.ts";
import { element, signOf, valueElement } from "./elements.ts";

export function detailOf(row: Row, data: Data, close: () => void): Node[] {
  const nameAt = (at: number) => data.names[Number(row[at])] ?? "";
  const action = nameAt(place.action);
  const outcome = nameAt(place.outcome);
  const heading = element("h3", action, `${signOf(action)} ${action} `, valueElement(row[place.key]));
  const button = element("button", "", "Close");
  button.setAttribute("type", "button");
  button.addEventListener("click", close);
  const facts = [nameAt(place.stream), row[place.id], outcome].filter(
    (fact) => typeof fact === "string" && fact !== "",
  );
  const said = row[place.message];
  return [
    button,
    heading,
    element("p", "", facts.join(" · ")),
    ...(typeof said === "string" ? [element("p", "why", said)] : []),
    tableOf([row], data, { records: false, field: undefined }),
  ];
}

export interface TableLook {
  /** Whether the records' names stand beside their fields. */
  records: boolean;
  /** Only this field of each. */
  field: number | undefined;
}

/** The fields of rows in a table. */
export function tableOf(rows: readonly Row[], data: Data, { records, field }: TableLook): HTMLElement {
  const titles = [...(records ? ["record"] : []), "field", "before", "after"];
  const heads = titles.map((title) => {
    const head = element("th", "", title);
    head.setAttribute("scope", "col");
    return head;
  });
  const body = element("tbody", "");
  for (const row of rows) {
    let isFirst = true;
    for (let at = place.fields; at < row.length; at += fieldCells) {
      if (field !== undefined && row[at] !== field) continue;
      const name = records ? [element("th", "", ...(isFirst ? nameOf(row, data) : []))] : [];
      body.append(element("tr", isFirst ? "first" : "", ...name, ...cellsOf(row, at, data)));
      isFirst = false;
    }
    if (isFirst) body.append(element("tr", "first", element("th", "", ...nameOf(row, data))));
  }
  return element("table", "", element("thead", "", element("tr", "", ...heads)), body);
}

function nameOf(row: Row, data: Data): Node[] {
  const name = typeof row[place.key] === "string" ? row[place.key] : (row[place.id] ?? row[place.key]);
  return [element("span", "sign", signOf(data.names[Number(row[place.action])] ?? "")), valueElement(name)];
}

function cellsOf(row: Row, at: number, data: Data): HTMLElement[] {
  const name = element("th", "", data.names[Number(row[at])] ?? "");
  name.setAttribute("scope", "row");
  const [before, after] = [row[at + 1], row[at + 2]];
  if (typeof before !== "string" || typeof after !== "string")
    return [name, ...[before, after].map((cell) => element("td", "", wholeValue(cell)))];
  const start = sameStart(before, after);
  const end = sameEnd(before, after, start);
  return [name, marked(before, start, end), marked(after, start, end)];
}

function wholeValue(cell: Cell | undefined): HTMLElement {
  return typeof cell === "string" ? valueElement(cell, inLines(cell)) : valueElement(cell);
}

/** A line feed is shown as its picture; here there is room to follow it. */
function inLines(text: string): string {
  return text.replaceAll("↵", "↵\n");
}

function marked(text: string, start: number, end: number): HTMLElement {
  const differing = inLines(text.slice(start, text.length - end));
  const value = element("span", "value", inLines(text.slice(0, start)));
  if (differing !== "") value.append(element("mark", "", differing));
  value.append(inLines(text.slice(text.length - end)));
  return element("td", "", value);
}

function sameStart(left: string, right: string): number {
  let same = 0;
  while (same < left.length && same < right.length && left[same] === right[same]) same += 1;
  // Not between the two halves of a character.
  return isLowHalf(left, same) || isLowHalf(right, same) ? same - 1 : same;
}

function sameEnd(left: string, right: string, start: number): number {
  const most = Math.min(left.length, right.length) - start;
  let same = 0;
  while (same < most && left[left.length - 1 - same] === right[right.length - 1 - same]) same += 1;
  return isLowHalf(left, left.length - same) ? same - 1 : same;
}

function isLowHalf(text: string, at: number): boolean {
  return /[\udc00-\udfff]/.test(text[at] ?? "") && at > 0;
}
