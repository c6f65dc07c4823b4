// Cells as people write them in files: options by their labels, owners by their addresses, dates in the file's format.
// Out: the value as the API takes it, for the checks of every write; or why there is none.
// https://knowledge.hubspot.com/import-and-export/property-and-record-formats-for-import

import { owners } from "../catalog/owners.ts";
import { isMultiple, type Property } from "../catalog/property.ts";
import type { DateFormat } from "./import-request.ts";

interface CellError {
  errorType: string;
  message: string;
}

export function cellReader(
  property: Property,
  { dateFormat }: { dateFormat: DateFormat },
): (cell: string) => string | CellError {
  if (property.name === "hubspot_owner_id") return readOwner;
  if (property.type === "date" || property.type === "datetime") return (cell) => readDate(cell.trim(), dateFormat);
  if (property.options.length === 0) return (cell) => cell;
  const values = new Map(property.options.map(({ label, value }) => [label.toLowerCase(), value]));
  for (const { value } of property.options) values.set(value.toLowerCase(), value);
  const read = (text: string): string => values.get(text.trim().toLowerCase()) ?? text.trim();
  return isMultiple(property) ? (cell) => cell.split(";").map(read).join(";") : read;
}

function readOwner(cell: string): string | CellError {
  const text = cell.trim().toLowerCase();
  const owner = owners.find(
    ({ id, email, archived }) => !archived && (id === text || (email !== "" && email === text)),
  );
  return owner?.id ?? { errorType: "COULD_NOT_FIND_OWNER", message: `No owner has the id or address ${cell}` };
}

const datePatterns: Readonly<Record<DateFormat, RegExp>> = {
  MONTH_DAY_YEAR: /^(?<month>\d{1,2})[-/.](?<day>\d{1,2})[-/.](?<year>\d{4})$/,
  DAY_MONTH_YEAR: /^(?<day>\d{1,2})[-/.](?<month>\d{1,2})[-/.](?<year>\d{4})$/,
  YEAR_MONTH_DAY: /^(?<year>\d{4})[-/.](?<month>\d{1,2})[-/.](?<day>\d{1,2})$/,
};

function readDate(text: string, format: DateFormat): string | CellError {
  const parts = datePatterns[format].exec(text)?.groups;
  if (parts !== undefined)
    return `${parts["year"]}-${parts["month"]?.padStart(2, "0")}-${parts["day"]?.padStart(2, "0")}`;
  // Milliseconds, and times with a zone, mean the same in every format.
  if (/^\d{10,}$/.test(text) || /^\d{4}-\d{2}-\d{2}T/.test(text)) return text;
  return { errorType: "COULD_NOT_PARSE_DATE", message: `${text} is no date in the format ${format}` };
}
