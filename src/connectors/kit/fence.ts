// Where a session may be sent. What names the address of a next page is an answer, and an answer may be anybody's.

import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import type { Connection } from "../../job/job.ts";

/** The URL of a path; where an answer gave a whole URL (a next page), it must be of the origin. Throws a Failure. */
export function urlAt(origin: string, path: string, { name, place }: Pick<Connection, "name" | "place">): string {
  const own = new URL(origin);
  const url = path.startsWith("/") ? URL.parse(`${own.origin}${path}`) : URL.parse(path);
  if (url !== null && url.origin === own.origin) return url.href;
  throw new Failure(exitCode.failed, `${name}: an answer points to a page elsewhere`, {
    where: place,
    why: `${url === null || url.host === "" ? "it is no URL" : `it is on ${url.host}`}, the session is for ${own.host}`,
    next: "check who answers for this connection; the session was not sent there",
  });
}
