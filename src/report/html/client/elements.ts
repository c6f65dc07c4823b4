// What is made of the page's data. What must hold: a value is only ever text (`textContent`), never markup.

import type { Cell } from "./data.ts";

export function element(tag: string, className: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag);
  if (className !== "") made.className = className;
  made.append(...children);
  return made;
}

/** An element of the page itself. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
  return found;
}

/** A value, none, or a hidden one, told apart also for those who hear it. */
export function valueElement(cell: Cell | undefined, shown?: string): HTMLElement {
  if (typeof cell === "string") return element("span", "value", shown ?? cell);
  const [sign, name] = cell === 0 ? ["•••", "hidden"] : ["—", "no value"];
  const made = element("span", "none", sign);
  made.setAttribute("aria-label", name);
  made.setAttribute("role", "img");
  made.title = name;
  return made;
}

const signs: Readonly<Record<string, string>> = { undelete: "+", create: "+", update: "~", delete: "−" };

export function signOf(action: string): string {
  return signs[action] ?? "";
}
