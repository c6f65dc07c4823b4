// Imports as the portal keeps them: a row each, their errors beside, their files in a folder.
// In: what a client asked for and uploaded. Out: imports and errors, as they stand by now.
// Must hold: what a client was told about an import is still so after SIGKILL.
// https://developers.hubspot.com/docs/api-reference/latest/crm/imports/guide

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import type { ImportRequest } from "./import-request.ts";

type ImportState = "STARTED" | "PROCESSING" | "DONE" | "FAILED" | "CANCELED" | "DEFERRED";

const counterNames = [
  "TOTAL_ROWS",
  "PROPERTY_VALUES_EMITTED",
  "CREATED_OBJECTS",
  "UPDATED_OBJECTS",
  "UNIQUE_OBJECTS_WRITTEN",
  "ERRORS",
  "MAPPED_COLUMNS",
  "UNMAPPED_COLUMNS",
] as const;

type Counters = Record<(typeof counterNames)[number], number>;

export interface Import {
  id: number;
  state: ImportState;
  createdAt: string;
  updatedAt: string;
  request: ImportRequest;
  /** The request as it was sent. */
  requestJson: unknown;
  fileIds: number[];
  counters: Counters;
  /** Where the work stands: the file, the byte in it where the next row starts, and that row's number. */
  file: number;
  offset: number;
  line: number;
}

export interface ImportError {
  id: number;
  createdAt: number;
  errorType: string;
  message: string;
  objectTypeId: string;
  /** From 0. */
  column: number | undefined;
  value: string | undefined;
  fileId: number;
  /** The header is 1; 0 is the file as a whole. */
  line: number;
  cells: string[];
}

export interface Imports {
  /** Makes an import whose files are there already under the ids of `reserve`. */
  add(draft: Pick<Import, "request" | "requestJson" | "fileIds">, rows: number): Import;
  /** An id for an uploaded file, never used again. */
  reserveFileId(): number;
  get(id: number): Import | undefined;
  save(saved: Import): void;
  /** Newest first, below an id. */
  list(before: number, limit: number): Import[];
  /** Those that a killed sandbox left, and those that wait, oldest first. */
  unfinished(): Import[];
  /** Rows of the imports since a time. */
  rowsSince(epochMs: number): number;
  addErrors(id: number, errors: readonly Omit<ImportError, "id" | "createdAt">[]): void;
  errors(id: number, after: number, limit: number): ImportError[];
  /** Notes that an import has written a record; false when it had written it before. */
  claim(id: number, typeId: string, record: number): boolean;
  /** Forgets the notes of `claim`. */
  release(id: number): void;
  clear(): void;
}

export function openImports(database: DatabaseSync, portalFolder: string): Imports {
  const folder = importFolder(portalFolder);
  mkdirSync(folder, { recursive: true });
  database.exec(`
    CREATE TABLE IF NOT EXISTS import (id INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL,
      rows INTEGER NOT NULL, state TEXT NOT NULL, document TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS import_file (id INTEGER PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE IF NOT EXISTS import_error (id INTEGER PRIMARY KEY AUTOINCREMENT, import INTEGER, document TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS import_error_of ON import_error (import, id);
    CREATE TABLE IF NOT EXISTS import_claim (import INTEGER, type TEXT, record INTEGER,
      PRIMARY KEY (import, type, record)) WITHOUT ROWID;
  `);
  const get = database.prepare("SELECT id, document FROM import WHERE id = ?");
  const update = database.prepare("UPDATE import SET state = ?, document = ? WHERE id = ?");
  const list = database.prepare("SELECT id, document FROM import WHERE id < ? ORDER BY id DESC LIMIT ?");
  const unfinished = database.prepare(
    "SELECT id, document FROM import WHERE state IN ('STARTED', 'PROCESSING', 'DEFERRED') ORDER BY id",
  );
  const addError = database.prepare("INSERT INTO import_error (import, document) VALUES (?, ?)");
  const errors = database.prepare(
    "SELECT id, document FROM import_error WHERE import = ? AND id > ? ORDER BY id LIMIT ?",
  );
  const claim = database.prepare("INSERT OR IGNORE INTO import_claim VALUES (?, ?, ?)");
  return {
    add(draft, rows) {
      const createdAt = now();
      const text = createdAt.toISOString();
      const counters = Object.fromEntries(counterNames.map((name) => [name, 0])) as Counters;
      const fresh = { state: "STARTED" as const, createdAt: text, updatedAt: text, ...draft };
      const document = { ...fresh, counters, file: 0, offset: 0, line: 0 };
      const { lastInsertRowid } = database
        .prepare("INSERT INTO import (created, rows, state, document) VALUES (?, ?, ?, ?)")
        .run(createdAt.getTime(), rows, document.state, JSON.stringify(document));
      return { id: Number(lastInsertRowid), ...document };
    },
    reserveFileId: () =>
      Number(database.prepare("INSERT INTO import_file DEFAULT VALUES").run().lastInsertRowid) + firstFileId,
    get(id) {
      const row = get.get(id);
      return row === undefined ? undefined : readDocument<Import>(row);
    },
    save({ id, ...document }) {
      update.run(document.state, JSON.stringify({ ...document, updatedAt: now().toISOString() }), id);
    },
    list: (before, limit) => list.all(before, limit).map((row) => readDocument<Import>(row)),
    unfinished: () => unfinished.all().map((row) => readDocument<Import>(row)),
    rowsSince(epochMs) {
      const row = database.prepare("SELECT coalesce(sum(rows), 0) AS rows FROM import WHERE created > ?").get(epochMs);
      return Number(row?.["rows"]);
    },
    addErrors(id, added) {
      const createdAt = now().getTime();
      for (const error of added) addError.run(id, JSON.stringify({ createdAt, ...error }));
    },
    errors: (id, after, limit) => errors.all(id, after, limit).map((row) => readDocument<ImportError>(row)),
    claim: (id, typeId, record) => claim.run(id, typeId, record).changes === 1,
    release: (id) => void database.prepare("DELETE FROM import_claim WHERE import = ?").run(id),
    clear() {
      database.exec("DELETE FROM import; DELETE FROM import_error; DELETE FROM import_claim; DELETE FROM import_file");
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    },
  };
}

const firstFileId = 180_000_000;

/** Where an uploaded file lies. */
export function importFile(portalFolder: string, fileId: number): string {
  return join(importFolder(portalFolder), `${fileId}.csv`);
}

function importFolder(portalFolder: string): string {
  return join(portalFolder, "imports");
}

function readDocument<Document>(row: Record<string, unknown>): Document {
  return { id: Number(row["id"]), ...JSON.parse(String(row["document"])) };
}
