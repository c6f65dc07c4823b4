// loadline help: a topic, a function or a key of a file, as the documents of the package tell it. Commands are told by cli.ts.

import { usageFailure } from "../core/errors.ts";
import { exitCode } from "../core/exit-code.ts";
import { suggest } from "../core/suggest.ts";
import { renderPage } from "../help/pages.ts";
import { findTopic, knownTopics, topics } from "../help/topics.ts";
import { lookOfOut, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";

/** Without a topic: the list of them. */
export async function showTopic(globals: Globals, topic: string, commands: readonly string[]): CommandResult {
  const text = topic === "" ? listTopics() : findTopic(topic);
  if (text === undefined) {
    const meant = suggest(topic, [...commands, ...knownTopics()]);
    throw usageFailure(`there is no help about ${topic}`, {
      next: meant === undefined ? "loadline help lists the topics" : `did you mean ${meant}? loadline help ${meant}`,
    });
  }
  const { width } = lookOfOut(false);
  const shown = topic === "" ? text : renderPage(text, width);
  printOut(globals.json ? JSON.stringify({ topic, text, exitCode: exitCode.done }) : shown);
  return exitCode.done;
}

function listTopics(): string {
  const lines = Object.entries(topics).map(([name, { about }]) => `  ${name.padEnd(15)}  ${about}`);
  return `loadline help <command>, or a topic:\n\n${lines.join("\n")}`;
}
