// A shape against the one that was kept. In: the two. Out: what is other than it was, thing by thing. Must hold: what only
// the job has changed is no change: a field that is newly mapped has nothing to be compared with, one that is mapped no
// more is not missed.

import { countOf, withArticle } from "../../core/counted.ts";
import { suggest } from "../../core/suggest.ts";
import { holdsAllOf, withoutWidth } from "../../core/type-name.ts";
import { type ShapeChange, type ShapeValue, showChoices } from "../../report/shape-changes.ts";
import type { FieldShape, Shape, SourceShape, TargetShape } from "./shape.ts";

export function compareShapes(before: Shape, now: Shape): ShapeChange[] {
  return [
    ...(before.source === null || now.source === null ? [] : compareSources(before.source, now.source)),
    ...(before.target === null || now.target === null ? [] : compareTargets(before.target, now.target)),
  ];
}

/** Whether a field keeps values that it is given otherwise than before, or not at all. One that is wider by now does not. */
export function changesValues({ change: kind, before, after }: ShapeChange): boolean {
  if (kind === "type") return !holdsAllOf(String(after), String(before));
  if (kind === "length" || kind === "scale" || kind === "digits")
    return after !== null && (before === null || after < before);
  return kind === "went";
}

function compareSources(before: SourceShape, now: SourceShape): ShapeChange[] {
  if (before.kind !== now.kind) return [];
  const had = new Map(before.columns);
  const has = new Map(now.columns);
  const changes: ShapeChange[] = [];
  if (now.kind === "files") changes.push(...compareColumns([...had.keys()], [...has.keys()]));
  // One that the job takes is told with its type.
  else if (before.all !== undefined && now.all !== undefined)
    changes.push(
      ...compareColumns(before.all, now.all).filter(({ name, change }) => change !== "went" || !has.has(name)),
    );
  const renamed = new Set(changes.flatMap(({ change: kind, before: from }) => (kind === "renamed" ? [from] : [])));
  for (const [name, type] of has) {
    const was = had.get(name);
    if (renamed.has(name)) continue;
    if (was === undefined || was === type || was === null) continue;
    changes.push(
      type === null
        ? change("source", name, "went", was, null, `field ${name} of the source is not there any more`)
        : change(
            "source",
            name,
            "type",
            was,
            type,
            `field ${name} of the source was ${withArticle(was)}, is ${withArticle(type)} now`,
          ),
    );
  }
  return changes;
}

/** A column that went and one that came and is called alike are taken for one. */
function compareColumns(had: readonly string[], has: readonly string[]): ShapeChange[] {
  const came = new Set(has.filter((name) => !had.includes(name)));
  const renamed: ShapeChange[] = [];
  const went = had.filter((name) => {
    if (has.includes(name)) return false;
    const meant = suggest(name, came);
    if (meant === undefined) return true;
    came.delete(meant);
    const message = `the source has a column "${meant}" in place of "${name}": was it renamed?`;
    renamed.push(change("source", meant, "renamed", name, meant, message));
    return false;
  });
  return [
    ...renamed,
    ...[...came].map((name) => change("source", name, "came", null, name, `the source has a new column: ${name}`)),
    ...went.map((name) => change("source", name, "went", name, null, `the source lacks a column that it had: ${name}`)),
  ];
}

function compareTargets(before: TargetShape, now: TargetShape): ShapeChange[] {
  const had = new Map(before.fields);
  const changes = now.fields.flatMap(([name, field]) => {
    const was = had.get(name);
    // It was not mapped, or not there.
    if (was === undefined || was === null) return [];
    if (field === null) {
      return [
        change(
          "target",
          name,
          "went",
          was.type,
          null,
          `${now.object}.${name} is not there any more, or this user can't see it`,
        ),
      ];
    }
    return compareFields(`${now.object}.${name}`, name, was, field);
  });
  // What an earlier run mapped was required then too, for all that is known.
  const known = new Set([...before.missing, ...had.keys()]);
  const missing = now.missing.filter((name) => !known.has(name));
  return [
    ...changes,
    ...missing.map((name) => {
      const message = `a new ${now.object} must have ${name} now, and it is not in the map`;
      return change("target", name, "required_unmapped", false, true, message);
    }),
  ];
}

const flags = {
  required: ["is required now", "is not required any more"],
  unique: ["is unique now", "is not unique any more"],
  externalId: ["is an external id now", "is no external id any more"],
  createable: ["can be written into new records now", "can't be written into new records any more"],
  updateable: ["can be updated now", "can't be updated any more"],
} as const;

const sizes = {
  length: ["takes", "took", "character", ""],
  scale: ["has", "had", "digit", " after the decimal point"],
  digits: ["has", "had", "digit", " before the decimal point"],
} as const;

function compareFields(title: string, name: string, was: FieldShape, is: FieldShape): ShapeChange[] {
  const changes: ShapeChange[] = [];
  // What an earlier version kept has it with the width.
  if (withoutWidth(was.type) !== withoutWidth(is.type)) {
    changes.push(
      change(
        "target",
        name,
        "type",
        was.type,
        is.type,
        `${title} was ${withArticle(was.type)}, is ${withArticle(is.type)} now`,
      ),
    );
  }
  for (const size of ["length", "scale", "digits"] as const) {
    if (was[size] === is[size]) continue;
    const [verb, past, noun, place] = sizes[size];
    const show = (value: number | null) =>
      (value === null ? `no fixed number of ${noun}s` : countOf(value, noun)) + place;
    const before = was[size] === null ? show(null) : String(was[size]);
    const message = `${title} ${verb} ${show(is[size])} now, it ${past} ${before}`;
    changes.push(change("target", name, size, was[size], is[size], message));
  }
  for (const flag of ["required", "unique", "externalId", "createable", "updateable"] as const) {
    if (was[flag] === is[flag]) continue;
    const kind = flag === "externalId" ? "external_id" : flag;
    const message = `${title} ${flags[flag][is[flag] ? 0 : 1]}`;
    changes.push(change("target", name, kind, was[flag], is[flag], message));
  }
  return [...changes, ...compareChoices(title, name, was.values, is.values)];
}

function compareChoices(
  title: string,
  name: string,
  was: readonly string[] | null,
  is: readonly string[] | null,
): ShapeChange[] {
  if (was === null && is === null) return [];
  if (was === null || is === null) {
    const message = is === null ? `${title} takes any value now` : `${title} takes only the values of its list now`;
    return [change("target", name, "restricted", was !== null, is !== null, message)];
  }
  const went = was.filter((value) => !is.includes(value));
  const came = is.filter((value) => !was.includes(value));
  return [
    ...(went.length === 0
      ? []
      : [change("target", name, "values_went", went, null, `${title} does not take ${showChoices(went)} any more`)]),
    ...(came.length === 0
      ? []
      : [change("target", name, "values_came", null, came, `${title} takes ${showChoices(came)} too now`)]),
  ];
}

function change(
  side: ShapeChange["side"],
  name: string,
  kind: ShapeChange["change"],
  before: ShapeValue,
  after: ShapeValue,
  message: string,
): ShapeChange {
  return { side, name, change: kind, before, after, message };
}
