// A tiny CRM in memory, over HTTP: what the connector beside it speaks to. In: calls. Out: answers, and for tests the
// records, faults and a clock. What must hold: a mark is taken once, so that a write that comes again changes nothing and
// is answered as before; a version grows with every change, and deleted records stay to be asked for.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { monotonicMs } from "../../../src/core/clock.ts";

export const memoryToken = "memory-token";

/** The time of which calls are counted together. */
export const momentMs = 2000;

export interface MemoryField {
  name: string;
  type: "id" | "text" | "number" | "boolean" | "date" | "datetime";
  unique?: boolean;
  required?: boolean;
  maxLength?: number;
  scale?: number;
}

export interface MemoryRecord {
  id: string;
  /** ISO 8601, with milliseconds. */
  changed: string;
  deleted: boolean;
  /** The record that this one was merged into, and deleted by it. */
  mergedInto: string;
  values: Record<string, string>;
}

/** What becomes of a call: another answer and no effect, no answer before or after the effect, or half of one. */
export type MemoryFault =
  | { status: number; retryAfter?: number; code?: string; page?: string }
  | "cut before"
  | "cut after"
  | "cut within";

type Result = { trace: string; id: string; created: boolean } | { trace: string; error: RowRefusal; id?: string };

interface RowRefusal {
  code: string;
  message: string;
  field: string;
}

export interface WriteRequest {
  mark: string;
  operation: "insert" | "update" | "upsert" | "delete";
  key?: string;
  rows: { trace: string; id?: string; values: Record<string, string | null> }[];
}

export class MemoryCrm implements AsyncDisposable {
  readonly records = new Map<string, MemoryRecord[]>();
  /** Every call, as `METHOD /path`. */
  readonly calls: string[] = [];
  readonly #objects: ReadonlyMap<string, readonly MemoryField[]>;
  readonly #marks = new Map<string, Result[]>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));
  org = "memory-1";
  faultsMet = 0;
  #faults: { match: RegExp; nth: number; fault: MemoryFault }[] = [];
  #time = Date.parse("2026-01-01T00:00:00.000Z");
  #lastId = 0;
  readonly #dailyCalls: number;
  readonly #moment: number;
  #recent: number[] = [];
  #usage = { day: "", calls: 0 };

  /** `daily` calls of a day of UTC, and in any two seconds `moment`, for all who call. */
  constructor(
    objects: Record<string, readonly MemoryField[]>,
    { daily = 100_000, moment = 1000 }: { daily?: number; moment?: number } = {},
  ) {
    this.#objects = new Map(Object.entries(objects));
    this.#dailyCalls = daily;
    this.#moment = moment;
    for (const name of this.#objects.keys()) this.records.set(name, []);
  }

  async listen(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }

  /** The nth call from now on that matches. */
  setFault(match: RegExp, nth: number, fault: MemoryFault): void {
    this.#faults.push({ match, nth, fault });
  }

  clearFaults(): void {
    this.#faults = [];
    this.faultsMet = 0;
  }

  advance(ms: number): void {
    this.#time += ms;
  }

  live(object: string): MemoryRecord[] {
    return (this.records.get(object) ?? []).filter(({ deleted }) => !deleted);
  }

  /** As a person would do it in the CRM. */
  put(object: string, values: Record<string, string>, changed = this.#tick()): MemoryRecord {
    const id = `m${String(++this.#lastId).padStart(6, "0")}`;
    const record = { id, changed, deleted: false, mergedInto: "", values };
    this.records.get(object)?.push(record);
    return record;
  }

  /** The time that a record would get now, or had got so long ago. */
  timeOf(agoMs = 0): string {
    return new Date(this.#time - agoMs).toISOString();
  }

  change(record: MemoryRecord, values: Record<string, string>): void {
    Object.assign(record.values, values);
    record.changed = this.#tick();
  }

  remove(record: MemoryRecord): void {
    record.deleted = true;
    record.changed = this.#tick();
  }

  merge(kept: MemoryRecord, merged: MemoryRecord): void {
    this.remove(merged);
    merged.mergedInto = kept.id;
    this.change(kept, {});
  }

  #tick(): string {
    this.#time += 1;
    return new Date(this.#time).toISOString();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "/", "http://memory");
    const call = `${request.method} ${url.pathname}`;
    this.calls.push(call);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const fault = this.#faultOf(call);
    if (fault === "cut before") return void response.destroy();
    if (typeof fault === "object") {
      const retry = fault.retryAfter === undefined ? {} : { "retry-after": String(fault.retryAfter) };
      response.writeHead(fault.status, { "content-type": "application/json", ...retry });
      const refusal = JSON.stringify({ error: { code: fault.code ?? "REFUSED", message: "a fault of the test" } });
      return void response.end(fault.page ?? refusal);
    }
    if (!this.#countMoment()) {
      response.writeHead(429, { "content-type": "application/json", "retry-after": "1" });
      return void response.end(JSON.stringify({ error: { code: "TOO_FAST", message: "too many calls at a time" } }));
    }
    const { status, body } = this.#answer(request, url, Buffer.concat(chunks).toString("utf8"));
    if (fault === "cut after") return void response.destroy();
    const text = JSON.stringify(body);
    response.writeHead(status, { "content-type": "application/json", "content-length": Buffer.byteLength(text) });
    if (fault !== "cut within") return void response.end(text);
    response.write(text.slice(0, 5), () => response.destroy());
  }

  #countMoment(): boolean {
    const time = monotonicMs();
    this.#recent = this.#recent.filter((at) => at > time - momentMs);
    return this.#recent.push(time) <= this.#moment;
  }

  #countCall(): boolean {
    const day = this.timeOf().slice(0, 10);
    if (this.#usage.day !== day) this.#usage = { day, calls: 0 };
    if (this.#usage.calls >= this.#dailyCalls) return false;
    this.#usage.calls += 1;
    return true;
  }

  /** Every fault counts the calls that match it, also behind one that strikes. */
  #faultOf(call: string): MemoryFault | undefined {
    const matching = this.#faults.filter(({ match }) => match.test(call));
    for (const fault of matching) fault.nth -= 1;
    const striking = matching.find(({ nth }) => nth === 0);
    if (striking !== undefined) this.faultsMet += 1;
    return striking?.fault;
  }

  #answer(request: IncomingMessage, url: URL, text: string): { status: number; body: unknown } {
    if (request.headers.authorization !== `Bearer ${memoryToken}`)
      return { status: 401, body: { error: { code: "UNAUTHORIZED", message: "the token is unknown" } } };
    if (!this.#countCall())
      return { status: 403, body: { error: { code: "DAY_LIMIT", message: "the calls of the day are used up" } } };
    const [, room, object = "", verb] = url.pathname.split("/");
    if (room === "account") {
      const calls = { used: this.#usage.calls, max: this.#dailyCalls };
      return { status: 200, body: { org: this.org, time: this.timeOf(), calls, moment: this.#moment } };
    }
    if (room === "objects" && object === "") return { status: 200, body: [...this.#objects.keys()] };
    const fields = this.#objects.get(object);
    if (fields === undefined)
      return { status: 404, body: { error: { code: "NOT_FOUND", message: `no object ${object}` } } };
    if (room === "objects") return { status: 200, body: fields };
    if (verb === "read") return { status: 200, body: this.#read(object, JSON.parse(text)) };
    if (verb === "write") return { status: 200, body: this.#write(object, fields, JSON.parse(text)) };
    return { status: 200, body: this.#page(object, url.searchParams) };
  }

  /** Two records a page, so that tests meet many pages. In the order of ids, from behind `after`. */
  #page(object: string, asked: URLSearchParams): { records: MemoryRecord[]; next: string | null } {
    const [after, since, until] = ["after", "since", "until"].map((name) => asked.get(name) ?? "");
    const all = (this.records.get(object) ?? []).filter(
      ({ id, changed, deleted }) =>
        id > (after ?? "") &&
        changed >= (since ?? "") &&
        (until === "" || changed < (until ?? "")) &&
        (!deleted || asked.get("deleted") === "true"),
    );
    const records = all.slice(0, 2);
    return { records, next: all.length > 2 ? (records.at(-1)?.id ?? null) : null };
  }

  #read(object: string, { field, values }: { field: string; values: string[] }): MemoryRecord[] {
    const wanted = new Set(values);
    return this.live(object).filter((record) => wanted.has(field === "id" ? record.id : (record.values[field] ?? "")));
  }

  #write(object: string, fields: readonly MemoryField[], request: WriteRequest): Result[] {
    const known = this.#marks.get(request.mark);
    if (known !== undefined) return known;
    const results = request.rows.map((row) => this.#writeRow(object, fields, request, row));
    this.#marks.set(request.mark, results);
    return results;
  }

  #writeRow(
    object: string,
    fields: readonly MemoryField[],
    { operation, key }: WriteRequest,
    { trace, id, values }: WriteRequest["rows"][number],
  ): Result {
    const found =
      operation === "upsert" && key !== undefined
        ? this.live(object).find((record) => record.values[key] === values[key])
        : this.live(object).find((record) => record.id === id);
    if ((operation === "update" || operation === "delete") && found === undefined)
      return { trace, error: { code: "GONE", message: `there is no record ${id}`, field: "id" } };
    if (operation === "delete" && found !== undefined) {
      this.remove(found);
      return { trace, id: found.id, created: false };
    }
    const refusal = this.#refuse(object, fields, found, values);
    if (refusal !== undefined) return { trace, ...refusal };
    const kept = Object.fromEntries(
      Object.entries(values).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    if (found === undefined) return { trace, id: this.put(object, kept).id, created: true };
    for (const [name, value] of Object.entries(values)) if (value === null) delete found.values[name];
    this.change(found, kept);
    return { trace, id: found.id, created: false };
  }

  #refuse(
    object: string,
    fields: readonly MemoryField[],
    found: MemoryRecord | undefined,
    values: Record<string, string | null>,
  ): { error: RowRefusal; id?: string } | undefined {
    for (const { name, required, unique, maxLength = Number.POSITIVE_INFINITY } of fields) {
      const value = values[name];
      const isMissing = value === null || (value === undefined && found === undefined);
      if (required === true && isMissing)
        return { error: { code: "REQUIRED", message: `${name} is missing`, field: name } };
      if (typeof value !== "string") continue;
      if (value.length > maxLength) return { error: { code: "TOO_LONG", message: `${name} is too long`, field: name } };
      if (value.startsWith("no(")) return { error: { code: "INVALID", message: `${name} is not wanted`, field: name } };
      const other =
        unique === true ? this.live(object).find((one) => one !== found && one.values[name] === value) : undefined;
      if (other !== undefined)
        return { error: { code: "DUPLICATE", message: `${name} is held by ${other.id}`, field: name }, id: other.id };
    }
    return undefined;
  }
}
