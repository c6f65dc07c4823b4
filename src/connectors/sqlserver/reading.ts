// What a SELECT gives, in SQL Server's own words. In: a SELECT. Out: its columns with their types; values that SQL can name. Must
// hold: what a job says in SQL stays within the brackets that it stands in: the server takes several statements for one.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { SelectedColumn } from "../sql/dialect.ts";
import { quoteName } from "./names.ts";
import type { SqlserverSession } from "./session.ts";
import { inUtc, readableType, readTypeName } from "./types.ts";

/** The server plans it and does not run it. */
export async function selectedColumns(session: SqlserverSession, select: string): Promise<SelectedColumn[]> {
  if (!staysWithin(select)) {
    throw usageFailure("a query is one SELECT that only reads, and a filter is one condition", {
      next: "correct the brackets and quotes of the job's query or where",
    });
  }
  const parameters = Object.keys(session.bound).map((name) => `@loadline_${name} nvarchar(max)`);
  const rows = await session.rows("EXEC sys.sp_describe_first_result_set @p1, @p2, 0", [select, parameters.join(", ")]);
  return rows
    .filter((row) => row["is_hidden"] !== "1" && row["is_hidden"] !== "true")
    .map((row) => {
      const name = row["name"] ?? "";
      const shown = row["system_type_name"];
      return {
        name,
        vendorType: shown == null ? undefined : readTypeName(shown).word,
        type: readableType(name, shown),
      };
    });
}

const token = /N?'(?:[^']|'')*'|"(?:[^"]|"")*"|\[(?:[^\]]|\]\])*\]|--[^\n]*|[()'"[]|\/\*|./.source;

/** Of `SELECT * FROM … WHERE (…)`: whether what stands between brackets ends there. */
export function staysWithin(select: string): boolean {
  const outside = outsideOf(select);
  const table = String.raw`(?:\(\)|\[\](?:\.\[\])*)`;
  return outside !== undefined && new RegExp(`^SELECT \\* FROM ${table} [qt](?: WHERE \\(\\))?$`).test(outside.trim());
}

/** The text outside of brackets, names and texts; undefined where brackets or comments don't end. */
function outsideOf(text: string): string | undefined {
  let depth = 0;
  let outside = "";
  const tokens = new RegExp(token, "gs");
  for (let found = tokens.exec(text); found !== null; found = tokens.exec(text)) {
    const [one] = found;
    if (one === "/*") {
      // Comments may stand in comments.
      const end = endOfComment(text, tokens.lastIndex);
      if (end === undefined) return undefined;
      tokens.lastIndex = end;
    } else if (one === "(") {
      if (depth === 0) outside += "(";
      depth += 1;
    } else if (one === ")") {
      depth -= 1;
      if (depth < 0) return undefined;
      if (depth === 0) outside += ")";
    } else if (depth === 0 && !one.startsWith("--")) {
      outside += one.length > 1 ? (one.startsWith("[") ? "[]" : "''") : one;
    }
    if (one === "'" || one === '"' || one === "[") return undefined;
  }
  return depth === 0 ? outside : undefined;
}

function endOfComment(text: string, from: number): number | undefined {
  const marks = /\/\*|\*\//g;
  marks.lastIndex = from;
  let depth = 1;
  for (let found = marks.exec(text); found !== null; found = marks.exec(text)) {
    depth += found[0] === "/*" ? 1 : -1;
    if (depth === 0) return marks.lastIndex;
  }
  return undefined;
}

export function cursorOf(cursor: string, type: string | undefined, where: Place): string {
  const told = `incremental.cursor: ${cursor}`;
  if (type === "datetimeoffset") return `q.${quoteName(cursor)}`;
  if (type === "timestamp" || type === "rowversion") {
    throw usageFailure(`${told} is a rowversion, which counts changes and tells no time`, {
      where,
      next: "incremental: { cursor: rowversion } goes by it, whatever it is called",
    });
  }
  if (type?.includes("datetime") === true) {
    throw usageFailure(`${told} is of type ${type}, which has no zone: when that was can't be told`, {
      where,
      next: `a query that says it: SELECT *, ${quoteName(cursor)} AT TIME ZONE 'UTC' AS changed_at FROM …`,
    });
  }
  throw usageFailure(`${told} is of type ${type ?? "unknown"}, not a datetimeoffset`, { where });
}

export function boundInstant(name: string): string {
  return `CONVERT(datetimeoffset(7), ${name === "from" ? "LEFT(@loadline_from, 19) + 'Z'" : `@loadline_${name}`})`;
}

export function boundTexts(name: string): string {
  return `SELECT value COLLATE Latin1_General_100_BIN2 FROM OPENJSON(@loadline_${name})`;
}

/** Cut off after the microsecond: what is later than that is in the same one. */
export function instantText(cursor: string): string {
  return `LEFT(REPLACE(CONVERT(nvarchar(40), ${inUtc(cursor)}, 121), N' ', N'T'), 26) + N'Z'`;
}
