// Exports as the portal keeps them: a row each, their files in a folder.
// Must hold: what a client was told about an export is still so after SIGKILL; a link to a file dies five minutes
// after it was made.
// https://developers.hubspot.com/docs/api-reference/legacy/crm/exports/guide

import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { randomId } from "../../../core/random.ts";
import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import type { Filter, Search } from "../records/search-request.ts";

type ExportState = "ENQUEUED" | "PROCESSING" | "DONE";

export interface ExportRequest {
  name: string;
  typeId: string;
  /** As the client named it. */
  objectType: string;
  properties: string[];
  associated: string[];
  withAssociatedNames: boolean;
  internalNames: boolean;
  internalValues: boolean;
  groups: Filter[][];
  query: string | undefined;
  sort: Search["sort"];
}

export interface Export {
  id: number;
  state: ExportState;
  request: ExportRequest;
  createdAt: string;
  updatedAt: string;
  startedAt?: string;
  completedAt?: string;
  recordCount?: number;
  /** The file's name; a large one is zipped. */
  file?: string;
}

export interface Exports {
  add(request: ExportRequest): Export;
  get(id: number): Export | undefined;
  save(saved: Export): void;
  /** Those that are not done, oldest first. */
  unfinished(): Export[];
  countSince(epochMs: number): number;
  /** A link to an export's file: the last one as long as it lives, then a new one. */
  link(id: number): string;
  /** The export that a link leads to, while it lives. */
  follow(link: string): Export | undefined;
  path(file: string): string;
  clear(): void;
}

const linkMs = 5 * 60_000;

export function openExports(database: DatabaseSync, portalFolder: string): Exports {
  const folder = join(portalFolder, "exports");
  mkdirSync(folder, { recursive: true });
  database.exec(`
    CREATE TABLE IF NOT EXISTS export (id INTEGER PRIMARY KEY AUTOINCREMENT, created INTEGER NOT NULL, state TEXT NOT NULL,
      document TEXT NOT NULL);
    CREATE TABLE IF NOT EXISTS export_link (link TEXT PRIMARY KEY, export INTEGER NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
  `);
  const read = (row: Record<string, unknown>): Export => ({
    id: Number(row["id"]),
    ...JSON.parse(String(row["document"])),
  });
  const get = (id: number): Export | undefined => {
    const row = database.prepare("SELECT id, document FROM export WHERE id = ?").get(id);
    return row === undefined ? undefined : read(row);
  };
  return {
    get,
    add(request) {
      const at = now();
      const text = at.toISOString();
      const document = { state: "ENQUEUED" as const, request, createdAt: text, updatedAt: text };
      const { lastInsertRowid } = database
        .prepare("INSERT INTO export (created, state, document) VALUES (?, ?, ?)")
        .run(at.getTime(), document.state, JSON.stringify(document));
      return { id: Number(lastInsertRowid), ...document };
    },
    save({ id, ...document }) {
      const saved = { ...document, updatedAt: now().toISOString() };
      database
        .prepare("UPDATE export SET state = ?, document = ? WHERE id = ?")
        .run(document.state, JSON.stringify(saved), id);
    },
    unfinished: () =>
      database.prepare("SELECT id, document FROM export WHERE state <> 'DONE' ORDER BY id").all().map(read),
    countSince(epochMs) {
      const row = database.prepare("SELECT count(*) AS count FROM export WHERE created > ?").get(epochMs);
      return Number(row?.["count"]);
    },
    link(id) {
      const at = now().getTime();
      const alive = database.prepare("SELECT link FROM export_link WHERE export = ? AND expires > ?").get(id, at);
      if (alive !== undefined) return String(alive["link"]);
      const link = randomId(16);
      database.prepare("INSERT INTO export_link VALUES (?, ?, ?)").run(link, id, at + linkMs);
      return link;
    },
    follow(link) {
      const row = database
        .prepare("SELECT export FROM export_link WHERE link = ? AND expires > ?")
        .get(link, now().getTime());
      return row === undefined ? undefined : get(Number(row["export"]));
    },
    path: (file) => join(folder, file),
    clear() {
      database.exec("DELETE FROM export; DELETE FROM export_link");
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
    },
  };
}
