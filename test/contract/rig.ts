// A connector with its stand-in, as the suite wants it: what a person and chance do to the system, and a small table of
// what it can do. In: nothing. Out: a system that is empty. What must hold: no check knows which system it is.

/** What happens to a call of a stand-in: no answer before or after its effect, half of one, or another one instead. */
export type Mishap =
  | "cut before"
  | "cut after"
  | "cut within"
  /** What a gateway in between says, with status 200. */
  | "a page"
  | 500
  | 503
  /** Too many calls of this moment, in the system's own form; to be made again at once. */
  | "throttled"
  /** The calls of the day are used up, in the system's own form. */
  | "day's limit";

export type Call = "sign-in" | "describe" | "read" | "write";

/** What a check wants of the system that it is given. */
export interface RigRequest {
  /** Calls of the day, for all who call. */
  dailyCalls?: number;
  /** So few calls of some seconds, where the system counts them so, that a job of this suite must keep a pace. */
  isPaced?: boolean;
}

export interface ConnectorRig extends AsyncDisposable {
  /** Below `connections:`, indented by two; the connection is called `crm`. */
  connection: string;
  environment: Record<string, string>;
  object: string;
  /** What a job calls it; "object" where not said. */
  noun?: "object" | "table";
  /** The field that tells when a record changed, where a job must name it. */
  cursor?: string;
  /** Names of the fields: a unique key of text, and one of each type that the system has. */
  fields: { key: string; text: string; number: string; boolean: string; date: string; datetime: string };
  /** When one may come back after a day's limit, as `next` says it; absent where nobody counts the calls. */
  dayEnds?: RegExp;
  /** Characters that the text field takes, where the system counts them. */
  textMax?: number;
  /** The first instant that the system holds, where that is later than the year 1970 began. */
  firstInstant?: string;
  /** A value that the system refuses by itself: nothing that describe says condemns it. */
  refused: { field: string; value: string };
  /** What tells that a record was deleted, in an extraction with `deletes: emit`; absent where the system can't tell. */
  deletedColumn?: string;
  /** Where the system merges records: what tells into which, and how it is done. */
  merges?: { column: string; idColumn: string; merge(kept: string, merged: string): Promise<void> };
  /** Arguments of Node, before the name of a job file, for a process that is to be killed; the product's where not said. */
  program?: readonly string[];
  /** Steps at which one is killed in the gate: those of this connector. None where test/crash kills loads of it. */
  killedAt: readonly string[];
  /** Lets so much time pass for the stand-in, where it has a clock that is not this process's. */
  passTime?(ms: number): Promise<void>;

  /** A record as a person makes it, by the roles of its fields. */
  put(values: Values): Promise<void>;
  /** Records of one instant. */
  putTogether(records: readonly Values[]): Promise<void>;
  /** A record that shows only after `meanwhile`, with a time before it. */
  putLate(values: Values, meanwhile: () => Promise<void>): Promise<void>;
  change(key: string, values: Values): Promise<void>;
  remove(key: string): Promise<void>;
  /** Live records by key, values by the roles of their fields, as a person would write them down. */
  live(): Promise<Map<string, Values>>;
  /** All at once, in place of those before: what the nth call of a kind from now on meets. Absent of a file. */
  setMishaps?(mishaps: readonly { call: Call; nth: number; mishap: Mishap }[]): Promise<void>;
  /** How many of them a call has met. */
  mishapsMet?(): Promise<number>;
  /** Whoever signs in from now on finds another org, with the same address and credentials. */
  setOtherOrg(isOther: boolean): Promise<void>;
}

export type Role = keyof ConnectorRig["fields"];
export type Values = Partial<Record<Role, string>>;

export const gatewayPage = "<html><body>Sign in to the guest network</body></html>";

/** Values by the names of their fields. */
export function toNames(fields: ConnectorRig["fields"], values: Values): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([role, value]) => [fields[role as Role], value]));
}

/** Values of a record by the roles of their fields, as a person would write them down; blank ones are left out. */
export function toRoles(fields: ConnectorRig["fields"], record: Readonly<Record<string, unknown>>): Values {
  const entries = Object.entries(fields).flatMap(([role, name]) => {
    const value = record[name] ?? "";
    return value === "" ? [] : [[role, writeDown(role, String(value))] as const];
  });
  return Object.fromEntries(entries);
}

function writeDown(role: string, value: string): string {
  if (role === "datetime") return new Date(value).toISOString();
  return role === "number" ? String(Number(value)) : value;
}
