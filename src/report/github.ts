// What GitHub Actions takes of a command: annotations at the lines of files, and outputs of the step, by which other steps
// go on. In: failures and summaries. Out: workflow commands, and lines of the file that GITHUB_OUTPUT names. Must hold:
// nothing that stands in a message or a value ends a command or an output, or begins another.
//
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands; what is escaped is
// packages/core/src/command.ts of github.com/actions/toolkit.

import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { explain, Failure, type Place } from "../core/errors.ts";
import type { StreamCounts } from "../core/model.ts";
import { randomId } from "../core/random.ts";
import { redactSecrets } from "../core/secret.ts";
import type { RunSummary } from "./summary.ts";

export function isGithub(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment["GITHUB_ACTIONS"] === "true";
}

/** A command for each thing that went wrong, at its place where it has one. */
export function annotationsOf(error: unknown, environment: NodeJS.ProcessEnv = process.env): string[] {
  if (!(error instanceof Failure)) return [annotationOf({}, explain(error), environment)];
  if (error.problems.length > 0) return error.problems.map(({ where, what }) => annotationOf(where, what, environment));
  const { message, why, next } = error;
  const told = [
    message,
    ...(why === undefined ? [] : [`why: ${why}`]),
    ...(next === undefined ? [] : [`next: ${next}`]),
  ];
  return [annotationOf(error.where ?? {}, told.join("\n"), environment)];
}

/** Places are told from the root of the repository, wherever the command runs. */
export function annotationOf(where: Place, message: string, environment: NodeJS.ProcessEnv = process.env): string {
  const file = where.file === undefined ? {} : { file: relative(environment["GITHUB_WORKSPACE"] || ".", where.file) };
  const written = {
    ...file,
    ...(where.line === undefined ? {} : { line: String(where.line) }),
    ...(where.column === undefined ? {} : { col: String(where.column) }),
    title: "loadline",
  };
  const properties = Object.entries(written).map(([name, value]) => `${name}=${escapeProperty(value)}`);
  return `::error ${properties.join(",")}::${escapeData(redactSecrets(message))}`;
}

function escapeData(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

const counted = [
  "extracted",
  "rejected",
  "creates",
  "updates",
  "deletes",
  "unchanged",
  "conflicts",
  "loaded",
  "failed",
] as const satisfies readonly (keyof StreamCounts)[];

/** Outputs of the step: of several jobs those of the last. */
export function appendOutputs(path: string, summary: RunSummary): void {
  const sums = counted.map((name) => {
    const sum = Object.values(summary.streams).reduce((total, counts) => total + counts[name], 0);
    return [name, String(sum)] as const;
  });
  const outputs = [
    ["run", summary.run ?? ""],
    ["job", summary.job],
    ["status", summary.status],
    ["exit-code", String(summary.exitCode)],
    ...sums,
    ["next", summary.next],
    ["summary", JSON.stringify(summary)],
  ] as const;
  appendFileSync(path, outputs.map(([name, value]) => outputOf(name, redactSecrets(value))).join(""));
}

/** Between delimiters that no value can know. */
function outputOf(name: string, value: string): string {
  const delimiter = `loadline-${randomId(16)}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}
