// The lookups of a stream as they are compiled, one after the other: those of the map, then those of the rules.

import { mappedName, renderedName } from "../../core/columns.ts";
import type { FieldSchema } from "../../core/model.ts";
import { literal } from "../../core/sql.ts";
import type { Diagnostic } from "../../job/diagnostics.ts";
import { readingOf, type Stream } from "../../job/job.ts";
import type { Lookup } from "../../job/lookup.ts";
import type { Bound, CompileInput } from "./bind-expression.ts";
import { compileLookup, findValueProblem } from "./compile-lookup.ts";
import type { CompiledLookup } from "./compiled-lookup.ts";

interface FieldLookup {
  field: string;
  written: Lookup;
  /** Of the field; undefined where it is none. */
  schema: FieldSchema | undefined;
}

interface RuleLookup {
  field: string;
  written: Lookup;
  /** Mapped fields, as rules see them. */
  typedColumns: ReadonlyMap<string, string>;
}

export class StreamLookups {
  readonly compiled: CompiledLookup[] = [];
  readonly #input: CompileInput;
  readonly #redacted: ReadonlySet<string>;

  constructor(input: CompileInput, redacted: ReadonlySet<string>) {
    this.#input = input;
    this.#redacted = redacted;
  }

  of(field: string): CompiledLookup | undefined {
    return this.compiled.find((lookup) => lookup.of === "field" && lookup.field === field);
  }

  /** What its expression is to the map: text, over the columns that are looked up. */
  async add({ field, written, schema }: FieldLookup, problems: Diagnostic[]): Promise<Bound | undefined> {
    const scope = this.#input.columns;
    const lookup = await this.#compile({ field, written, of: "field" as const, scope }, problems);
    if (lookup === undefined || schema === undefined) return undefined;
    const { openTarget, stream } = this.#input;
    const own = await openTarget(stream.target.connection);
    const other = lookup.table.kind === "object" ? lookup.table.target : own;
    const found = findValueProblem(lookup, schema, () => other.orgId === own.orgId);
    found.push(...(await this.#findDefaultProblem(lookup, schema)));
    problems.push(...found);
    if (found.length > 0) return undefined;
    return { type: "VARCHAR", columns: lookup.columns, nested: { calls: [], sql: "NULL" } };
  }

  async addRule({ field, written, typedColumns }: RuleLookup, problems: Diagnostic[]) {
    return this.#compile({ field, written, of: "rule" as const, scope: { columns: typedColumns } }, problems);
  }

  async #compile(
    given: { field: string; written: Lookup; of: CompiledLookup["of"]; scope: CompileInput["columns"] },
    problems: Diagnostic[],
  ): Promise<CompiledLookup | undefined> {
    const index = this.compiled.length;
    const isHidden = (name: string) =>
      given.of === "rule" ? this.#redacted.has(name.toLowerCase()) : this.#feeds(name);
    const redacted = this.#redacted;
    const lookup = await compileLookup({ ...given, compile: this.#input, index, redacted, isHidden }, problems);
    if (lookup !== undefined) this.compiled.push(lookup);
    return lookup;
  }

  /** Whether a column stands in an expression of a field that is never shown. */
  #feeds(column: string): boolean {
    const { fields }: Stream = this.#input.stream;
    return fields.some(
      ({ target, expression, lookup }) =>
        this.#redacted.has(target.toLowerCase()) &&
        [expression, ...(lookup?.from ?? [])].some(({ sql }) => sql.toLowerCase().includes(column.toLowerCase())),
    );
  }

  /** As a row with this value would be judged. */
  async #findDefaultProblem({ written, field }: CompiledLookup, schema: FieldSchema): Promise<Diagnostic[]> {
    const { default: given } = written;
    const mapped = this.#input.stream.fields.find(({ target }) => target === field);
    if (given === undefined || mapped === undefined) return [];
    const { engine, target, job } = this.#input;
    const { value, invalid } = target.render(schema, mappedName(field), "VARCHAR", readingOf(job, mapped));
    if (invalid === undefined) return [];
    const rendered = `SELECT *, ${value} AS ${renderedName(field)} FROM (SELECT ${literal(given.text)} AS ${mappedName(field)})`;
    const { complaint } = await engine.one(
      `SELECT CASE WHEN ${invalid.condition} THEN ${invalid.message} END AS complaint FROM (${rendered})`,
    );
    if (complaint === null) return [];
    const message = `${field}: the default can't be stored: ${String(complaint)}`;
    return [{ place: given.place, length: given.text.length, message }];
  }
}
