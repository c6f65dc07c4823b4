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
import { heldTable } from "../../diff/compare.ts";
import { leftBehindTable } from "../../diff/keys.ts";
import type { CompareInput } from "../../diff/match.ts";
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
import {
  baseColumn,
  cellOfBase,
  type FetchedBase,
  fetchBase,
  findBase,
  goesColumn,
  type TwinBase,
} from "../run/twin-base.ts";
import type { DiffInput, TwoWay } from "./diff-input.ts";
import { readRowTimes } from "./field-times.ts";
import { doubledTable, findMoved, selectMoved } from "./moved-pairs.ts";
import { leaveContested, pairRows } from "./pair-rows.ts";
import { readField } from "./read-present.ts";

/** Undefined for a stream that goes one way. */
export async function openTwoWay(context: RunContext, compiled: CompiledStream): Promise<TwoWay | undefined> {
  const { stream } = compiled;
  const base = findBase(context, stream);
  if (base === undefined || stream.source.kind !== "object") return undefined;
  const fetched = await fetchBase(context, base, stream.name);
  const { fields } = await targetOf(context, stream.source.connection).describe(stream.source.object);
  return new TwoWayStream(context, compiled, { base, fetched, schemas: fields });
}

interface Sides {
  base: TwinBase;
  fetched: FetchedBase | undefined;
  /** Of the source, as its system writes them. */
  schemas: ReadonlyMap<string, FieldSchema>;
}

class TwoWayStream implements TwoWay {
  readonly adopts: boolean;
  readonly #context: RunContext;
  readonly #compiled: CompiledStream;
  readonly #sides: Sides;
  /** Of the base: its column, and the name that the diff has for it. */
  readonly #held: (readonly [string, string])[];
  readonly #agreed: (readonly [string, string])[];
  readonly #names: ReturnType<typeof twoWayNames>;
  #input: TwoWayInput | undefined;

  constructor(context: RunContext, compiled: CompiledStream, sides: Sides) {
    this.adopts = context.run.options.adopt === true;
    this.#context = context;
    this.#compiled = compiled;
    this.#sides = sides;
    this.#names = twoWayNames(compiled);
    this.#held = this.#sourceColumns().map((name) => [this.#ofSource(name), heldName(this.#ofSource(name))]);
    this.#agreed = [...this.#names.keys()].map((name) => [this.#ofTarget(name), agreedName(name)]);
  }

  async pair(input: DiffInput, compare: CompareInput): Promise<CompareInput> {
    const pairs = `SELECT source_id, target_id FROM (${this.#selectBase()})`;
    const { mergedInto } = this.#linkOf();
    const merged = mergedInto === undefined ? "CAST(NULL AS VARCHAR)" : `nullif(s.${sourceName(mergedInto)}, '')`;
    const known = { pairs, link: this.#link(), deleted: this.#deleted(), mergedInto: merged };
    const paired = await pairRows(input, compare, known);
    await leaveContested(input, paired);
    return paired;
  }

  async decide(input: DiffInput, compare: CompareInput): Promise<CompareInput> {
    const { engine } = input;
    const { twoWay } = this.#compiled.stream;
    const fields = compare.fields.flatMap((field): TwoWayField[] => {
      const known = this.#names.get(field.name);
      if (known === undefined) return [];
      return [
        {
          field,
          ownership: known.ownership,
          columns: known.columns.map((name) => this.#ofSource(name)),
          agreedAs: this.#ofTarget(field.name),
        },
      ];
    });
    const source = targetOf(this.#context, this.#compiled.stream.source.connection);
    const two: TwoWayInput = {
      compare: { ...compare, decided: new Set(this.#names.keys()) },
      fields,
      columns: this.#sourceColumns().map((name) => ({
        name: this.#ofSource(name),
        now: storedText(source, this.#sides.schemas.get(name), `s.${sourceName(name)}`),
      })),
      base: this.#selectBase(),
      inherited: selectMoved(this.#selectBase()),
      deleted: this.#deleted(),
      onDeletes: twoWay?.onDeletes ?? "ignore",
      fold: foldId,
      adopts: this.adopts,
    };
    await findMoved(input, compare, {
      source,
      base: this.#selectBase(),
      deleted: this.#deleted(),
      ...this.#linkOf(),
    });
    this.#input = await readRowTimes(input, two, { source, columns: this.#timed() });
    await engine.runAll(decideRows(this.#input));
    await holdDoubled(engine);
    return two.compare;
  }

  /** By field, the columns of the source that it is mapped from; of a field that is mapped from anything else, none. */
  #timed(): Map<string, readonly string[]> {
    const { schemas } = this.#sides;
    const isField = (name: string) => schemas.has(name) && schemas.get(name)?.several !== true;
    return new Map([...this.#names].map(([field, { columns }]) => [field, columns.every(isField) ? columns : []]));
  }

  async keep(plan: string): Promise<void> {
    const { engine } = this.#context;
    const { name } = this.#compiled.stream;
    if (this.#input === undefined) return;
    const folder = subfolder(this.#context, "twin");
    const creates = `SELECT row FROM ${readParquet(plan)} WHERE action = 'create'`;
    const rows = `SELECT * FROM (${agreeOn(this.#input)} UNION ALL ${agreeOnNew(this.#input, creates)})
      WHERE _row_ NOT IN (SELECT _row_ FROM ${leftBehindTable})`;
    const { sourceSide, targetSide } = this.#sides.base;
    const ids = [`source_id AS ${identifier(`${sourceSide}:`)}`, `target_id AS ${identifier(`${targetSide}:`)}`];
    const cells = [...this.#held, ...this.#agreed].map(([column, name]) => `${name} AS ${identifier(column)}`);
    const agreed = `SELECT ${["_row_", "is_gone", "is_merged", ...ids, ...cells].join(", ")} FROM (${rows})`;
    await keepHashed(engine, agreed, folder, agreedFile(name));
    await keepHashed(engine, this.#selectAsked(this.#input), folder, askedFile(name));
  }

  #selectAsked(input: TwoWayInput): string {
    const keys = this.#compiled.key.map(({ name }) => `s.${identifier(name)}`);
    return `SELECT a.*, concat_ws(', ', ${keys.join(", ")}) AS key
      FROM (${listAsked(input)}) a JOIN ${identifier(input.compare.stage)} s ON s._row_ = a._row_`;
  }

  /** SELECT of what the two agreed on last, as the stream sees it. */
  #selectBase(): string {
    const { base, fetched } = this.#sides;
    const cells = [...this.#held, ...this.#agreed, [goesColumn, goesColumn] as const].map(
      ([column, name]) => `${cellOfBase(fetched ?? { columns: new Set() }, column)} AS ${name}`,
    );
    if (fetched === undefined) return `SELECT ${["'' AS source_id", "'' AS target_id", ...cells].join(", ")} LIMIT 0`;
    const ids = [
      `${identifier(`${base.sourceSide}:`)} AS source_id`,
      `${identifier(`${base.targetSide}:`)} AS target_id`,
    ];
    return `SELECT ${[...ids, ...cells].join(", ")} FROM ${fetched.scan}`;
  }

  #sourceColumns(): string[] {
    return [...new Set([...this.#names.values()].flatMap(({ columns }) => columns))];
  }

  #ofSource(name: string): string {
    return baseColumn(this.#sides.base.sourceSide, name);
  }

  #ofTarget(name: string): string {
    return baseColumn(this.#sides.base.targetSide, readField(this.#compiled, name));
  }

  #link(): string {
    const { link } = this.#linkOf();
    return link === undefined ? "''" : `s.${sourceName(link)}`;
  }

  /** What the twin writes into its key names our record only where it is the record's id. */
  #linkOf(): { link?: string; mergedInto?: string } {
    const { stream, deletions } = this.#compiled;
    const { link } = stream.twoWay ?? {};
    const { idColumn } = targetOf(this.#context, stream.target.connection).capabilities;
    const isId = link?.from.toLowerCase() === idColumn.toLowerCase();
    const merged = deletions?.mergedInto === undefined ? {} : { mergedInto: deletions.mergedInto };
    return link === undefined || !isId ? merged : { link: link.column, ...merged };
  }

  #deleted(): string {
    const { deletions } = this.#compiled;
    return deletions === undefined ? "false" : `coalesce(lower(s.${sourceName(deletions.flag)}) = 'true', false)`;
  }
}

/** Rows whose key finds another record than the one that they are a pair with, which is there too: nobody knows whose they are. */
async function holdDoubled(engine: Engine): Promise<void> {
  await engine.run(`INSERT INTO ${heldTable} SELECT _row_, found || ' ' || id, 'its key finds another record than the one it is a pair with'
    FROM ${doubledTable} WHERE _row_ NOT IN (SELECT _row_ FROM ${heldTable})`);
  await engine.run(
    `INSERT INTO ambiguous SELECT _row_ FROM ${heldTable} WHERE _row_ NOT IN (SELECT _row_ FROM ambiguous)`,
  );
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
