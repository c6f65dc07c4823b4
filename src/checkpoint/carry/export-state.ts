// A state written to one file. In: the ledger, the files that later runs need, the file's name. Out: the file, one
// generation on. What must hold: a file that moved on since this state was exported or imported is not written over: what
// is compared is the file's last token with the one that this state stems from, while the file is held.

import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { now } from "../../core/clock.ts";
import { Failure, showPath } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { hashFile, makePrivateFolder, syncFile } from "../../core/files.ts";
import { randomId } from "../../core/random.ts";
import { holdSqliteFile, isDamage } from "../../core/sqlite.ts";
import type { Ledger } from "../ledger.ts";
import { placeNewFile } from "./packed-file.ts";
import { readStanding, type Standing, writeStanding } from "./standing.ts";
import { heldFailure, openStateFile, type StateHeader, tellState, writeStateFile } from "./state-file.ts";

export interface ExportedState {
  file: string;
  generation: number;
  /** The generation that this one follows; null: it is the first. */
  follows: number | null;
  ledger: string;
  commits: number;
  files: number;
  bytes: number;
  /** Of the file, for whoever keeps it. */
  sha256: string;
}

/** `names`: files below the state folder, beside the ledger. The caller holds the locks of the ledger's jobs. */
export async function exportState(
  ledger: Ledger,
  stateFolder: string,
  file: string,
  names: readonly string[],
): Promise<ExportedState> {
  ledger.check();
  using held = holdExport(file);
  const base = compare(file, held?.header, readStanding(stateFolder));
  const about = ledger.about;
  const token = randomId(8);
  const line = [...(base?.line ?? []), token];
  const header: StateHeader = {
    ledger: about.id,
    commits: about.commits,
    generation: line.length,
    line,
    exported: now().toISOString(),
    folder: dirname(resolve(stateFolder)),
  };
  const before = base ?? { ledger: about.id, commits: -1, line: [] };
  writeStanding(stateFolder, { ...before, begun: { commits: about.commits, token } });
  const written = `${file}.${token}.tmp`;
  const folder = join(stateFolder, "export");
  try {
    rmSync(folder, { recursive: true, force: true });
    makePrivateFolder(folder);
    ledger.copyTo(join(folder, "ledger.db"));
    const files = new Map([
      ["ledger.db", join(folder, "ledger.db")],
      ...names.map((name) => [name, join(stateFolder, name)] as const),
    ]);
    writeStateFile(written, header, files);
    failpoint("export-written");
    if (held === undefined) createFile(written, file);
    else replaceFile(written, file, held);
    failpoint("export-placed");
    writeStanding(stateFolder, { ledger: about.id, commits: about.commits, line });
    return {
      file,
      generation: line.length,
      follows: base === undefined ? null : base.line.length,
      ledger: about.id,
      commits: about.commits,
      files: files.size,
      bytes: statSync(file).size,
      sha256: await hashFile(file),
    };
  } finally {
    rmSync(written, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}

interface HeldExport extends Disposable {
  header: StateHeader;
  /** Which file of this name it is. */
  inode: number;
}

/** Holds the file that is to be replaced, so that it is compared and replaced by one process at a time. */
function holdExport(file: string): HeldExport | undefined {
  if (!existsSync(file)) return undefined;
  const { ino: inode } = statSync(file);
  const { header } = openHeader(file);
  const database = hold(file);
  if (database === undefined) throw heldFailure(file);
  return { header, inode, [Symbol.dispose]: () => database.close() };
}

function openHeader(file: string): { header: StateHeader } {
  using opened = openStateFile(file);
  return { header: opened.header };
}

function hold(file: string): ReturnType<typeof holdSqliteFile> {
  try {
    return holdSqliteFile(file);
  } catch (error) {
    if (!isDamage(error)) throw error;
    throw movedOn(file, "another process has changed it just now");
  }
}

/** What this state stems from. Throws a Failure where the file is not that. */
function compare(
  file: string,
  found: StateHeader | undefined,
  standing: Standing | undefined,
): Pick<Standing, "ledger" | "commits" | "line"> | undefined {
  const own = standing === undefined || standing.line.length === 0 ? undefined : standing;
  if (found === undefined) return own;
  const token = found.line.at(-1);
  // An export of ours that took its place and was killed before that was written down.
  if (standing?.begun !== undefined && standing.begun.token === token) {
    return { ledger: found.ledger, commits: found.commits, line: found.line };
  }
  if (own !== undefined && own.line.at(-1) === token) return own;
  throw movedOn(file, `it holds ${tellState(found)}, and ${tellStanding(found, own)}`);
}

function tellStanding({ line }: StateHeader, own: Pick<Standing, "line"> | undefined): string {
  if (own === undefined) return "this state was never exported or imported";
  const generation = own.line.length;
  const isBefore = line[generation - 1] === own.line[generation - 1];
  return `this state stems from ${isBefore ? "" : "another "}generation ${generation}`;
}

function movedOn(file: string, why: string): Failure {
  return new Failure(exitCode.guard, `${showPath(file)} is not the state that this one follows: nothing was exported`, {
    why: `${why}. Written over, what other runs have sent would be forgotten, and be sent again`,
    next: "let one run at a time work on a state: import, run, export. To keep what ran here: loadline state export under another name, compare both histories (loadline runs), and bring the targets in line by hand",
  });
}

/** Under a name that nobody has; whoever is second hears of it. */
function createFile(written: string, file: string): void {
  try {
    placeNewFile(written, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    throw movedOn(file, "another process has made it just now");
  }
  syncFile(file);
}

function replaceFile(written: string, file: string, { inode }: HeldExport): void {
  if (statSync(file, { throwIfNoEntry: false })?.ino !== inode)
    throw movedOn(file, "another process has changed it just now");
  renameSync(written, file);
  syncFile(dirname(file));
}
