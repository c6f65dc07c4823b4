// What Salesforce says no with: an error of a whole request, or of one row.

/** A refused request: the HTTP status and the vendor's error code and wording. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: readonly string[] | undefined;

  constructor(status: number, code: string, message: string, fields?: readonly string[]) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** A refused row: a status code such as REQUIRED_FIELD_MISSING, its message, the fields at fault. */
export class RowError extends Error {
  readonly code: string;
  readonly fields: readonly string[];

  constructor(code: string, message: string, fields: readonly string[] = []) {
    super(message);
    this.name = "RowError";
    this.code = code;
    this.fields = fields;
  }
}

/** A row error as Bulk API 2.0 writes it into sf__Error: CODE:message:field1,field2 -- */
export function bulkErrorText(error: RowError): string {
  const fields = error.fields.length === 0 ? "" : `${error.fields.join(",")} `;
  return `${error.code}:${error.message}:${fields}--`;
}

/** A fault's row text, CODE:message:field --, as the row error that it spells. */
export function parseRowError(text: string): RowError {
  const parts = /^(?<code>[A-Z_]+):(?<message>.*?):(?<fields>[^:]*?)\s*--$/s.exec(text)?.groups;
  if (parts === undefined) return new RowError("UNKNOWN_EXCEPTION", text);
  const fields = (parts["fields"] ?? "").split(",").filter((field) => field !== "");
  return new RowError(parts["code"] ?? "UNKNOWN_EXCEPTION", parts["message"] ?? text, fields);
}

export function notFound(): ApiError {
  return new ApiError(404, "NOT_FOUND", "The requested resource does not exist");
}
