// Pipelines and their stages: those that every portal starts with, and those that were made over the API.
// Must hold: what the API changed outlives a restart; the properties that name a pipeline or a stage offer just those
// that there are.
// https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide

import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import type { Catalog } from "./catalog.ts";
import type { ObjectType } from "./object-type.ts";
import { optionsOf } from "./property.ts";

export interface Stage {
  id: string;
  label: string;
  displayOrder: number;
  /** Deals: probability and isClosed; tickets: ticketState and isClosed. */
  metadata: Record<string, string>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
}

export interface Pipeline {
  id: string;
  label: string;
  displayOrder: number;
  stages: Stage[];
  createdAt: string;
  updatedAt: string;
  archived: boolean;
}

/** An entry of the log of changes. */
interface Audit {
  identifier: string;
  action: "CREATE" | "UPDATE" | "DELETE";
  timestamp: string;
  rawObject: unknown;
}

export interface Pipelines {
  list(type: ObjectType): Pipeline[];
  get(type: ObjectType, id: string): Pipeline | undefined;
  /** Stores a pipeline, with an entry of the log for it or for the stage that was changed. */
  save(type: ObjectType, pipeline: Pipeline, audit: Omit<Audit, "timestamp">): void;
  remove(type: ObjectType, pipeline: Pipeline): void;
  /** An id for a pipeline or a stage, never used again. */
  newId(): string;
  audit(type: ObjectType, identifier: string): Audit[];
  clear(): void;
}

const longAgo = "2024-01-01T00:00:00.000Z";
const firstId = 900_000_000;

/** Object types that have pipelines from the start, and the properties that name them. */
const properties: Readonly<Record<string, { pipeline: string; stage: string }>> = {
  deals: { pipeline: "pipeline", stage: "dealstage" },
  tickets: { pipeline: "hs_pipeline", stage: "hs_pipeline_stage" },
};

export function openPipelines(database: DatabaseSync, catalog: Catalog): Pipelines {
  database.exec(`
    CREATE TABLE IF NOT EXISTS pipeline (type TEXT, id TEXT, document TEXT NOT NULL, PRIMARY KEY (type, id)) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS pipeline_audit (id INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT, identifier TEXT, document TEXT);
  `);
  const start = (): void => {
    const add = database.prepare("INSERT OR IGNORE INTO pipeline VALUES (?, ?, ?)");
    const known = new Set(
      database
        .prepare("SELECT DISTINCT type FROM pipeline")
        .all()
        .map((row) => String(row["type"])),
    );
    for (const [name, pipeline] of [["deals", salesPipeline] as const, ["tickets", supportPipeline] as const]) {
      const type = catalog.objectType(name);
      if (type !== undefined && !known.has(type.typeId)) add.run(type.typeId, pipeline.id, JSON.stringify(pipeline));
    }
  };
  start();
  const read = (row: Record<string, unknown>): Pipeline => JSON.parse(String(row["document"]));
  const list = (type: ObjectType): Pipeline[] =>
    database
      .prepare("SELECT document FROM pipeline WHERE type = ?")
      .all(type.typeId)
      .map(read)
      .sort((one, other) => one.displayOrder - other.displayOrder);
  const offer = (type: ObjectType): void => offerOptions(catalog, type, list(type));
  const note = (type: ObjectType, audit: Omit<Audit, "timestamp">): void =>
    void database
      .prepare("INSERT INTO pipeline_audit (type, identifier, document) VALUES (?, ?, ?)")
      .run(type.typeId, audit.identifier, JSON.stringify({ ...audit, timestamp: now().toISOString() }));
  return {
    list,
    get(type, id) {
      const row = database.prepare("SELECT document FROM pipeline WHERE type = ? AND id = ?").get(type.typeId, id);
      return row === undefined ? undefined : read(row);
    },
    save(type, pipeline, audit) {
      database
        .prepare("INSERT OR REPLACE INTO pipeline VALUES (?, ?, ?)")
        .run(type.typeId, pipeline.id, JSON.stringify(pipeline));
      note(type, audit);
      offer(type);
    },
    remove(type, pipeline) {
      database.prepare("DELETE FROM pipeline WHERE type = ? AND id = ?").run(type.typeId, pipeline.id);
      note(type, { identifier: pipeline.id, action: "DELETE", rawObject: pipeline });
      offer(type);
    },
    newId() {
      const { lastInsertRowid } = database.prepare("INSERT INTO pipeline_audit DEFAULT VALUES").run();
      return String(firstId + Number(lastInsertRowid));
    },
    audit: (type, identifier) =>
      database
        .prepare("SELECT document FROM pipeline_audit WHERE type = ? AND identifier = ? ORDER BY id DESC")
        .all(type.typeId, identifier)
        .map((row) => JSON.parse(String(row["document"]))),
    clear() {
      database.exec("DELETE FROM pipeline; DELETE FROM pipeline_audit");
      start();
      for (const name of Object.keys(properties)) {
        const type = catalog.objectType(name);
        if (type !== undefined) offer(type);
      }
    },
  };
}

function offerOptions(catalog: Catalog, type: ObjectType, pipelines: readonly Pipeline[]): void {
  const names = properties[type.name];
  if (names === undefined) return;
  const offered = {
    [names.pipeline]: pipelines,
    [names.stage]: pipelines.flatMap(({ stages }) => stages),
  };
  for (const [name, entries] of Object.entries(offered)) {
    const property = type.properties.get(name);
    if (property === undefined) continue;
    const options = optionsOf(...entries.map(({ id, label }) => [id, label] as const));
    catalog.saveProperty(type, { ...property, options });
  }
}

const salesPipeline = pipeline("default", "Sales Pipeline", [
  ["appointmentscheduled", "Appointment Scheduled", { probability: "0.2", isClosed: "false" }],
  ["qualifiedtobuy", "Qualified To Buy", { probability: "0.4", isClosed: "false" }],
  ["presentationscheduled", "Presentation Scheduled", { probability: "0.6", isClosed: "false" }],
  ["decisionmakerboughtin", "Decision Maker Bought-In", { probability: "0.8", isClosed: "false" }],
  ["contractsent", "Contract Sent", { probability: "0.9", isClosed: "false" }],
  ["closedwon", "Closed Won", { probability: "1.0", isClosed: "true" }],
  ["closedlost", "Closed Lost", { probability: "0.0", isClosed: "true" }],
]);

const supportPipeline = pipeline("0", "Support Pipeline", [
  ["1", "New", { ticketState: "OPEN", isClosed: "false" }],
  ["2", "Waiting on contact", { ticketState: "OPEN", isClosed: "false" }],
  ["3", "Waiting on us", { ticketState: "OPEN", isClosed: "false" }],
  ["4", "Closed", { ticketState: "CLOSED", isClosed: "true" }],
]);

function pipeline(
  id: string,
  label: string,
  stages: readonly (readonly [id: string, label: string, metadata: Record<string, string>])[],
): Pipeline {
  const common = { createdAt: longAgo, updatedAt: longAgo, archived: false };
  return {
    id,
    label,
    displayOrder: 0,
    stages: stages.map(([stageId, stageLabel, metadata], displayOrder) => ({
      id: stageId,
      label: stageLabel,
      displayOrder,
      metadata,
      ...common,
    })),
    ...common,
  };
}
