// By field of a careful pass: for which rows its expression certainly does not fail (transform/readable.ts), and what is
// said of a row for which it does.

import { namesOf } from "../../core/nested-rows.ts";
import { tried } from "../../core/sql.ts";
import { deserialize, serialize } from "../../stage/bind.ts";
import type { Engine } from "../../stage/engine.ts";
import { parseStatement } from "../../transform/expressions.ts";
import { harmlessFunctions, readerQuestions, refusalReasons } from "../../transform/functions.ts";
import { always, type CompiledField } from "../../transform/mapping.ts";
import { askReaders, defineQuestions } from "../../transform/readable.ts";
import { askRefusals, defineReasons } from "../../transform/tell-calls.ts";
import { defineShape } from "../../values/shape.ts";

/** BOOLEAN SQL by target field (`always`: true); without those of which nothing is known. Defines the macros that it calls. */
export async function findCertain(engine: Engine, fields: readonly CompiledField[]): Promise<Map<string, string>> {
  const questions = readerQuestions(fields.map(({ field }) => field.expression.sql));
  const known = { readers: new Set(Object.keys(questions)), harmless: harmlessFunctions };
  await engine.runAll(defineQuestions(questions));
  const certain = new Map<string, string>();
  for (const { field, digits, lookedUp, nested } of fields) {
    const calls = (digits ?? lookedUp) === undefined ? askReaders(await tree(engine, nested.sql), known) : undefined;
    if (calls === undefined) continue;
    const asked: string[] = [];
    for (const call of calls) asked.push(`(${await deserialize(engine, call)})`);
    // What is tried below it may fail.
    if (asked.length === 0 && nested.calls.length > 0) continue;
    certain.set(field.target, asked.length === 0 ? always : asked.join(" AND "));
  }
  return certain;
}

/**
 * By target field: why the functions that its expression calls refuse a row, VARCHAR SQL over the source's columns and the
 * calls inside others. Makes known to the engine what else is said of such a row.
 */
export async function findRefusals(engine: Engine, fields: readonly CompiledField[]): Promise<Map<string, string>> {
  defineShape(engine);
  await engine.runAll(defineReasons(refusalReasons(fields.map(({ field }) => field.expression.sql))));
  const found = new Map<string, string>();
  for (const { field, digits, nested } of fields) {
    const explained = Object.keys(refusalReasons(field.expression.sql));
    if (digits !== undefined || explained.length === 0) continue;
    const told: string[] = [];
    for (const { sql } of [...nested.calls, nested]) {
      for (const call of askRefusals(await tree(engine, sql), explained, new Set(namesOf(nested)))) {
        told.push(tried(await deserialize(engine, call)));
      }
    }
    if (told.length > 0) found.set(field.target, `coalesce(${told.join(", ")})`);
  }
  return found;
}

function tree(engine: Engine, sql: string): Promise<string> {
  return serialize(engine, parseStatement(sql));
}
