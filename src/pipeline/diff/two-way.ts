// Records that both sides change: a stream's rows and their records against what the two last agreed on. In: rows that are
// matched. Out: which fields are written; a file of what is agreed on once they are, and one of what a person is to decide.
// What must hold: nothing is agreed on of a row that is not loaded; the files are the plan's, and never made again.

import { existsSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Target } from "../../contract/target.ts";
import { sourceName } from "../../core/columns.ts";
import { hashFile, syncFile } from "../../core/files.ts";
import type { FieldSchema } from "../../core/model.ts";
import { identifier } from "../../core/sql.ts";
import { leftBehindTable } from "../../diff/keys.ts";
import {
  agreedName,
  agreeOn,
  agreeOnNew,
  decideRows,
  heldName,
  listAsked,
  type TwoWayField,
  type TwoWayInput,
} from "../../diff/three-way.ts";
import { foldId } from "../../load/row-key.ts";
import type { Engine } from "../../stage/engine.ts";
import { readParquet, writeParquet } from "../../stage/parquet.ts";
import { storedReading } from "../../values/value.ts";
import type { CompiledStream } from "../compile/compiled-stream.ts";
import { type RunContext, subfolder, targetOf } from "../run/context.ts";
import { baseColumn, cellOfBase, fetchBase, findBase } from "../run/twin-base.ts";
import type { TwoWay } from "./diff-input.ts";
import { readField } from "./read-present.ts";

/** Undefined for a stream that goes one way. */
export async function openTwoWay(context: RunContext, compiled: CompiledStream): Promise<TwoWay | undefined> {
  const { engine } = context;
  const { stream } = compiled;
  const base = findBase(context, stream);
  if (base === undefined || stream.source.kind !== "object") return undefined;
  const fetched = await fetchBase(context, base, stream.name);
  const names = twoWayNames(compiled);
  const used = [...new Set([...names.values()].flatMap(({ columns }) => columns))];
  const source = targetOf(context, stream.source.connection);
  const { fields } = await source.describe(stream.source.object);
  const columns = used.map((name) => {
    const column = baseColumn(base.sourceSide, name);
    return { name: column, now: storedText(source, fields.get(name), `s.${sourceName(name)}`) };
  });
  const ofField = (name: string) => baseColumn(base.targetSide, readField(compiled, name));
  const agreed = [...names.keys()].map((name) => [ofField(name), agreedName(name)] as const);
  const held = columns.map(({ name }) => [name, heldName(name)] as const);
  const own = fetched ?? { columns: new Set<string>() };
  const ids = [
    `${identifier(`${base.sourceSide}:`)} AS source_id`,
    `${identifier(`${base.targetSide}:`)} AS target_id`,
  ];
  const cells = [...held, ...agreed].map(([column, name]) => `${cellOfBase(own, column)} AS ${name}`);
  const none = ["'' AS source_id", "'' AS target_id", ...cells].join(", ");
  let input: TwoWayInput | undefined;
  const folder = subfolder(context, "twin");
  const adopts = context.run.options.adopt === true;
  return {
    adopts,
    async decide(compare) {
      const decided = new Set(names.keys());
      const twoWay = compare.fields.flatMap((field): TwoWayField[] => {
        const known = names.get(field.name);
        if (known === undefined) return [];
        return [
          {
            field,
            ownership: known.ownership,
            columns: known.columns.map((name) => baseColumn(base.sourceSide, name)),
          },
        ];
      });
      input = {
        compare: { ...compare, decided },
        fields: twoWay,
        columns,
        base:
          fetched === undefined
            ? `SELECT ${none} LIMIT 0`
            : `SELECT ${[...ids, ...cells].join(", ")} FROM ${fetched.scan}`,
        fold: foldId,
        adopts,
      };
      for (const sql of decideRows(input)) await engine.run(sql);
      return input.compare;
    },
    async keep(plan) {
      if (input === undefined) return;
      const creates = `SELECT row FROM ${readParquet(plan)} WHERE action = 'create'`;
      const rows = `SELECT * FROM (${agreeOn(input)} UNION ALL ${agreeOnNew(input, creates)})
        WHERE _row_ NOT IN (SELECT _row_ FROM ${leftBehindTable})`;
      const columnsOf = [...held, ...agreed].map(([column, name]) => `${name} AS ${identifier(column)}`);
      const known = `SELECT _row_, source_id AS ${identifier(`${base.sourceSide}:`)}, target_id AS ${identifier(`${base.targetSide}:`)}, ${columnsOf.join(", ")} FROM (${rows})`;
      await keepHashed(engine, known, folder, agreedFile(stream.name));
      if (input.fields.length > 0) await keepHashed(engine, await named(input), folder, askedFile(stream.name));
    },
  };

  async function named(asked: TwoWayInput): Promise<string> {
    const keys = compiled.key.map(({ name }) => `s.${identifier(name)}`);
    const field = asked.fields.map(
      ({ field: { name } }) => `WHEN '${name.replaceAll("'", "''")}' THEN '${ofField(name).replaceAll("'", "''")}'`,
    );
    return `SELECT a.*, CASE a.field ${field.join(" ")} END AS field_column, concat_ws(', ', ${keys.join(", ")}) AS key
      FROM (${listAsked(asked)}) a JOIN ${identifier(asked.compare.stage)} s ON s._row_ = a._row_`;
  }
}

/** Fields that both sides change, with the columns that they are mapped from. */
function twoWayNames({ stream, planned }: CompiledStream) {
  const { ownership = {} } = stream.twoWay ?? {};
  return new Map(
    planned.flatMap(({ field, columns }) => {
      const owner = ownership[field.parent?.field ?? field.target];
      return owner === undefined ? [] : [[field.target, { ownership: owner, columns }] as const];
    }),
  );
}

/** SQL of a column of the source as its system stores it: '' for no value, NULL where it was not told. */
function storedText(system: Target, schema: FieldSchema | undefined, column: string): string {
  if (schema === undefined || schema.several === true) return column;
  const { stored, value } = system.render(schema, column, "VARCHAR", storedReading);
  return `CASE WHEN ${column} IS NOT NULL THEN coalesce(${stored ?? value}, '') END`;
}

/** What the names of a stream's files begin with; they end with their hash. */
export const agreedFile = (stream: string) => `${stream}.agreed`;
export const askedFile = (stream: string) => `${stream}.asked`;

async function keepHashed(engine: Engine, select: string, folder: string, name: string): Promise<void> {
  const path = join(folder, `${name}.parquet`);
  // Of a plan that was not finished.
  for (const old of readdirSync(folder)) if (old.startsWith(`${name}-`)) rmSync(join(folder, old));
  await writeParquet(engine, select, path);
  syncFile(path);
  renameSync(path, join(folder, `${name}-${await hashFile(path)}.parquet`));
}

/** The file of a plan; undefined where the stream goes one way. */
export function findHashed(folder: string, name: string): { path: string; sha256: string } | undefined {
  if (!existsSync(folder)) return undefined;
  const file = readdirSync(folder).find((one) => one.startsWith(`${name}-`) && one.endsWith(".parquet"));
  if (file === undefined) return undefined;
  return { path: join(folder, file), sha256: file.slice(name.length + 1, -".parquet".length) };
}
