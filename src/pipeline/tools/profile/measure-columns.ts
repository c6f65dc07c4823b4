// What the columns of a table hold. In: a scan, all columns text. Out: figures of each column. Must hold: memory does not grow
// with the rows; what is approximate, or looked at in the first rows only, says so.

import { identifier, literal } from "../../../core/sql.ts";
import type { ColumnProfile, TableProfile } from "../../../report/profile.ts";
import type { Engine } from "../../../stage/engine.ts";

/** Up to so many different values are counted one by one. */
const exactMax = 10_000;
/** Rows whose values' patterns and examples are looked at. */
const sampleRows = 20_000;
const patternsMax = 5;
const examplesMax = 3;

export async function measureTable(engine: Engine, scan: string, columns: readonly string[]): Promise<TableProfile> {
  const figures = columns.map((name, index) => {
    const cell = identifier(name);
    return `count(*) FILTER (${cell} IS NULL) AS nulls_${index}, count(*) FILTER (trim(${cell}) = '') AS blanks_${index},
      approx_count_distinct(nullif(${cell}, '')) AS distinct_${index}, min(nullif(${cell}, '')) AS min_${index}, max(nullif(${cell}, '')) AS max_${index},
      min(length(nullif(${cell}, ''))) AS shortest_${index}, max(length(${cell})) AS longest_${index}`;
  });
  const all = await engine.one(`SELECT count(*) AS rows, ${figures.join(", ")} FROM ${scan}`);
  await engine.run(`CREATE OR REPLACE TEMP TABLE sample AS SELECT * FROM ${scan} LIMIT ${sampleRows}`);
  const few = columns.filter((_, index) => Number(all[`distinct_${index}`]) <= exactMax);
  const counted = few.map((name, index) => `count(DISTINCT nullif(${identifier(name)}, '')) AS d${index}`);
  const exact = few.length === 0 ? {} : await engine.one(`SELECT ${counted.join(", ")} FROM ${scan}`);
  const rows = Number(all["rows"]);
  const samples: Sample[] = [];
  for (const name of columns) samples.push(await lookAtSample(engine, name));
  const ranges = await rangesOfNumbers(
    engine,
    scan,
    columns.filter((_, index) => ["integer", "number"].includes(samples[index]?.type ?? "")),
  );
  const profiled = columns.map((name, index): ColumnProfile => {
    const text = (what: string) => (all[`${what}_${index}`] === null ? null : String(all[`${what}_${index}`]));
    const number = (what: string) => Number(all[`${what}_${index}`] ?? 0);
    const place = few.indexOf(name);
    return {
      name,
      ...(samples[index] as Sample),
      nulls: number("nulls"),
      blanks: number("blanks"),
      distinct: place >= 0 ? Number((exact as Record<string, unknown>)[`d${place}`]) : number("distinct"),
      isExact: place >= 0,
      min: text("min"),
      max: text("max"),
      shortest: number("shortest"),
      longest: number("longest"),
      ...ranges.get(name),
    };
  });
  return { rows, sampled: Math.min(rows, sampleRows), columns: profiled };
}

type Sample = Pick<ColumnProfile, "type" | "patterns" | "examples">;
type Range = Pick<ColumnProfile, "min" | "max">;

/** The least and the greatest number, where all values are numbers: in the order of text 9 is the last of 1 to 53. */
async function rangesOfNumbers(engine: Engine, scan: string, columns: readonly string[]): Promise<Map<string, Range>> {
  if (columns.length === 0) return new Map();
  const values = columns.map((name, index) => `nullif(trim(${identifier(name)}), '') AS v${index}`);
  const figures = columns.map((_, index) => {
    const [v, number] = [`v${index}`, `TRY_CAST(v${index} AS DOUBLE)`];
    const pair = `struct_pack(number := ${number}, v := ${v})`;
    return `count(*) FILTER (${v} IS NOT NULL AND ${number} IS NULL) AS others_${index},
      (min(${pair}) FILTER (${v} IS NOT NULL)).v AS least_${index}, (max(${pair}) FILTER (${v} IS NOT NULL)).v AS greatest_${index}`;
  });
  const told = await engine.one(`SELECT ${figures.join(", ")} FROM (SELECT ${values.join(", ")} FROM ${scan})`);
  const ranges = columns.flatMap((name, index): [string, Range][] =>
    Number(told[`others_${index}`]) > 0
      ? []
      : [[name, { min: String(told[`least_${index}`]), max: String(told[`greatest_${index}`]) }]],
  );
  return new Map(ranges);
}

/** Digits as 9, letters as a, the rest as it is. */
function patternOf(cell: string): string {
  return `regexp_replace(regexp_replace(${cell}, '[0-9]', '9', 'g'), '\\p{L}', 'a', 'g')`;
}

/** The first that all values of the sample fit. */
const types: readonly (readonly [string, (cell: string) => string])[] = [
  ["integer", (cell) => `regexp_full_match(${cell}, '-?(0|[1-9][0-9]*)')`],
  ["number", (cell) => `regexp_full_match(${cell}, '-?[0-9]*[.]?[0-9]+') AND NOT regexp_matches(${cell}, '^-?0[0-9]')`],
  ["boolean", (cell) => `lower(${cell}) IN ('true', 'false', 'yes', 'no', 't', 'f', 'y', 'n')`],
  ["date", (cell) => `TRY_CAST(${cell} AS DATE) IS NOT NULL AND length(${cell}) = 10`],
  ["datetime", (cell) => `TRY_CAST(${cell} AS TIMESTAMPTZ) IS NOT NULL AND length(${cell}) > 10`],
  ["email", (cell) => `regexp_full_match(${cell}, '[^@\\s]+@[^@\\s]+[.][^@\\s]+')`],
  ["digits", (cell) => `regexp_full_match(${cell}, '[0-9]+')`],
];

async function lookAtSample(engine: Engine, name: string): Promise<Sample> {
  const cell = "v";
  const values = `(SELECT trim(${identifier(name)}) AS v FROM sample WHERE trim(${identifier(name)}) <> '')`;
  const fits = types.map(([type, test]) => `WHEN bool_and(${test(cell)}) THEN ${literal(type)}`);
  const { type } = await engine.one(
    `SELECT CASE WHEN count(*) = 0 THEN 'empty' ${fits.join(" ")} ELSE 'text' END AS type FROM ${values}`,
  );
  const patterns = await engine.all(`SELECT left(${patternOf(cell)}, 40) AS pattern, count(*) AS rows FROM ${values}
    GROUP BY 1 ORDER BY rows DESC, pattern LIMIT ${patternsMax}`);
  const examples = await engine.all(
    `SELECT left(v, 80) AS v FROM ${values} GROUP BY v ORDER BY count(*) DESC, v LIMIT ${examplesMax}`,
  );
  return {
    type: String(type),
    patterns: patterns.map(({ pattern, rows }) => ({ pattern: String(pattern), rows: Number(rows) })),
    examples: examples.map(({ v }) => String(v)),
  };
}
