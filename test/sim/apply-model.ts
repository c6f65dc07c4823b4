// A plan that is applied after others were at work, as a model. In: a seed. Out: what the org holds, the rows of the source,
// what others do between plan and apply, and what must be there afterwards, with which rows are held as conflicts.
// Nothing here is loadline's code. What is not drawn: parents whose own key another changes (their children are then
// named by what is there no more), companies of HubSpot that come or go, records of the same second (their version does not tell them apart).

import { seededFraction } from "../../src/core/random.ts";
import { addLink, isLinked, writeLink } from "./apply-links.ts";

export type System = "salesforce" | "hubspot";
export type Mode = "insert" | "update" | "upsert" | "delete" | "mirror";
export type StreamName = "accounts" | "contacts";

export const fieldsOf = {
  accounts: ["last", "phone"],
  contacts: ["last", "phone", "title", "account"],
} as const;

/** By field; "" is blank. `note` is in no map. */
export type Values = Record<string, string>;

export interface Held {
  /** Of the model; the org has ids of its own. */
  uid: number;
  stream: StreamName;
  key: string;
  values: Values;
  isGone: boolean;
}

export interface Row {
  key: string;
  /** A blank cell says nothing. */
  cells: Values;
}

/** What another does. */
export type Deed =
  | { kind: "edit"; uid: number; field: string; value: string }
  | { kind: "rekey"; uid: number; key: string }
  | { kind: "delete"; uid: number }
  | { kind: "make"; stream: StreamName; uid: number; key: string; values: Values }
  | { kind: "merge"; uid: number; into: number; made: number };

export interface History {
  seed: number;
  system: System;
  mode: Mode;
  flags: { onConflict?: "hold" | "overwrite" | "fail"; strict?: true };
  /** The plan is applied by its file. */
  isCarried: boolean;
  /** Contacts are known by two fields together: the letters of their key, and its number. */
  isPair: boolean;
  /** What a row of HubSpot is joined to takes the place of what its record was joined to. */
  replaces: boolean;
  /** apply: of a kept plan; resume: of a run that was killed before it sent anything. */
  by: "apply" | "resume";
  streams: StreamName[];
  rows: Record<StreamName, Row[]>;
  present: Held[];
  deeds: Deed[];
}

export interface Outcome {
  records: Held[];
  /** Rows and, of mirror, records that are not written, by stream: their keys. */
  conflicts: Record<StreamName, string[]>;
  /** Rows that the org refuses, for what they name is gone. */
  failed: Record<StreamName, number>;
  loaded: Record<StreamName, number>;
  /** Records that nothing may have touched. */
  untouched: number[];
  isRefused: boolean;
}

const letters = ["a", "b", "c"];

class Draw {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededFraction(seed);
  }

  isTrue(share: number): boolean {
    return this.#next() < share;
  }

  from<T>(list: readonly T[]): T {
    const one = list[Math.floor(this.#next() * list.length)];
    if (one === undefined) throw new Error("nothing to draw from");
    return one;
  }
}

export function drawHistory(
  seed: number,
  only: { by?: History["by"]; isQuiet?: boolean; isPlain?: boolean } = {},
): History {
  const draw = new Draw(seed);
  const system = draw.from<System>(["salesforce", "hubspot"]);
  const mode = draw.from<Mode>(["upsert", "upsert", "mirror", "mirror", "update", "delete", "insert"]);
  const hasParents = draw.isTrue(0.6) && (system === "salesforce" || only.isPlain !== true);
  const streams: StreamName[] = hasParents ? ["accounts", "contacts"] : ["contacts"];
  const by = only.by ?? "apply";
  const present: Held[] = [];
  const add = (stream: StreamName, key: string, values: Values) =>
    present.push({ uid: present.length, stream, key, values, isGone: false });
  const accountKeys = hasParents ? ["A0", "A1", "A2", "A3"] : [];
  const accountRows: Row[] = [];
  for (const key of accountKeys) {
    const isThere = draw.isTrue(0.7);
    if (isThere) add("accounts", key, { ...drawValues(draw, "accounts"), note: "n" });
    if (!isThere || draw.isTrue(0.6)) accountRows.push({ key, cells: drawCells(draw, "accounts", []) });
  }
  const contactRows: Row[] = [];
  const presentAccounts = present.map(({ key }) => key);
  for (let index = 0; index < 14; index += 1) {
    const key = `K${index}`;
    if (mode !== "insert" && draw.isTrue(0.7)) {
      const account = presentAccounts.length > 0 && draw.isTrue(0.6) ? draw.from(presentAccounts) : "";
      add("contacts", key, { ...drawValues(draw, "contacts"), account, note: "n" });
    }
    if (draw.isTrue(0.75)) contactRows.push({ key, cells: drawCells(draw, "contacts", accountKeys) });
  }
  if (contactRows.length === 0) contactRows.push({ key: "K0", cells: drawCells(draw, "contacts", accountKeys) });
  const strict = draw.isTrue(0.25);
  const onConflict = draw.from(["hold", "hold", "hold", "overwrite", "fail"] as const);
  const history: History = {
    seed,
    system,
    mode,
    flags: by === "resume" ? {} : { onConflict, ...(strict ? { strict: true } : {}) },
    isCarried: draw.isTrue(0.4),
    // Nothing proves whose a row of an insert is that has no key of its own.
    isPair: mode !== "insert" && draw.isTrue(0.3) && only.isPlain !== true,
    replaces: system === "hubspot" && hasParents && draw.isTrue(0.5),
    by,
    streams,
    rows: { accounts: accountRows, contacts: contactRows },
    present,
    deeds: [],
  };
  return only.isQuiet === true ? history : { ...history, deeds: drawDeeds(draw, history) };
}

function drawValues(draw: Draw, stream: StreamName): Values {
  return Object.fromEntries(
    fieldsOf[stream].map((field) => {
      if (field === "account") return [field, ""];
      return [field, field === "last" ? draw.from(letters) : draw.from([...letters, ""])];
    }),
  );
}

function drawCells(draw: Draw, stream: StreamName, accounts: readonly string[]): Values {
  const account = accounts.length > 0 && draw.isTrue(0.6) ? draw.from(accounts) : "";
  return { ...drawValues(draw, stream), ...(stream === "contacts" ? { account } : {}) };
}

function drawDeeds(draw: Draw, history: History): Deed[] {
  const { present, rows, streams, mode, system } = history;
  const deeds: Deed[] = [];
  let uid = present.length;
  /** Nothing more happens to these. */
  const fate = new Set<number>();
  for (const held of present) {
    if (!draw.isTrue(0.45) || fate.has(held.uid)) continue;
    const fields = [...fieldsOf[held.stream].filter((field) => field !== "account"), "note"];
    const drawn = draw.from(["edit", "edit", "edit", "edit", "move", "delete", "recreate", "rekey", "merge"]);
    const isJoined = system === "hubspot" && streams.length > 1;
    const stays = isJoined && (held.stream === "accounts" || drawn === "merge");
    const kind = stays ? "edit" : drawn;
    if (kind === "edit") {
      const field = draw.from(fields);
      const value = field === "last" ? draw.from([...letters, "d"]) : draw.from([...letters, "d", ""]);
      deeds.push({ kind: "edit", uid: held.uid, field, value });
    } else if (kind === "move" && held.stream === "contacts" && streams.length > 1) {
      const accounts = present.filter((one) => one.stream === "accounts" && !fate.has(one.uid));
      const value = accounts.length === 0 ? "" : draw.from(["", ...accounts.map(({ key }) => key)]);
      const isAdded = isJoined && value !== "" && draw.isTrue(0.5);
      const links = isAdded ? addLink(held.values["account"] ?? "", value) : value;
      deeds.push({ kind: "edit", uid: held.uid, field: "account", value: links });
    } else if (kind === "delete" || kind === "recreate") {
      deeds.push({ kind: "delete", uid: held.uid });
      // The contacts of an account go with it.
      for (const one of doDeeds(present, deeds, system)) if (one.isGone) fate.add(one.uid);
      if (kind === "delete") continue;
      deeds.push({
        kind: "make",
        stream: held.stream,
        uid,
        key: held.key,
        values: { ...drawValues(draw, held.stream), note: "" },
      });
      uid += 1;
    } else if (kind === "rekey" && held.stream === "contacts") {
      deeds.push({ kind: "rekey", uid: held.uid, key: `X${held.key}` });
    } else if (kind === "merge" && held.stream === "contacts") {
      const others = present.filter((one) => one.stream === "contacts" && one !== held && !fate.has(one.uid));
      if (others.length === 0) continue;
      const into = draw.from(others).uid;
      deeds.push({ kind: "merge", uid: held.uid, into, made: uid });
      uid += 1;
      fate.add(held.uid);
      fate.add(into);
    }
  }
  for (const stream of streams) {
    const known = new Set(present.filter((one) => one.stream === stream).map(({ key }) => key));
    for (const { key } of rows[stream].filter((row) => !known.has(row.key))) {
      // HubSpot would refuse the row of an insert, and says so: that is no conflict.
      if (!draw.isTrue(0.3) || (system === "hubspot" && (mode === "insert" || stream === "accounts"))) continue;
      deeds.push({ kind: "make", stream, uid, key, values: { ...drawValues(draw, stream), note: "" } });
      uid += 1;
    }
  }
  return deeds;
}

/** What the org holds once others have been at work. */
export function doDeeds(present: readonly Held[], deeds: readonly Deed[], system: System): Held[] {
  const records = present.map((one) => ({ ...one, values: { ...one.values } }));
  const find = (uid: number): Held => {
    const one = records.find((record) => record.uid === uid);
    if (one === undefined) throw new Error(`no record ${uid}`);
    return one;
  };
  for (const deed of deeds) {
    if (deed.kind === "make") {
      records.push({
        uid: deed.uid,
        stream: deed.stream,
        key: deed.key,
        values: { account: "", ...deed.values },
        isGone: false,
      });
      continue;
    }
    const one = find(deed.uid);
    if (deed.kind === "edit") one.values[deed.field] = deed.value;
    if (deed.kind === "rekey") one.key = deed.key;
    if (deed.kind === "delete") {
      one.isGone = true;
      const isChild = ({ stream, values }: Held) =>
        one.stream === "accounts" && stream === "contacts" && values["account"] === one.key;
      for (const child of records.filter(isChild)) child.isGone = true;
    }
    if (deed.kind === "merge") {
      one.isGone = true;
      if (system !== "hubspot") continue;
      // HubSpot makes a new one of the two.
      const into = find(deed.into);
      into.isGone = true;
      const values = { ...into.values };
      for (const [field, value] of Object.entries(one.values)) if (values[field] === "") values[field] = value;
      records.push({ ...into, uid: deed.made, values, isGone: false });
    }
  }
  return records;
}

export interface Planned {
  stream: StreamName;
  key: string;
  action: "create" | "update" | "delete";
  uid?: number;
  changed: string[];
  after: Values;
}

/** What a plan of the history is to say. */
export function planOf(history: History): Planned[] {
  const { mode, streams, rows, present } = history;
  return streams.flatMap((stream) => {
    const way = stream === "accounts" ? "upsert" : mode;
    const found = new Map(present.filter((one) => one.stream === stream).map((one) => [one.key, one]));
    const planned = rows[stream].flatMap(({ key, cells }): Planned[] => {
      const record = found.get(key);
      const given = Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== ""));
      if (record === undefined || way === "insert")
        return way === "update" || way === "delete"
          ? []
          : [{ stream, key, action: "create", changed: Object.keys(given), after: given }];
      if (way === "delete") return [{ stream, key, action: "delete", uid: record.uid, changed: [], after: {} }];
      const changed = Object.keys(given).filter((field) => !isThere(history, record, field, given[field] ?? ""));
      return changed.length === 0 ? [] : [{ stream, key, action: "update", uid: record.uid, changed, after: given }];
    });
    if (way !== "mirror") return planned;
    const keys = new Set(rows[stream].map(({ key }) => key));
    const gone = [...found.values()].filter(({ key }) => !keys.has(key));
    return [
      ...planned,
      ...gone.map(({ key, uid }): Planned => ({ stream, key, action: "delete", uid, changed: [], after: {} })),
    ];
  });
}

function isThere(history: History, { values }: Held, field: string, value: string): boolean {
  const now = values[field] ?? "";
  return field === "account" ? isLinked(history, now, value) : now === value;
}

/** What must be there once the plan is applied. */
export function expectOutcome(history: History): Outcome {
  const { system, deeds } = history;
  const before = history.present;
  const records = doDeeds(before, deeds, system);
  // An association changes no record, and a job that only deletes reads none.
  const isSeen = (deed: Deed) =>
    history.mode !== "delete" || system === "salesforce" || deed.kind !== "edit" || deed.field !== "account";
  const touched = new Set(
    deeds.filter(isSeen).flatMap((deed) => (deed.kind === "merge" ? [deed.uid, deed.into] : [deed.uid])),
  );
  const outcome: Outcome = {
    records,
    conflicts: { accounts: [], contacts: [] },
    failed: { accounts: 0, contacts: 0 },
    loaded: { accounts: 0, contacts: 0 },
    untouched: [],
    isRefused: false,
  };
  const planned = planOf(history);
  const isHeld = (one: Planned) => isConflict(one, { history, records, touched });
  if (history.flags.onConflict === "fail" && planned.some(isHeld)) {
    return { ...outcome, untouched: records.map(({ uid }) => uid), isRefused: true };
  }
  const written = new Set<number>();
  let uid = 1000;
  for (const one of [...planned].sort((left, right) => orderOf(left) - orderOf(right))) {
    const { stream, key } = one;
    if (isHeld(one)) {
      outcome.conflicts[stream].push(key);
      continue;
    }
    const parent = one.changed.includes("account") ? one.after["account"] : undefined;
    const isOrphan =
      parent !== undefined &&
      !records.some((other) => other.stream === "accounts" && other.key === parent && !other.isGone);
    if (isOrphan) {
      outcome.failed[stream] += 1;
      continue;
    }
    outcome.loaded[stream] += 1;
    if (one.action === "create") {
      const values = { last: "", phone: "", title: "", account: "", note: "", ...one.after };
      records.push({ uid, stream, key, values, isGone: false });
      written.add(uid);
      uid += 1;
      continue;
    }
    const record = records.find((other) => other.uid === one.uid);
    if (record === undefined) throw new Error(`no record ${one.uid}`);
    written.add(record.uid);
    if (one.action === "delete") record.isGone = true;
    else
      for (const field of one.changed) {
        const value = one.after[field] ?? "";
        const was = before.find((other) => other.uid === record.uid)?.values["account"] ?? "";
        record.values[field] = field === "account" ? writeLink(history, was, record.values[field] ?? "", value) : value;
      }
  }
  return { ...outcome, untouched: records.map((record) => record.uid).filter((other) => !written.has(other)) };
}

/** Parents, children, deletes. */
function orderOf({ stream, action }: Planned): number {
  return action === "delete" ? 2 : stream === "accounts" ? 0 : 1;
}

interface Surroundings {
  history: History;
  records: readonly Held[];
  touched: ReadonlySet<number>;
}

function isConflict(one: Planned, { history, records, touched }: Surroundings): boolean {
  const { present: before, flags, mode } = history;
  if (one.action === "create") {
    if (mode === "insert" && one.stream === "contacts") return false;
    return records.some((other) => other.stream === one.stream && other.key === one.key && !other.isGone);
  }
  const was = before.find(({ uid }) => uid === one.uid);
  const is = records.find(({ uid }) => uid === one.uid);
  if (was === undefined || is === undefined) throw new Error(`no record ${one.uid}`);
  // It is no record of the row any more.
  if (is.isGone || is.key !== was.key) return true;
  if (flags.onConflict === "overwrite") return false;
  if (one.action === "delete") return touched.has(was.uid);
  return fieldsOf[one.stream].some((field) => {
    const isWritten = one.changed.includes(field);
    if (!isWritten && flags.strict !== true) return false;
    if (is.values[field] === was.values[field]) return false;
    return !(isWritten && isThere(history, is, field, one.after[field] ?? ""));
  });
}
