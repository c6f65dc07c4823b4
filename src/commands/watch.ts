// A command again and again, as the files that it reads change. In: files, what to do. Out: nothing before Ctrl-C. Must
// hold: an editor that writes a file anew under its name is seen; what changes while it is at work is not missed.

import { watch } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { exitCode } from "../core/exit-code.ts";
import { isOutScreen, printOut } from "../report/output.ts";
import type { CommandResult, Globals } from "./globals.ts";

/** Editors write a file in several steps. */
const settleMs = 100;
const clearScreen = "\u001b[2J\u001b[3J\u001b[H";

/** Ends with exit code 0 on Ctrl-C. */
export async function watchFiles(
  globals: Globals,
  files: readonly string[],
  act: () => Promise<unknown>,
): CommandResult {
  const { signal } = globals;
  const watched = Map.groupBy(
    files.map((file) => resolve(file)),
    (path) => dirname(path),
  );
  let hasChanged = false;
  let wake: () => void = () => undefined;
  const watchers = [...watched].map(([folder, paths]) => {
    const names = new Set(paths.map((path) => basename(path)));
    return watch(folder, (_event, name) => {
      if (name !== null && !names.has(name)) return;
      hasChanged = true;
      wake();
    });
  });
  const stopped = new Promise<void>((done) => signal.addEventListener("abort", () => done(), { once: true }));
  try {
    while (!signal.aborted) {
      hasChanged = false;
      if (isOutScreen() && !globals.json) printOut(clearScreen);
      await act().catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
      const changed = new Promise<void>((done) => {
        wake = done;
      });
      if (!hasChanged) await Promise.race([changed, stopped]);
      if (!signal.aborted) await wait(settleMs);
    }
    return exitCode.done;
  } finally {
    for (const watcher of watchers) watcher.close();
  }
}
