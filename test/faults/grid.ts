// Faults at calls: which are tried (cells), how several are met in one load, and what a load that met them must show.
// In: cells of a system. Out: loads in which every cell is met once, and for each of them what is strange about its end.
// What must hold: `nth` of a fault counts all calls of its endpoint, those that are made again too.

import { type Lane, type LoadMode, resume } from "../crash/load.ts";
import { isClean } from "../crash/oracle.ts";
import { openVerb, type Verb } from "../crash/verbs.ts";

export const html = "<html><body>Sign in to the guest network</body></html>";

/** Faults that any system can have. */
export const usualFaults = {
  "503": { status: 503 },
  "500": { status: 500 },
  "reset before": { reset: "before" },
  "reset after": { reset: "after" },
  "broken body": { truncate_after: 7 },
  "200 with a page": { status: 200, body: html, headers: { "Content-Type": "text/html" } },
  "slow answer": { drip: 4000 },
} as const;

export interface Cell {
  mode: LoadMode;
  endpoint: string;
  fault: string;
}

export interface Grid {
  cells: readonly Cell[];
  /** As faults match calls. */
  endpoints: Readonly<Record<string, string>>;
  faults: Readonly<Record<string, object>>;
  /** Exit codes of the commands of a load that meets these. */
  codesOf(cells: readonly Cell[]): number[];
  /** Of modes whose endpoints all are called once for each batch: rows of a batch. The others have one batch. */
  batchRows: Readonly<Partial<Record<LoadMode, number>>>;
}

export function crossAll<Endpoint extends string, Fault extends string>(
  endpoints: Readonly<Record<Endpoint, unknown>>,
  faults: Readonly<Record<Fault, unknown>>,
): { endpoint: Endpoint; fault: Fault }[] {
  const names = Object.keys(faults) as Fault[];
  return (Object.keys(endpoints) as Endpoint[]).flatMap((endpoint) => names.map((fault) => ({ endpoint, fault })));
}

/** One action then: a fault's path is all that differs. */
const oneBatch = 100;
/** Of several batches: as many of an endpoint's calls meet a fault, each second one. */
const faultsOfEndpoint = 3;

/**
 * Each cell once, in as few loads as there can be: in a load each endpoint of its mode meets another fault, and where it is
 * called for several batches, more than one. What meets what is drawn.
 */
export function packCells(grid: Grid, draw: () => number): Cell[][] {
  return [...new Set(grid.cells.map(({ mode }) => mode))].flatMap((mode) => {
    const ofMode = grid.cells.filter((cell) => cell.mode === mode);
    const at = grid.batchRows[mode] === undefined ? 1 : faultsOfEndpoint;
    const loads: Cell[][] = [];
    for (const endpoint of new Set(ofMode.map((cell) => cell.endpoint))) {
      const drawn = shuffle(
        ofMode.filter((cell) => cell.endpoint === endpoint),
        draw,
      );
      for (const [index, cell] of drawn.entries()) {
        const load = Math.floor(index / at);
        loads[load] = [...(loads[load] ?? []), cell];
      }
    }
    return loads;
  });
}

export function shuffle<T>(items: readonly T[], draw: () => number): T[] {
  return items
    .map((item) => [draw(), item] as const)
    .sort(([left], [right]) => left - right)
    .map(([, item]) => item);
}

export interface Outcome {
  codes: (number | null)[];
  verdict: unknown;
  /** Calls of each endpoint. */
  calls: Record<string, number>;
}

/** A load that meets the cells, which are of one mode. */
export async function meet(
  grid: Grid,
  lane: Lane,
  mode: LoadMode,
  cells: readonly Cell[],
  verb: Verb = "run",
): Promise<Outcome> {
  await using load = await openVerb(lane, verb, mode, grid.batchRows[mode] ?? oneBatch);
  await lane.sandbox.setFaults(placeFaults(grid, cells));
  const before = await callsOf(lane);
  let last = await load.run(load.begin);
  const codes = [last.code];
  if (last.code !== 0) {
    last = await load.run(resume);
    codes.push(last.code);
  }
  const told = last.code === 0 && last.stdout !== "" ? { last } : {};
  const verdict = await load.judge({ replanned: false, ...told });
  return { codes, verdict, calls: callsBetween(grid, before, await callsOf(lane)) };
}

/** The first fault of an endpoint is at its first call, the second at its third, and so on. */
function placeFaults({ endpoints, faults }: Grid, cells: readonly Cell[]): object[] {
  const placed = new Map<string, number>();
  return cells.map(({ endpoint, fault }) => {
    const earlier = placed.get(endpoint) ?? 0;
    placed.set(endpoint, earlier + 1);
    return { match: endpoints[endpoint], nth: [2 * earlier + 1], do: faults[fault] };
  });
}

/** Of both systems. */
async function callsOf({ sandbox }: Lane): Promise<Record<string, number>> {
  const { body } = await sandbox.hubspotApi("GET", "/__sandbox/calls");
  return { ...(await sandbox.calls()), ...(body as Record<string, number>) };
}

function callsBetween(
  { endpoints }: Grid,
  before: Record<string, number>,
  after: Record<string, number>,
): Outcome["calls"] {
  const sum = (calls: Record<string, number>, match: string) => {
    const pattern = new RegExp(`^${match.replaceAll("*", "[^/]+")}$`);
    return Object.entries(calls).reduce((total, [name, count]) => total + (pattern.test(name) ? count : 0), 0);
  };
  return Object.fromEntries(
    Object.entries(endpoints).map(([name, match]) => [name, sum(after, match) - sum(before, match)]),
  );
}

/** A fault costs an endpoint one call more at most (its own, or those of a new job or session); and a poll or two. */
const callsMore = 2;

/**
 * For the gate, by turns: each call meets every second fault. What a fault leaves unknown is judged in one place for all
 * calls (src/http/outcome.ts), and of each kind (not sent, refused, unknown, no answer of the system) there are several
 * faults, so that each call meets each kind. `npm run faults:matrix` tries them all.
 */
export function sampleCells(grid: Grid): Grid {
  const endpoints = Object.keys(grid.endpoints);
  const faults = Object.keys(grid.faults);
  const cells = grid.cells.filter(({ endpoint, fault }) => {
    return (endpoints.indexOf(endpoint) + faults.indexOf(fault)) % 2 === 0;
  });
  return { ...grid, cells };
}

/** What is wrong with a load that met the cells, or undefined. `usual`: the calls of an undisturbed one. */
export function complain(
  grid: Grid,
  cells: readonly Cell[],
  { codes, verdict, calls }: Outcome,
  usual: Outcome["calls"],
): string | undefined {
  const wrong: string[] = [];
  if (String(codes) !== String(grid.codesOf(cells))) wrong.push(`exit codes ${codes}`);
  if (!isClean(verdict as never)) wrong.push(JSON.stringify(verdict));
  for (const [endpoint, count] of Object.entries(calls)) {
    const faults = cells.filter((cell) => cell.endpoint === endpoint).length;
    // A fault that no call met proves nothing.
    if (count < 2 * faults - 1) wrong.push(`${endpoint} was called ${count} times`);
    const most = (usual[endpoint] ?? 0) + cells.length + callsMore;
    if (count > most) wrong.push(`${endpoint} was called ${count} times, ${usual[endpoint]} times without a fault`);
  }
  if (wrong.length === 0) return undefined;
  const met = cells.map(({ endpoint, fault }) => `${fault} at ${endpoint}`).join(", ");
  return `${cells[0]?.mode}, ${met}: ${wrong.join("; ")}`;
}
