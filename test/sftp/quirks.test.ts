// Every quirk of a server, against the two things that must hold whatever it does: each file that counts as read is read
// to its last byte, or the reading fails and says why; and what a target says it wrote is there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SftpConnection } from "../../src/connectors/sftp/connection.ts";
import { openSftp } from "../../src/connectors/sftp/sftp.ts";
import type { ChosenFile } from "../../src/contract/files.ts";
import type { Batch } from "../../src/contract/write.ts";
import { Failure } from "../../src/core/errors.ts";
import { plainCsv } from "../../src/formats/format.ts";
import type { FileSource, Reference } from "../../src/job/job.ts";
import { wholeFileJobs } from "../../src/load/whole-file.ts";
import { casesOf } from "../support/cases.ts";
import { type Quirks, quirkyPassword, startQuirkyServer } from "./quirky-server.ts";

const place = { file: "job.yaml", line: 1, column: 1 };
const long = `id,n\n${Array.from({ length: 60_000 }, (_, index) => `${index},name ${index}`).join("\n")}\n`;
const small = {
  "a.csv": { text: "id,n\n1,Ann\n" },
  "b.csv": { text: "id,n\n2,Bob\n" },
  "c.csv": { text: "id,n\n3,Cid\n" },
};
const large = { ...small, "a.csv": { text: long } };
const each = (says: object) =>
  Object.fromEntries(Object.entries(small).map(([name, file]) => [name, { ...file, ...says }]));

function connectionTo({ port, hostKey }: { port: number; hostKey: string }): SftpConnection {
  const password = { resolve: () => ({ reveal: () => quirkyPassword }) } as unknown as Reference;
  const address = { user: "user", host: "127.0.0.1", port };
  return {
    name: "feed",
    type: "sftp",
    holds: "files",
    address,
    auth: { kind: "password", password },
    hostKey,
    protected: false,
    place,
  };
}

function textsOf(files: Quirks["files"]): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, { text }]) => [name, text]));
}

interface Tried {
  /** Text of the files that were read; undefined where it failed. */
  read: Record<string, string> | undefined;
  failure: Failure | undefined;
  told: string[];
  /** On the server afterwards, each file that was read having been moved to done/. */
  left: Record<string, string>;
}

async function tryReading(quirks: Quirks, files = "*.csv"): Promise<Tried> {
  await using server = await startQuirkyServer(quirks);
  const folder = mkdtempSync(join(tmpdir(), "loadline-quirks-"));
  const told: string[] = [];
  const read: Record<string, string> = {};
  const { signal } = new AbortController();
  const tell = (text: string) => void told.push(text);
  const source: FileSource = {
    ...{ kind: "files", connection: "feed", files, format: plainCsv, optional: [], place },
    ...{ order: "name", once: false, after: { kind: "leave" } },
  };
  let close = (): void => undefined;
  try {
    const opened = await openSftp(connectionTo(server), { environment: {}, onRetry: tell, signal });
    close = () => opened.store.close();
    const listed = (await opened.source.files?.list(source))?.files ?? [];
    const chosen = listed.map((file, index): ChosenFile => ({ ...file, ordinal: index + 1, rows: null, sha256: null }));
    const parts = opened.source.extract({
      ...{ source, files: chosen, columns: [], known: [], handle: null, keepHandle: () => undefined },
      ...{ folder, signal, onDoubt: tell, onProgress: () => undefined },
    });
    for await (const { path, label, bytes } of parts) {
      read[label] = readFileSync(path, "utf8");
      expect(Buffer.byteLength(read[label])).toBe(bytes);
    }
    for (const label of Object.keys(read)) await opened.source.files?.move(label, `done/${label}`);
    return { read, failure: undefined, told, left: server.files() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { read: undefined, failure: error, told, left: server.files() };
  } finally {
    close();
    rmSync(folder, { recursive: true });
  }
}

const status = { denied: 3, failure: 4, unsupported: 8 };

const readable: [string, Quirks][] = [
  ["nothing", { files: large }],
  ["a size too small", { files: each({ size: 4 }) }],
  ["size 0", { files: each({ size: 0 }) }],
  ["a size too small, of a file of several blocks", { files: { ...large, "a.csv": { text: long, size: 100_000 } } }],
  ["size 0, of a file of several blocks", { files: { ...large, "a.csv": { text: long, size: 0 } } }],
  ["no size", { files: large, noSize: true }],
  ["no times", { files: large, noMtime: true }],
  ["a listing without attributes", { files: large, noAttributes: "list" }],
  ["no attributes at all", { files: large, noAttributes: "all" }],
  ["other sizes in the listing", { files: each({ listSize: 3 }) }],
  ["other times in the listing", { files: each({ listMtime: 1 }) }],
  ["no FSTAT", { files: large, fstatFails: status.failure }],
  ["no FSTAT: not supported", { files: large, fstatFails: status.unsupported }],
  ["no STAT", { files: large, statFails: status.failure }],
  ["listed files that STAT does not know", { files: large, statFails: 2 }],
  ["listed files that neither STAT nor FSTAT knows", { files: large, statFails: 2, fstatFails: status.failure }],
  ["no type in the mode", { files: each({ mode: 0o666 }) }],
  ["one open file, permission denied", { files: large, maxOpen: { files: 1, status: 3, text: "permission denied" } }],
  ["one open file, failure", { files: small, maxOpen: { files: 1, status: 4, text: "too many" } }],
  ["few requests", { files: large, maxOutstanding: 4 }],
  ["one request", { files: small, maxOutstanding: 1 }],
  ["short answers", { files: large, shortReads: 1000 }],
  ["names twice", { files: small, listTwice: true }],
  ["one name at a time", { files: small, listedAtOnce: 1 }],
  ["a connection that is cut again and again", { files: large, cut: { bytes: 200_000, times: 4 } }],
];

const refused: [string, Quirks, RegExp][] = [
  ["a size too large", { files: each({ size: 400 }) }, /ends before the size/],
  ["a file that ends early", { files: small, endsAt: 7 }, /ends before the size/],
  [
    "a file that is replaced while it is read",
    { files: large, replace: { name: "a.csv", reads: 9, text: "id\n" } },
    /changed while it was read|ends before/,
  ],
  [
    "a file that grows, with a size that is told late",
    {
      files: { "a.csv": { text: "id,n\n1,Ann\n", size: 4 } },
      replace: { name: "a.csv", reads: 3, text: "id,n\n1,Ann\n2,Bob\n", keepsTime: true },
    },
    /changed while it was read/,
  ],
  ["a file that may not be opened", { files: { ...small, "b.csv": { text: "x", denied: true } } }, /may not/],
  ["a listing that is forbidden", { files: small, noList: true }, /may not list/],
  [
    "a name that is not UTF-8",
    { files: { ...small, "M\uFFFDller.csv": { text: "id\n", listedOnly: true } } },
    /not UTF-8|can't be taken/,
  ],
  ["a name with a backslash", { files: { ...small, "..\\secret.csv": { text: "id\n" } } }, /can't be taken/],
  ["moving that is not done", { files: small, rename: "silent" }, /still is there/],
  ["moving that is forbidden", { files: small, rename: "forbidden" }, /may not move/],
];

describe("a server's quirk", () => {
  test.each(readable)("%s: every file is read to its end, and only then moved", async (_name, quirks) => {
    const { read, failure, left } = await tryReading(quirks);
    expect(failure).toBeUndefined();
    const whole = textsOf(quirks.files);
    expect(read).toEqual(whole);
    expect(left).toEqual(Object.fromEntries(Object.entries(whole).map(([name, text]) => [`done/${name}`, text])));
  });

  test.each(refused)("%s: refused by name, and nothing is moved or lost", async (_name, quirks, why) => {
    const { failure, left } = await tryReading(quirks);
    expect(`${failure?.message} ${failure?.why}`).toMatch(why);
    expect(failure?.exitCode).not.toBe(75);
    const replaced = quirks.replace === undefined ? {} : { [quirks.replace.name]: quirks.replace.text };
    const whole = textsOf(quirks.files);
    expect(left).toEqual({ ...whole, ...replaced });
  });

  test("none, or several at once: what counts as read is whole, what is moved was read", async () => {
    const sizes = fc.array(fc.integer({ min: 0, max: 60_000 }), { minLength: 1, maxLength: 3 });
    const quirk = fc.record(
      {
        noMtime: fc.constant(true),
        noSize: fc.constant(true),
        noAttributes: fc.constantFrom("list" as const, "all" as const),
        listTwice: fc.constant(true),
        listedAtOnce: fc.constant(1),
        statFails: fc.constantFrom(2, 4, 8),
        fstatFails: fc.constantFrom(4, 8),
        rename: fc.constant("silent" as const),
        shortReads: fc.integer({ min: 4000, max: 40_000 }),
        cut: fc.record({ bytes: fc.integer({ min: 1, max: 90_000 }), times: fc.integer({ min: 1, max: 2 }) }),
        maxOpen: fc.constant({ files: 1, status: 3, text: "permission denied" }),
        maxOutstanding: fc.integer({ min: 1, max: 8 }),
      },
      { requiredKeys: [] },
    );
    const lies = fc.array(fc.option(fc.integer({ min: 0, max: 99_000 }), { nil: undefined }), {
      minLength: 4,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(sizes, quirk, lies, async (lengths, quirks, stated) => {
        const files = Object.fromEntries(
          lengths.map((length, index) => {
            const [size] = stated.slice(index, index + 1);
            return [`${index}.csv`, { text: `${index}${"x".repeat(length)}`, ...(size === undefined ? {} : { size }) }];
          }),
        );
        const { read, failure, left } = await tryReading({ ...quirks, files });
        const there = Object.entries(left).map(([name, text]) => [name.replace(/^done\//, ""), text]);
        expect(Object.fromEntries(there)).toEqual(textsOf(files));
        if (failure === undefined) expect(read).toEqual(textsOf(files));
        else if (quirks.rename === undefined) expect(Object.keys(left)).toEqual(Object.keys(files));
      }),
      { numRuns: casesOf(32), endOnFailure: true },
    );
  });

  test("is told: other sizes, no times", async () => {
    const { told } = await tryReading({ files: each({ size: 4 }), noMtime: true });
    expect(told).toEqual([
      expect.stringMatching(/^feed: the server states 4 bytes of .\.csv and gave 11/),
      expect.stringMatching(/^feed: the server states no time of change/),
    ]);
  });

  test("a name is found as it is written where nothing can be listed, with brackets in it too", async () => {
    const files = { "contacts [2026].csv": { text: "id\n1\n" }, "other.csv": { text: "id\n2\n" } };
    for (const name of ["contacts [2026].csv", "contacts [[]2026].csv"]) {
      expect((await tryReading({ files }, name)).read).toEqual({ "contacts [2026].csv": "id\n1\n" });
    }
    expect((await tryReading({ files, noList: true }, "other.csv")).read).toEqual({ "other.csv": "id\n2\n" });
    const both = await tryReading({ files: { ...files, "contacts 2.csv": { text: "" } } }, "contacts [2026].csv");
    expect(both.failure?.next).toContain("contacts [[]2026].csv");
  });

  test("a name is the same in the letters of a Mac; capital and small letters are not the same", async () => {
    const files = { [`${"Müller".normalize("NFD")} 1.csv`]: { text: "id\n1\n" }, "B.CSV": { text: "id\n2\n" } };
    expect(Object.values((await tryReading({ files }, "Müller*.csv")).read ?? {})).toEqual(["id\n1\n"]);
    expect((await tryReading({ files }, "b.csv")).read).toEqual({});
  });
});

interface Written {
  failure: Failure | undefined;
  left: Record<string, string>;
}

async function tryWriting(quirks: Quirks): Promise<Written> {
  await using server = await startQuirkyServer(quirks);
  const folder = mkdtempSync(join(tmpdir(), "loadline-quirks-"));
  const path = join(folder, "batch.csv");
  writeFileSync(path, "id,n\n1,new\n");
  const { signal } = new AbortController();
  const batch: Batch = {
    ...{ object: "out.csv", operation: "insert", path, bytes: 11, rows: 1, sha256: "" },
    beside: { doneFile: "{name}.done" },
  } as Batch;
  let close = (): void => undefined;
  try {
    const { store } = await openSftp(connectionTo(server), { environment: {}, onRetry: () => undefined, signal });
    close = () => store.close();
    const jobs = wholeFileJobs(store);
    const handle = await jobs.open(batch, signal);
    await jobs.upload(handle, batch, () => undefined, signal);
    await jobs.commit(handle, batch, signal);
    expect(await jobs.inspect(handle, batch, signal)).toMatchObject({ state: "complete" });
    return { failure: undefined, left: server.files() };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { failure: error, left: server.files() };
  } finally {
    close();
    rmSync(folder, { recursive: true });
  }
}

describe("what is written to a server", () => {
  const old = { "out.csv": { text: "id,n\n1,old\n" } };
  const written: [string, Quirks][] = [
    ["nothing there before", { files: {} }],
    ["no posix-rename: the old file makes room", { files: old }],
    ["names with a dot that are not listed", { files: old, hideDots: true }],
    ["no FSTAT", { files: old, fstatFails: status.failure }],
    ["no times", { files: old, noMtime: true }],
    ["no size", { files: old, noSize: true }],
    ["one open file", { files: old, maxOpen: { files: 1, status: 3, text: "denied" } }],
    ["no listing", { files: old, noList: true }],
  ];
  test.each(written)("%s: is there under its name, and its done file", async (_name, quirks) => {
    const { failure, left } = await tryWriting(quirks);
    expect(failure).toBeUndefined();
    expect(left).toEqual({ "out.csv": "id,n\n1,new\n", "out.csv.done": "" });
  });

  const lost: [string, Quirks, RegExp][] = [
    ["renaming that is not done", { files: old, rename: "silent" }, /is not there under its name/],
    ["renaming that is forbidden", { files: old, rename: "forbidden" }, /may not rename/],
    [
      "a file that is taken away once it is closed",
      { files: old, takeOnClose: true },
      /is not on the server|not there/,
    ],
  ];
  test.each(lost)("%s: fails by name, and the old file is there", async (_name, quirks, why) => {
    const { failure, left } = await tryWriting(quirks);
    expect(failure?.message).toMatch(why);
    expect(left["out.csv"]).toBe("id,n\n1,old\n");
  });
});
