// Who runs the program, by name where the system knows one.

import { userInfo } from "node:os";

/** A container may run under a number that no file has a name for, for which Node throws. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
