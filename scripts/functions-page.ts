// Writes what docs/functions.md says of our own functions: `npm run functions`. Its heading, and all below the next one,
// stay as they are. `help` reads the page, so it says what src/transform/functions/ says.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownFunctions } from "../src/transform/functions.ts";
import type { OwnFunction } from "../src/transform/own-function.ts";

const page = join(import.meta.dirname, "../docs/functions.md");
const section = /(?<=^## Of loadline\n\n)[\s\S]*?(?=\n\n## )/m;

/** The page with the table of our functions as it is to be. */
export function writeOwnFunctions(text: string): string {
  const rows = [...ownFunctions].sort((left, right) => (left.name < right.name ? -1 : 1)).flatMap(rowsOf);
  return text.replace(section, () => ["| function | example | result | |", "|---|---|---|---|", ...rows].join("\n"));
}

function rowsOf({ signature, does, takes, examples }: OwnFunction): string[] {
  const about = takes === undefined ? does : `${does}. It takes ${takes}; anything else is refused`;
  return examples.map(({ call, gives }, index) => {
    const [first, last] = index === 0 ? [`\`${signature}\``, about] : ["", ""];
    return `| ${[first, `\`${call}\``, `\`${gives}\``, last].map(escapeCell).join(" | ")} |`;
  });
}

function escapeCell(cell: string): string {
  return cell.replaceAll("|", "\\|");
}

if (import.meta.main) writeFileSync(page, writeOwnFunctions(readFileSync(page, "utf8")));
