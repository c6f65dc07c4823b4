// Faults that a test or a rehearsal asks for: which request (or row) is hit, and what then happens to it.
// In: the JSON list of docs/design.md §8. Out: for each request, the action of the first rule that fires.
// Must hold: the same seed and the same requests in the same order give the same faults.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { usageFailure } from "../core/errors.ts";
import { seededFraction } from "../core/random.ts";

const faultAction = z.strictObject({
  /** Answer with this status and let the request have no effect. */
  status: z.int().min(100).max(599).optional(),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.json().optional(),
  /** Cut the connection before the request takes effect, or after it did and before the answer. */
  reset: z.enum(["before", "after"]).optional(),
  delay_ms: z.int().nonnegative().optional(),
  /** Send this many bytes of the answer's body, then cut the connection. */
  truncate_after: z.int().nonnegative().optional(),
  /** Send the answer's body at this many bytes a second. */
  drip: z.int().positive().optional(),
  /** Only with "match": "row <object>": the row fails with this text as its sf__Error. */
  rowError: z.string().optional(),
  /** Only with "match": "row <object>": the row is stamped that much earlier than it becomes visible. */
  backdate_ms: z.int().positive().optional(),
  /** The same, and nobody sees the row as written before POST /__sandbox/salesforce/commit-late. */
  commit_late_ms: z.int().nonnegative().optional(),
  /** Only with "match": "job <object>": the job fails with this text once so many of its rows are done. */
  jobError: z.string().optional(),
  afterRows: z.int().nonnegative().optional(),
  /** Only of SFTP: the request is answered with this status of the protocol (3: permission denied, 4: failure). */
  sftpStatus: z.int().min(1).max(8).optional(),
});

const faultList = z.array(
  z.strictObject({
    match: z.string().regex(/^\S+ \S+$/, 'must be "<method or *> <path glob>", "row <object>" or "job <object>"'),
    nth: z.array(z.int().positive()).optional(),
    times: z.int().positive().optional(),
    rate: z.number().min(0).max(1).optional(),
    do: faultAction,
  }),
);

export type FaultAction = z.infer<typeof faultAction>;

export interface Faults {
  /** Replaces all faults. Throws a Failure (exit 2) that names what is wrong with the list. */
  replace(list: unknown): void;
  /** Of each fault of the list, in its order: how often it has fired. */
  met(): number[];
  /** The action for a request, or undefined when none fires. Counts the request. */
  forRequest(method: string, path: string): FaultAction | undefined;
  /** The action for a written row of this object, or undefined. Counts the row. */
  forRow(object: string): FaultAction | undefined;
  /** The action for an ingest job on this object as its processing starts, or undefined. Counts the job. */
  forJob(object: string): FaultAction | undefined;
}

interface Rule {
  matches(method: string, path: string): boolean;
  fires(count: number): boolean;
  count: number;
  met: number;
  action: FaultAction;
}

export function createFaults(seed: number): Faults {
  let all: Rule[] = [];
  let requestRules: Rule[] = [];
  let rowRules: Rule[] = [];
  let jobRules: Rule[] = [];
  return {
    replace(list) {
      const parsed = faultList.safeParse(list);
      if (!parsed.success) throw usageFailure("the list of faults is wrong", { why: z.prettifyError(parsed.error) });
      const rules = parsed.data.map((fault, place) => ({ fault, rule: compileRule(fault, drawOf(seed, place)) }));
      const ofKind = (kind: string): Rule[] =>
        rules.filter(({ fault }) => kindOf(fault.match) === kind).map(({ rule }) => rule);
      all = rules.map(({ rule }) => rule);
      requestRules = ofKind("request");
      rowRules = ofKind("row");
      jobRules = ofKind("job");
    },
    met: () => all.map(({ met }) => met),
    forRequest: (method, path) => firstFiring(requestRules, method, path),
    forRow: (object) => (rowRules.length === 0 ? undefined : firstFiring(rowRules, "row", object)),
    forJob: (object) => firstFiring(jobRules, "job", object),
  };
}

/** Reads a faults file. Throws a Failure (exit 2) when it is not readable or not JSON. */
export function readFaultsFile(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw usageFailure("the faults file cannot be read", {
      where: { file: path },
      why: error instanceof Error ? error.message : String(error),
      cause: error,
    });
  }
}

function kindOf(match: string): string {
  return /^(?:row|job) /.exec(match)?.[0].trim() ?? "request";
}

/** Each rule draws for itself, so that what one hits does not depend on what another one is asked. */
function drawOf(seed: number, place: number): () => number {
  return seededFraction(Math.imul(seed, 0x9e3779b1) + Math.imul(place, 0x85ebca6b));
}

// Every matching rule counts the request, also behind one that fires: `nth` of a rule never depends on the others.
function firstFiring(rules: readonly Rule[], method: string, path: string): FaultAction | undefined {
  let action: FaultAction | undefined;
  for (const rule of rules) {
    if (!rule.matches(method, path)) continue;
    rule.count += 1;
    if (!rule.fires(rule.count) || action !== undefined) continue;
    rule.met += 1;
    action = rule.action;
  }
  return action;
}

function compileRule(fault: z.infer<typeof faultList>[number], draw: () => number): Rule {
  const [method = "*", glob = "**"] = fault.match.split(" ");
  const pattern = globPattern(glob);
  return {
    matches: (requestMethod, path) =>
      (method === "*" || method.toLowerCase() === requestMethod.toLowerCase()) && pattern.test(path),
    fires: (count) =>
      (fault.nth === undefined || fault.nth.includes(count)) &&
      (fault.times === undefined || count <= fault.times) &&
      (fault.rate === undefined || draw() < fault.rate),
    count: 0,
    met: 0,
    action: fault.do,
  };
}

// `*` stays inside one path segment, `**` crosses them; a trailing slash never matters.
function globPattern(glob: string): RegExp {
  const source = glob
    .replace(/(?<=.)\/$/, "")
    .split(/(\*\*|\*)/)
    .map((part) => (part === "**" ? ".*" : part === "*" ? "[^/]*" : part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`, "i");
}
