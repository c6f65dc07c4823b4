// Long results: paged on a terminal as git does it, written as they come elsewhere. In: pieces of text. Out: the same on
// stdout. Must hold: nothing is paged without a terminal; no piece is written before there is room for it; who leaves the
// pager wants no more, and has done nothing wrong.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { usageFailure } from "../core/errors.ts";
import { redactSecrets } from "../core/secret.ts";
import { isOutScreen, setPaging, writeOut } from "./output.ts";

/** Writes pieces until there are no more, or nobody wants more. */
export async function printPaged(pieces: AsyncIterable<string>): Promise<void> {
  const command = isOutScreen() ? choosePager(process.env) : undefined;
  if (command === undefined) {
    for await (const piece of pieces) await writeOut(piece);
    return;
  }
  // As git does: quit if it fits one screen, colours as they are, leave the screen as it is.
  // https://git-scm.com/docs/git-config#Documentation/git-config.txt-corepager
  const env = { LESS: "FRX", LV: "-c", ...process.env };
  const pager = spawn("sh", ["-c", command], { stdio: ["pipe", "inherit", "inherit"], env });
  setPaging(true);
  const ended = once(pager, "exit");
  try {
    await writeInto(pager, pieces);
    const [code] = await ended;
    // What the shell says of a command that it can't find or start.
    if (code === 126 || code === 127)
      throw usageFailure(`the pager can't be run: ${command}`, {
        next: "correct the variable PAGER, or set PAGER=cat",
      });
  } finally {
    setPaging(false);
  }
}

async function writeInto({ stdin }: ChildProcess, pieces: AsyncIterable<string>): Promise<void> {
  if (stdin === null) return;
  let isOpen = true;
  const closed = new Promise<void>((resolve) => {
    const close = () => {
      isOpen = false;
      resolve();
    };
    stdin.once("error", close).once("close", close);
  });
  for await (const piece of pieces) {
    if (!isOpen) break;
    if (!stdin.write(redactSecrets(piece))) await Promise.race([once(stdin, "drain").catch(() => undefined), closed]);
  }
  if (isOpen) stdin.end();
}

/** Undefined for none: an empty PAGER, `cat`, or a machine without less. */
function choosePager(environment: NodeJS.ProcessEnv): string | undefined {
  const chosen = environment["PAGER"];
  if (chosen !== undefined) return ["", "cat"].includes(chosen.trim()) ? undefined : chosen;
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders.some((folder) => isProgram(join(folder, "less"))) ? "less" : undefined;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
