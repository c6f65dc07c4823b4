// What is different between the shape of a stream that a run has kept and the one that there is now, in words. In: single
// changes. Out: sentences, of columns that came or went one for all of them. Must hold: no value of a row is told, only
// names, types and what may be chosen.

/** One thing that is other than it was. */
export interface ShapeChange {
  side: "source" | "target";
  /** The column or field; of a renamed one its new name. */
  name: string;
  change:
    | "came"
    | "went"
    | "renamed"
    | "type"
    | "length"
    | "scale"
    | "digits"
    | "required"
    | "unique"
    | "external_id"
    | "createable"
    | "updateable"
    | "restricted"
    | "values_came"
    | "values_went"
    | "required_unmapped";
  /** What it was, and what it is; null where there is nothing to be named. */
  before: ShapeValue;
  after: ShapeValue;
  message: string;
}

export type ShapeValue = string | number | boolean | readonly string[] | null;

const columnsShownMax = 10;
const valuesShownMax = 5;

function showNames(names: readonly string[], most = columnsShownMax): string {
  const shown = names.slice(0, most).join(", ");
  return names.length > most ? `${shown}, … ${names.length} in all` : shown;
}

export function showChoices(values: readonly string[]): string {
  return showNames(
    values.map((value) => `"${value}"`),
    valuesShownMax,
  );
}

/** A sentence for each change, columns that came or went together. */
export function tellChanges(changes: readonly ShapeChange[]): string[] {
  const columns = (change: ShapeChange["change"]) =>
    changes.filter((one) => one.side === "source" && one.change === change).map(({ name }) => name);
  const [came, went] = [columns("came"), columns("went")];
  const others = changes.filter(({ side, change }) => side === "target" || (change !== "came" && change !== "went"));
  return [
    ...(came.length === 0
      ? []
      : [`the source has ${came.length === 1 ? "a new column" : "new columns"}: ${showNames(came)}`]),
    ...(went.length === 0
      ? []
      : [`the source lacks ${went.length === 1 ? "a column" : "columns"} that it had: ${showNames(went)}`]),
    ...others.map(({ message }) => message),
  ];
}

/** Of one stream, against what is kept. */
export interface StreamShapeChanges {
  /** The run that saw the kept shape first, and when it was settled; null where no run has kept one. */
  kept: { run: string; at: string } | null;
  differences: ShapeChange[];
  /** What could not be seen. */
  notCompared: string[];
}

export function renderShapeChanges(streams: ReadonlyMap<string, StreamShapeChanges>): string[] {
  return [...streams].flatMap(([name, { kept, differences, notCompared }]) => {
    const unseen = notCompared.map((what) => `  not compared: ${what}`);
    if (kept === null) return [`${name}: no shape is kept yet; the first run of all of it that settles keeps one`];
    const told = tellChanges(differences);
    const since = `the shape that run ${kept.run} kept (${kept.at})`;
    if (told.length === 0) return [`${name}: as ${since}`, ...unseen];
    return [`${name}: not as ${since}`, ...told.map((line) => `  ${line}`), ...unseen];
  });
}
