// What `loadline help <topic>` knows beside commands. In: a name. Out: the part of a document that is about it.
// A topic is a line here: its name, what it is about, and the page and heading that it is read from.

import { readDocument } from "../documents.ts";
import { rowsOf, sectionOf } from "./pages.ts";

interface Topic {
  about: string;
  page: string;
  /** Without one, the page. */
  heading?: string;
}

export const topics: Readonly<Record<string, Topic>> = {
  options: {
    about: "options of every command, .env and LOADLINE_ENV",
    page: "commands.md",
    heading: "Options of every command",
  },
  "exit-codes": { about: "what each exit code means", page: "commands.md", heading: "Exit codes" },
  json: { about: "the JSON summary of plan, run and resume", page: "commands.md", heading: "The JSON summary" },
  "job-file": {
    about: "keys of a job; a key by its name, too: guards.changed",
    page: "job-file.md",
    heading: "The job",
  },
  streams: {
    about: "keys of a stream: source, target, map, validate, dedupe",
    page: "job-file.md",
    heading: "A stream",
  },
  formats: { about: "how files are written", page: "job-file.md", heading: "Formats of files" },
  values: { about: "what a value is in each type of field", page: "job-file.md", heading: "Values" },
  mirror: { about: "deleting what the source no longer has", page: "job-file.md", heading: "Mirror" },
  connections: { about: "connections.yaml and references", page: "job-file.md", heading: "connections.yaml" },
  functions: { about: "every function; one by its name, too: split_part", page: "functions.md" },
  guides: { about: "the list of guides, which are in docs/guides of the package", page: "guides/README.md" },
  troubleshooting: { about: "by exit code: what it means, what to do", page: "guides/troubleshooting.md" },
  security: { about: "secrets and personal data", page: "guides/security.md" },
  moving: { about: "from Data Loader, SFDMU, dataloader.io", page: "guides/moving.md" },
  sandbox: { about: "the local Salesforce, HubSpot and SFTP", page: "sandbox.md" },
  faults: { about: "breaking the sandbox", page: "sandbox.md", heading: "Faults" },
};

/** Markdown; undefined for what is no topic, no function and no key of a file. A name may be a function's and a key's. */
export function findTopic(name: string): string | undefined {
  const topic = topics[name];
  if (topic !== undefined) {
    const page = readDocument(topic.page);
    return topic.heading === undefined ? page : `# ${topic.heading}\n\n${sectionOf(page, topic.heading)}`;
  }
  const found = [findFunction(name), findKey(name)].filter((text) => text !== undefined);
  return found.length === 0 ? undefined : found.join("\n\n");
}

export interface FunctionHelp {
  name: string;
  signature: string;
  examples: { call: string; gives: string }[];
  about: string;
}

/** The tables of docs/functions.md. An operator's name stands in brackets behind it; a row without a name has one more example. */
export function listFunctions(): FunctionHelp[] {
  const code = (cell = "") => cell.replace(/^`/, "").replace(/`$/, "");
  const functions: FunctionHelp[] = [];
  for (const [signature = "", call, gives, about = ""] of rowsOf(readDocument("functions.md"))) {
    const example = { call: code(call), gives: code(gives) };
    if (signature === "") functions.at(-1)?.examples.push(example);
    else {
      const name = /\(([!~*]+)\)`$/.exec(signature)?.[1] ?? /\w+/.exec(signature)?.[0] ?? "";
      functions.push({ name, signature: code(signature), examples: [example], about });
    }
  }
  return functions;
}

function findFunction(name: string): string | undefined {
  const wanted = name.replace(/\(.*\)$/, "").toLowerCase();
  const found = listFunctions().find((one) => one.name === wanted);
  if (found === undefined) return undefined;
  const { signature, about, examples } = found;
  const shown = examples.map(({ call, gives }) => `    ${call}\n    → ${gives}`).join("\n\n");
  return `# ${signature}\n\n${about}\n\n${shown}`;
}

/** A key of a job or of connections.yaml, with the keys below it. */
function findKey(name: string): string | undefined {
  const keyOf = (row: string[]) => (row[0] ?? "").replaceAll("`", "");
  const rows = rowsOf(readDocument("job-file.md")).filter((row) => row.length === 4);
  const found = rows.filter((row) => keyOf(row) === name || keyOf(row).startsWith(`${name}.`));
  if (found.length === 0) return;
  const escaped = (cell: string) => cell.replaceAll("|", "\\|");
  const table = found.map((row) => `| ${row.map(escaped).join(" | ")} |`).join("\n");
  return `| key | meaning | default | example |\n|---|---|---|---|\n${table}`;
}

/** What `help` could mean, for a did-you-mean. */
export function knownTopics(): string[] {
  return [...Object.keys(topics), ...listFunctions().map(({ name }) => name)];
}
