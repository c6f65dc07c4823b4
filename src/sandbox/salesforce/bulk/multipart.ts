// The multipart form of creating an ingest job: the job and its data in one request.

import { ApiError } from "../errors.ts";

/** The named parts of a multipart/form-data body. */
export function parseMultipart(body: string, contentType: string): Record<string, string> {
  const boundary = /boundary="?(?<boundary>[^";]+)"?/.exec(contentType)?.groups?.["boundary"];
  if (boundary === undefined) throw new ApiError(400, "API_ERROR", "The multipart request has no boundary");
  const parts: Record<string, string> = {};
  for (const part of body.split(`--${boundary}`).slice(1)) {
    if (part.startsWith("--")) break;
    const [, head = "", content = ""] = /^\r?\n(.*?)\r?\n\r?\n(.*?)\r?\n?$/s.exec(part) ?? [];
    const name = /name="(?<name>[^"]+)"/i.exec(head)?.groups?.["name"];
    if (name !== undefined) parts[name] = content;
  }
  return parts;
}
