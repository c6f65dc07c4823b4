// A stranger with the packed package and a vendor's file in an empty folder, who types what the README says: init, check, plan,
// run, the row that was rejected put right and run again, the line for cron. In: the tarball, a Node. Out: what was typed
// and answered. Must hold: nothing of this repository is used but the tarball.

import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { startChild } from "../support/child.ts";

interface Step {
  typed: string;
  answered: string;
  code: number | null;
}

export interface Stranger {
  steps: Step[];
  /** From `npm install` to the end of the first load. */
  seconds: number;
}

const rows = 30;
/** Of the row without a last name. */
const wrong = 17;

function vendorFile(): string {
  const cities = ["Karlsruhe", "Dresden", "Köln"];
  const lines = Array.from({ length: rows }, (_, index) => {
    const number = 1001 + index;
    const last = index === wrong ? "" : `Muster${index + 1}`;
    return `K-${number};Rosa;${last};rosa${number}@example.com;${cities[index % 3]};${(index % 28) + 1}.12.1980`;
  });
  return `Kunden-Nr;Vorname;Nachname;E-Mail;Ort;Geburtsdatum\n${lines.join("\n")}\n`;
}

/** What is typed, with the exit code that it must have. `npm install` comes first. */
const script: readonly (readonly [typed: string, code: number])[] = [
  ["npx loadline init --from vendor.csv --into salesforce:Contact", 0],
  ["npx loadline check jobs/vendor.yaml --sandbox", 0],
  ["npx loadline plan jobs/vendor.yaml --sandbox", 0],
  ["npx loadline run jobs/vendor.yaml --sandbox", 3],
  ["tail -n 2 .loadline/sandbox/runs/*/rejects/vendor.csv | tail -n 2", 0],
  [`sed -i 's/^K-${1001 + wrong};Rosa;;/K-${1001 + wrong};Rosa;Lindt;/' vendor.csv`, 0],
  ["npx loadline run jobs/vendor.yaml --sandbox", 0],
  ["cat loadline.crontab", 0],
];

/** What the tests leave out: run does it too. */
const looks = /loadline (check|plan) /;

/**
 * `node`: the one that the stranger has; an older one than 24 gets another from npm, as the README says. `hurried`: without
 * looking before the load.
 */
export async function playStranger(
  folder: string,
  tarball: string,
  { node, hurried = false }: { node: string; hurried?: boolean },
): Promise<Stranger> {
  writeFileSync(join(folder, "vendor.csv"), vendorFile());
  const path = `${dirname(node)}:/usr/local/bin:/usr/bin:/bin`;
  const type = async (typed: string): Promise<Step> => {
    // A terminal shows both; npx looks for the program in node_modules/.bin first.
    const { stdout, code } = await startChild("sh", ["-c", `{ ${typed}; } 2>&1`], { cwd: folder, env: { PATH: path } })
      .finished;
    return { typed, answered: stdout.trimEnd(), code };
  };
  const { stdout } = await startChild(node, ["--version"]).finished;
  const isOld = Number(/\d+/.exec(stdout)?.[0]) < 24;
  const started = performance.now();
  const install = await type(`npm install --no-audit --no-fund --prefer-offline ${tarball}${isOld ? " node@24" : ""}`);
  const steps = [install];
  if (install.code !== 0) throw new Error(install.answered);
  let seconds = 0;
  for (const [typed, code] of script.filter(([typed]) => !hurried || !looks.test(typed))) {
    const step = await type(typed);
    steps.push(step);
    if (step.code !== code) throw new Error(`${typed}: exit code ${step.code}\n${step.answered}`);
    if (seconds === 0 && typed.includes(" run ")) seconds = (performance.now() - started) / 1000;
  }
  return { steps, seconds };
}

/** A transcript without what is another each time: paths, ids of runs, times. */
export function writeTranscript({ steps }: Stranger, folder: string, tarball: string): string {
  const shown = steps.map(({ typed, answered, code }) => {
    const ending = code === 0 ? "" : `\n(exit code ${code})`;
    return `$ ${typed}\n${answered}${ending}`;
  });
  return shown
    .join("\n\n")
    .replaceAll("--no-audit --no-fund --prefer-offline ", "")
    .replaceAll(tarball, "loadline")
    .replaceAll(folder, "/home/ann/feeds")
    .replaceAll(/'?\/\S+\/bin\/node'?(?= )/g, "/usr/bin/node")
    .replaceAll(/\b\d{8}-\d{6}-([\w-]+)-[0-9a-f]{4}\b/g, "20261120-201455-$1-7f3a")
    .replaceAll(/\b\d+(?:\.\d+)? (ms|s|m)\b/g, "… $1")
    .replaceAll(/\d+(ms|s)$/gm, "…$1");
}
