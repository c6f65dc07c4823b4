// Holds the import rules of docs/design.md: which way imports go, and the one door to each thing that is dangerous or
// that a test wants to own. In: the text of src/. A rule names its exceptions with a reason; one that is not needed any
// more fails too, so that the list only gets shorter.

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));

interface SourceFile {
  /** Path below src/. */
  path: string;
  text: string;
  /** The text without comments. */
  code: string;
  imports: Import[];
}

interface Import {
  /** As written, or, where it is a file of ours, its path below src/. */
  what: string;
  kind: "value" | "type" | "dynamic";
}

const files: SourceFile[] = readdirSync(root, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .sort()
  .map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    const code = text.replaceAll(/\/\*[\s\S]*?\*\//g, "").replaceAll(/(?<![:"'`\\])\/\/.*$/gm, "");
    return { path, text, code, imports: importsOf(path, code) };
  });

function importsOf(path: string, code: string): Import[] {
  const statements = code.matchAll(/^(?:import|export)\s+(type\s)?(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm);
  const dynamic = code.matchAll(/\bimport\("([^"]+)"\)/g);
  return [
    ...[...statements].map(
      ([, type, what = ""]) => ({ what: resolve(path, what), kind: type === undefined ? "value" : "type" }) as const,
    ),
    ...[...dynamic].map(([, what = ""]) => ({ what: resolve(path, what), kind: "dynamic" }) as const),
  ];
}

function resolve(from: string, what: string): string {
  return what.startsWith(".") ? normalize(join(dirname(from), what)) : what;
}

const isOurs = (what: string) => what.endsWith(".ts");
/** The part of src/ that a file belongs to: its folder, or itself where it lies at the top. pipeline.ts is pipeline. */
const partOf = (path: string) => (path.includes("/") ? path.slice(0, path.indexOf("/")) : path.replace(/\.ts$/, ""));

const steps = ["extract", "stage", "transform", "validate", "diff", "load", "checkpoint"];
const leaves = ["core", "version", "values"];

/** One function each that reads a file of the package. */
const readers = ["version", "documents"];

/** What each part may import, itself aside. */
const allowed: Record<string, string[]> = {
  core: [],
  version: [],
  documents: [],
  help: ["core", "documents"],
  formats: ["core"],
  values: ["core"],
  job: [...leaves, "formats", "values"],
  report: leaves,
  http: leaves,
  notify: [...leaves, "job", "report", "http"],
  sandbox: leaves,
  ...Object.fromEntries(steps.map((step) => [step, ["core", "formats", "values", "job", "contract"]])),
  contract: ["core", "values", "job"],
  connectors: [...leaves, "formats", "values", "job", "http", "contract"],
  telemetry: [...leaves, "job", "report", "http", "notify"],
  pipeline: [...leaves, "formats", "values", "job", "report", "http", "connectors", "contract", ...steps],
  commands: [...leaves, "help", "job", "report", "telemetry", "pipeline", "sandbox", "checkpoint", "notify"],
  cli: [...leaves, "help", "report", "commands"],
  start: [],
};

/** The rooms of src/pipeline/, from the top of the way to its foundations, each with the file that a reader opens first. */
const rooms: Record<string, string> = {
  tools: "pipeline/tools/check-job.ts",
  runs: "pipeline/runs/runs.ts",
  "pipeline.ts": "pipeline.ts",
  apply: "pipeline/apply/apply-stream.ts",
  rollback: "pipeline/rollback/rollback-stream.ts",
  "plan-stream.ts": "pipeline/plan-stream.ts",
  reconcile: "pipeline/reconcile/take-drift.ts",
  settle: "pipeline/settle/settle-stream.ts",
  load: "pipeline/load/load-stream.ts",
  extract: "pipeline/extract/extract-stream.ts",
  rows: "pipeline/rows/rejects.ts",
  guards: "pipeline/guards/judge-plan.ts",
  batches: "pipeline/batches/write-batches.ts",
  diff: "pipeline/diff/diff-stream.ts",
  lookups: "pipeline/lookups/resolve-lookup.ts",
  stage: "pipeline/stage/stage-stream.ts",
  shape: "pipeline/shape/shape.ts",
  compile: "pipeline/compile/compile-stream.ts",
  run: "pipeline/run/context.ts",
};

const isPipeline = (path: string) => partOf(path) === "pipeline";
const pipelineFiles = files.map(({ path }) => path).filter(isPipeline);
/** A folder of src/pipeline/, or a file that lies flat. */
const roomOf = (path: string) => path.split("/")[1] ?? path;

/** Fails with the offences that no exception covers, and with exceptions that cover nothing. */
function expectOnly(offences: readonly string[], exceptions: Record<string, string> = {}): void {
  expect([...offences].sort()).toEqual(Object.keys(exceptions).sort());
}

function offencesOf(offends: (file: SourceFile, imported: Import) => boolean): string[] {
  const found = files.flatMap((file) =>
    file.imports.filter((imported) => offends(file, imported)).map(({ what }) => `${file.path} imports ${what}`),
  );
  return [...new Set(found)];
}

/** Files whose code matches, those behind the door aside. */
function outside(door: readonly string[], pattern: RegExp): string[] {
  return files.filter(({ path, code }) => !isBehind(door, path) && pattern.test(code)).map(({ path }) => path);
}

/** A door is a file, or a folder with a slash at its end. */
function isBehind(door: readonly string[], path: string): boolean {
  return door.some((place) => (place.endsWith("/") ? path.startsWith(place) : path === place));
}

/** Groups of files that import each other in a circle (Tarjan's strongly connected components). */
function findCycles(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const open: string[] = [];
  const cycles: string[][] = [];
  const visit = (path: string): void => {
    order.set(path, order.size);
    lowest.set(path, order.get(path) ?? 0);
    open.push(path);
    for (const next of imports.get(path) ?? []) {
      if (!imports.has(next)) continue;
      if (!order.has(next)) visit(next);
      const reached = open.includes(next) ? (lowest.get(next) ?? 0) : Number.POSITIVE_INFINITY;
      lowest.set(path, Math.min(lowest.get(path) ?? 0, reached));
    }
    if (lowest.get(path) !== order.get(path)) return;
    const group = open.splice(open.indexOf(path));
    if (group.length > 1) cycles.push(group.sort());
  };
  for (const path of imports.keys()) if (!order.has(path)) visit(path);
  return cycles;
}

test("the rules read real imports", () => {
  const pipeline = files.find(({ path }) => path === "pipeline.ts");
  expect(pipeline?.imports).toContainEqual({ what: "core/failpoint.ts", kind: "value" });
  expect(pipeline?.imports).toContainEqual({ what: "checkpoint/ledger.ts", kind: "type" });
  const client = files.find(({ path }) => path === "connectors/salesforce/client.ts");
  expect(client?.imports).toContainEqual({ what: "jsforce/lib/core.js", kind: "dynamic" });
  const targets = files.flatMap(({ imports }) => imports.map(({ what }) => what)).filter(isOurs);
  expect(targets.filter((what) => !files.some(({ path }) => path === what))).toEqual([]);
});

describe("imports", () => {
  test("go cli → commands → pipeline → steps → core", () => {
    expect(Object.keys(allowed).sort()).toEqual([...new Set(files.map(({ path }) => partOf(path)))].sort());
    const offends = (file: SourceFile, { what }: Import) => {
      const from = partOf(file.path);
      return isOurs(what) && partOf(what) !== from && !allowed[from]?.includes(partOf(what));
    };
    expectOnly(offencesOf(offends), {
      "connectors/duckdb/client.ts imports stage/engine.ts": "the one door to DuckDB, whose file is the source here",
    });
  });

  test("never lead back to the file that they start from, by types neither", () => {
    const imports = new Map(files.map((file) => [file.path, [...new Set(file.imports.map(({ what }) => what))]]));
    expect(findCycles(imports)).toEqual([]);
    expect(findCycles(new Map([...imports, ["core/model.ts", ["pipeline.ts"]]]))).toHaveLength(1);
  });

  test("of a step never lead to another step or to a connector", () => {
    const offends = (file: SourceFile, { what }: Import) =>
      steps.includes(partOf(file.path)) &&
      isOurs(what) &&
      [...steps, "connectors"].includes(partOf(what)) &&
      partOf(what) !== partOf(file.path);
    expectOnly(offencesOf(offends));
  });

  test("name a connector only in connectors/registry.ts", () => {
    const offends = (file: SourceFile, { what }: Import) =>
      what.startsWith("connectors/") &&
      what !== "connectors/registry.ts" &&
      !["connectors/kit", "connectors/sql"].includes(dirname(what)) &&
      file.path !== "connectors/registry.ts" &&
      dirname(file.path) !== dirname(what);
    expectOnly(offencesOf(offends));
  });

  test("of the pipeline's rooms go down the way, never back", () => {
    expect([...new Set(pipelineFiles.map(roomOf))].sort()).toEqual(Object.keys(rooms).sort());
    const floors = Object.keys(rooms);
    const offends = ({ path }: SourceFile, { what }: Import) =>
      isPipeline(path) && isPipeline(what) && floors.indexOf(roomOf(what)) < floors.indexOf(roomOf(path));
    expectOnly(offencesOf(offends));
  });

  test("of transform, validate and diff touch nothing outside the process", () => {
    const pure = ["transform", "validate", "diff"];
    // node:url reads texts.
    const offends = (file: SourceFile, { what }: Import) =>
      pure.includes(partOf(file.path)) &&
      ((what.startsWith("node:") && what !== "node:url") || what === "core/files.ts");
    expectOnly(offencesOf(offends));
  });

  test("of values write SQL and touch nothing else", () => {
    expectOnly(offencesOf(({ path }, { what }) => partOf(path) === "values" && what.startsWith("node:")));
  });

  test("load a command only when it runs", () => {
    const offends = (file: SourceFile, { what, kind }: Import) =>
      partOf(file.path) === "cli" && partOf(what) === "commands" && kind === "value";
    expectOnly(offencesOf(offends));
  });
});

/** Who may import what: the door, and the modules behind it. */
const importDoors: { modules: RegExp; door: string[]; exceptions?: Record<string, string> }[] = [
  { modules: /^@duckdb\//, door: ["stage/engine.ts"] },
  { modules: /^node:sqlite$/, door: ["core/sqlite.ts"] },
  { modules: /^node:https?$/, door: ["http/", "sandbox/"] },
  {
    modules: /^node:(net|tls|dgram|dns)/,
    door: ["http/", "sandbox/"],
    exceptions: { "core/loopback.ts imports node:net": "isIP: it opens nothing" },
  },
  { modules: /^jsforce/, door: ["connectors/salesforce/"] },
  { modules: /^@jetstreamapp\//, door: ["sandbox/"] },
  { modules: /^nodemailer/, door: ["notify/email.ts"] },
  { modules: /^commander$/, door: ["cli.ts", "cli/"] },
  { modules: /^cli-progress$/, door: ["report/"] },
  { modules: /^yaml$/, door: ["job/", "sandbox/schema-file.ts"] },
  { modules: /^node:child_process$/, door: ["pipeline/runs/rehearsal.ts", "report/pager.ts"] },
  { modules: /^(node:)?(worker_threads|cluster|vm)$/, door: ["start.ts"] },
];

describe("one door", () => {
  test.each(importDoors)("to $modules: $door", ({ modules, door, exceptions }) => {
    const offends = (file: SourceFile, { what }: Import) => modules.test(what) && !isBehind(door, file.path);
    expectOnly(offencesOf(offends), exceptions);
  });

  test("to CSV: csv-parse explains and cuts records, csv-stringify writes files for people", () => {
    const door = [
      "core/record-file.ts",
      "extract/",
      "formats/",
      "load/whole-file.ts",
      "stage/",
      "pipeline/",
      "connectors/",
      "commands/",
    ];
    expectOnly(offencesOf(({ path }, { what }) => /^csv-/.test(what) && !isBehind(door, path)));
  });

  test("to the clock", () => {
    expectOnly(outside(["core/clock.ts"], /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b/));
  });

  test("to randomness", () => {
    expectOnly(outside(["core/random.ts"], /\bMath\.random\b|\brandom(Bytes|UUID|Int|FillSync)\b|getRandomValues/));
  });

  test("to the terminal", () => {
    const exceptions = { "cli.ts": "hears that the reader of stdout went away" };
    expectOnly(outside(["report/output.ts"], /\bprocess\.(stdout|stderr|stdin)\b|\bconsole\./), exceptions);
  });

  test("to the process: its arguments and its end", () => {
    expectOnly(outside(["cli.ts"], /\bprocess\.(exit|argv|abort|exitCode)\b/), {
      "pipeline/runs/rehearsal.ts": "starts the program that it is part of",
      "start.ts": "keeps the code of a command under its name",
    });
  });

  test("to each dependency: what package.json names is imported, and nothing else", () => {
    const { dependencies, peerDependencies } = JSON.parse(
      readFileSync(join(root, "../package.json"), "utf8"),
    ) as Record<"dependencies" | "peerDependencies", Record<string, string>>;
    const imported = files
      .flatMap(({ imports }) => imports.map(({ what }) => what))
      .filter((what) => !isOurs(what) && !what.startsWith("node:"))
      .map((what) => /^(@[^/]+\/)?[^/]+/.exec(what)?.[0] ?? what);
    expect([...new Set(imported)].sort()).toEqual(Object.keys({ ...dependencies, ...peerDependencies }).sort());
  });

  test("to Node's modules: what is not imported is asked for by the HTTP client alone", () => {
    expectOnly(outside(["http/client.ts"], /\bgetBuiltinModule\b|\bcreateRequire\b/), {
      "start.ts": "gives the bundle what is not in it",
    });
  });

  test("to fetch: there is none", () => {
    expectOnly(outside([], /(?<![.\w])fetch\(/));
  });
});

describe("a system's name", () => {
  test("is tested only by its connector and by the reader of connections: elsewhere it is a capability", () => {
    const systems =
      /[!=]==\s*"(salesforce|hubspot|sftp)"|"(salesforce|hubspot|sftp)"\s*[!=]==|case "(salesforce|hubspot|sftp)"/;
    expectOnly(outside(["connectors/", "job/", "sandbox/"], systems));
  });
});

/** The file of each part that a reader opens first. */
const mainFiles = [
  "start.ts",
  "cli.ts",
  ...Object.values(rooms),
  "checkpoint/ledger.ts",
  "commands/globals.ts",
  "help/manual.ts",
  "connectors/registry.ts",
  "contract/connection.ts",
  "core/errors.ts",
  "diff/compare.ts",
  "extract/choose-files.ts",
  "formats/format.ts",
  "http/client.ts",
  "job/job.ts",
  "load/write.ts",
  "notify/notify.ts",
  "pipeline/runs/runs.ts",
  "report/events.ts",
  "sandbox/sandbox.ts",
  "stage/engine.ts",
  "telemetry/metrics.ts",
  "transform/mapping.ts",
  "validate/rules.ts",
  "values/value.ts",
];

describe("docs/design.md", () => {
  test("lays out the folders that there are", () => {
    const design = readFileSync(join(root, "../docs/design.md"), "utf8");
    const layout = design.slice(design.indexOf("## Layout"), design.indexOf("## Threat model"));
    const named = [...layout.matchAll(/(?:^|\s)(?:src\/)?([a-z-]+(?:\.ts|\/))(?=\s|$)/gm)].map(([, name = ""]) => name);
    const parts = [...new Set(files.map(({ path }) => partOf(path)))].filter((part) => !readers.includes(part));
    const wanted = [...parts, ...Object.keys(rooms)].filter((name) => name !== "pipeline" && !name.endsWith(".ts"));
    expect(wanted.filter((name) => !named.includes(`${name}/`) && !named.includes(`${name}.ts`))).toEqual([]);
    const folders = named.filter((name) => name.endsWith("/") && name !== "pipeline/");
    expect(folders.filter((name) => !wanted.includes(name.slice(0, -1)))).toEqual([]);
  });
});

describe("a file", () => {
  test("has at most 400 lines", () => {
    const others = ["test", "bench", "scripts"].flatMap((folder) => {
      const paths = readdirSync(join(root, "..", folder), { recursive: true, encoding: "utf8" });
      return paths.filter((path) => path.endsWith(".ts")).map((path) => join("..", folder, path));
    });
    const paths = [...files.map(({ path }) => path), ...others];
    expectOnly(paths.filter((path) => readFileSync(join(root, path), "utf8").split("\n").length > 401));
  });

  test("opens with a comment", () => {
    expectOnly(files.filter(({ text }) => !text.startsWith("// ")).map(({ path }) => path));
  });

  test("that is a folder's first says what comes in, what goes out and what holds", () => {
    const parts = [...new Set(files.map(({ path }) => partOf(path)))].filter((part) => !readers.includes(part));
    expect([...new Set(mainFiles.map(partOf))].sort()).toEqual(parts.sort());
    const opening = (path: string) => files.find((file) => file.path === path)?.text.match(/^(\/\/.*\n)+/)?.[0] ?? "";
    expectOnly(mainFiles.filter((path) => opening(path).trimEnd().split("\n").length < 2));
  });

  test("quotes paths in commands that can be pasted: pathInCommand", () => {
    // From the command to the end of the text, over its other parts, and in a text within one of these.
    const unquoted =
      /\bloadline [a-z$](?:\$\{(?:[^{}`]|`[^`]*`)*\}|[^`])*?\$\{(?:[^{}`]*`[^`]*\$\{)?(?:showPath\(|[\w.]*(?:file|path|folder)\}|[\w.]*name\}\.plan)/i;
    expect(files.filter(({ code }) => unquoted.test(code)).map(({ path }) => path)).toEqual([]);
    const isTold = (text: string) => unquoted.test(`\`loadline ${text.replaceAll("@", "$")}\``);
    const wrong = ["run @{path}", "run @{id},\n or @{job.file}", "apply @{name}.plan", "run@{to ? ` @{file}` : 1}"];
    expect([...wrong, "run @{pathInCommand(path)}` + `@{path}"].filter(isTold)).toEqual(wrong);
  });

  test("names no folder of helpers", () => {
    expectOnly(
      files.map(({ path }) => path).filter((path) => /manager|helper|utils?\b|handler|service|common/i.test(path)),
    );
  });
});
