// A reporter of Vitest for `npm run cases`: one line a case, by group, with what is right and whether it is so.

import { relative } from "node:path";
import type { Reporter, TestCase, TestModule } from "vitest/node";
import { repository } from "../support/rig.ts";
import { nameEnd } from "./case.ts";

export default class CaseTable implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const cases = modules.flatMap((module) => [...module.children.allTests()]).sort(byName);
    const width = Math.max(0, ...cases.map(({ name }) => nameOf(name).length));
    const lines = cases.map((found) => {
      const right = found.name.slice(nameOf(found.name).length + nameEnd.length);
      return `${wordOf(found).padEnd(5)}  ${nameOf(found.name).padEnd(width)}  ${right}`;
    });
    const broken = modules.filter((module) => module.errors().length > 0);
    for (const { moduleId } of broken) lines.push(`WRONG  ${relative(repository, moduleId)} could not be read`);
    const wrong = cases.filter((found) => wordOf(found) !== "right");
    for (const found of wrong) lines.push("", nameOf(found.name), ...reasonsOf(found));
    lines.push("", `${cases.length - wrong.length} of ${cases.length} cases are right`);
    process.stdout.write(`${lines.join("\n")}\n`);
  }
}

function byName(left: TestCase, right: TestCase): number {
  return left.name < right.name ? -1 : 1;
}

function nameOf(name: string): string {
  return name.split(nameEnd)[0] ?? name;
}

function wordOf(found: TestCase): string {
  return found.result().state === "passed" ? "right" : "WRONG";
}

function reasonsOf(found: TestCase): string[] {
  return (found.result().errors ?? []).map(({ message }) => message);
}
