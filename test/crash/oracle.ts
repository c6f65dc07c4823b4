// What the org must hold once a load has ended, computed from the input file alone and compared with the org's dump.
// In: the input CSV, the records that were there before, the dump, the JSON summary. Out: a list of discrepancies.
// What must hold: nothing here is loadline's code, and nothing is read from its ledger; an empty list means that no
// row is lost, doubled or wrong, that no row was sent twice, and that the summary's counts add up.

import { isHubSpot, kindOf, type LoadMode } from "./load.ts";

export interface Verdict {
  /** Expected records that are not there. */
  lost: string[];
  /** Expected records that are there more than once. */
  doubled: string[];
  /** Fields that hold something else, and records that nobody asked for. */
  wrong: string[];
  /** Sums of the summary that don't come out, or don't agree with the org. */
  counts: string[];
}

export interface OracleInput {
  mode: LoadMode;
  csv: string;
  /** The field that names a record. */
  key: string;
  /** Records that were there before the load, by key: field to value. */
  before: ReadonlyMap<string, Readonly<Record<string, unknown>>>;
  dump: readonly Readonly<Record<string, unknown>>[];
  /** The org's jobs: kind and recordsProcessed. */
  jobs: readonly Readonly<Record<string, unknown>>[];
  /** A second plan was made after the first had begun to load: it sends again what the org refused. */
  replanned: boolean;
  /** Rows that the org was made not to take, each time it was made so. */
  untaken?: number;
  /** Rows that the CSV leaves out because their records are others' by now: each is a conflict. */
  held?: number;
  /** Counts of the stream that finished the load, where it told them. */
  counts?: Readonly<Record<string, unknown>>;
}

export function judge(input: OracleInput): Verdict {
  const expected = expectedRecords(input);
  const found = new Map<string, Readonly<Record<string, unknown>>[]>();
  for (const record of input.dump) {
    if (record["IsDeleted"] === true) continue;
    const key = String(record[input.key]);
    found.set(key, [...(found.get(key) ?? []), record]);
  }
  const verdict: Verdict = { lost: [], doubled: [], wrong: [], counts: [] };
  for (const [key, fields] of expected) {
    const records = found.get(key) ?? [];
    if (records.length === 0) verdict.lost.push(key);
    if (records.length > 1) verdict.doubled.push(key);
    for (const record of records) verdict.wrong.push(...differences(key, fields, record));
  }
  for (const key of found.keys()) if (!expected.has(key)) verdict.wrong.push(`${key}: nobody asked for this record`);
  verdict.counts.push(...checkSends(input));
  if (input.counts !== undefined) verdict.counts.push(...checkCounts(input, input.counts));
  return verdict;
}

export function isClean(verdict: Verdict): boolean {
  return Object.values(verdict).every((list) => list.length === 0);
}

interface InputRow {
  id: string;
  first: string;
  last: string;
  email: string;
  amount: string;
}

function inputRows(csv: string): InputRow[] {
  return parseCsv(csv)
    .slice(1)
    .map(([id = "", first = "", last = "", email = "", amount = ""]) => ({ id, first, last, email, amount }));
}

/** A row without a last name is rejected by the job, one whose email has no @ by the org (in brackets, whose rules are the org's alone). */
const isRejected = (row: InputRow) => row.last === "";
const isRefused = (row: InputRow) => row.email !== "" && !row.email.includes("@");

function expectedRecords({ mode, csv, before }: OracleInput): Map<string, Record<string, unknown>> {
  const records = new Map<string, Record<string, unknown>>([...before].map(([key, fields]) => [key, { ...fields }]));
  if (kindOf(mode) === "delete") {
    for (const { id } of inputRows(csv)) records.delete(id);
    return records;
  }
  for (const row of inputRows(csv).filter((row) => !isRejected(row) && !isRefused(row))) {
    const present = records.get(row.id) ?? { FirstName: null, Email: null, Amount__c: null };
    records.set(row.id, {
      ...present,
      LastName: row.last,
      ...(row.first === "" ? {} : { FirstName: row.first }),
      ...(row.email === "" ? {} : { Email: row.email.toLowerCase() }),
      ...(row.amount === "" ? {} : { Amount__c: Number(row.amount) }),
    });
  }
  return records;
}

function differences(
  key: string,
  fields: Record<string, unknown>,
  record: Readonly<Record<string, unknown>>,
): string[] {
  return Object.entries(fields)
    .filter(([name, value]) => record[name] !== value)
    .map(([name, value]) => `${key}: ${name} is ${JSON.stringify(record[name])}, not ${JSON.stringify(value)}`);
}

/**
 * Rows that the org's jobs have worked on: a row that was sent twice shows here even where the key hides it. What goes by
 * collections, or to HubSpot, may be sent twice, and is not counted.
 */
function checkSends(input: OracleInput): string[] {
  const worked = input.jobs
    .filter(({ kind }) => kind === "ingest")
    .reduce((sum, job) => sum + Number(job["recordsProcessed"]), 0);
  const changed = changedRows(input).filter(({ id }) => {
    if (input.mode === "collections" || isHubSpot(input.mode)) return false;
    return input.mode !== "upsert" || !input.before.has(id);
  });
  const again = input.replanned && input.mode !== "delete" ? changed.filter(isRefused).length : 0;
  const wanted = changed.length + (input.untaken ?? 0);
  if (worked === wanted || worked === wanted + again) return [];
  return [`the org worked on ${worked} rows, ${wanted} had to be sent`];
}

function changedRows({ mode, csv, before }: OracleInput): InputRow[] {
  if (kindOf(mode) === "delete") return inputRows(csv).filter(({ id }) => before.has(id));
  return inputRows(csv).filter((row) => {
    if (isRejected(row)) return false;
    const present = before.get(row.id);
    if (present === undefined) return true;
    const same = (value: string, field: string) => value === "" || value === String(present[field]);
    return !(
      same(row.first, "FirstName") &&
      same(row.last, "LastName") &&
      same(row.email.toLowerCase(), "Email") &&
      (row.amount === "" || Number(row.amount) === present["Amount__c"])
    );
  });
}

function checkCounts(input: OracleInput, told: Readonly<Record<string, unknown>>): string[] {
  const problems: string[] = [];
  const sum = (...names: string[]) => names.reduce((total, name) => total + Number(told[name]), 0);
  const expect = (what: string, actual: number, wanted: number) => {
    if (actual !== wanted) problems.push(`${what}: ${actual}, not ${wanted}`);
  };
  const rows = inputRows(input.csv);
  const changed = changedRows(input);
  expect(
    "extracted and where its rows went",
    sum("filtered", "duplicates", "rejected", "unmatched", "creates", "updates", "deletes", "unchanged", "conflicts"),
    sum("extracted"),
  );
  expect(
    "loaded + failed + inDoubt",
    sum("loaded", "failed", "inDoubt"),
    sum("creates", "updates", "deletes", "mirrorDeletes"),
  );
  expect("extracted", sum("extracted"), rows.length + (input.held ?? 0));
  expect("conflicts", sum("conflicts"), input.held ?? 0);
  const known = changed.filter(({ id }) => input.before.has(id)).length;
  const deletes = kindOf(input.mode) === "delete";
  expect("rejected", sum("rejected"), deletes ? 0 : rows.filter(isRejected).length);
  expect("failed", sum("failed"), deletes ? 0 : changed.filter(isRefused).length);
  expect("creates", sum("creates"), changed.length - known);
  expect("updates", sum("updates"), deletes ? 0 : known);
  expect("deletes", sum("deletes"), deletes ? known : 0);
  expect("inDoubt", sum("inDoubt"), 0);
  return problems;
}

/** RFC 4180, all of it that the inputs use: quoted cells, doubled quotes, line breaks in cells. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at];
    if (quoted && character === '"' && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (character === '"') quoted = !quoted;
    else if (quoted || (character !== "," && character !== "\n")) cell += character;
    else {
      row.push(cell);
      cell = "";
      if (character === ",") continue;
      rows.push(row);
      row = [];
    }
  }
  return rows;
}
