// An exported state taken into a project. In: the file. Out: the ledger and the files of the state, one after the other
// made ready, then put in place. What must hold: nothing newer is written over by something older, and nothing that was
// never exported by anything; a kill leaves the old state or the new one.

import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { Failure, showPath } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { failpoint } from "../../core/failpoint.ts";
import { syncFile } from "../../core/files.ts";
import type { About } from "../integrity.ts";
import { Ledger } from "../ledger.ts";
import { beginImport, carriedFolders, completeImport, dropImport, lockImport, makeReady } from "./finish-import.ts";
import type { PackedFile } from "./packed-file.ts";
import { readStanding, type Standing } from "./standing.ts";
import { openStateFile, type StateHeader, tellState } from "./state-file.ts";

export interface ImportedState {
  file: string;
  generation: number;
  /** The generation that was here before; null: there was none. */
  replaces: number | null;
  /** It is here already. */
  isThere: boolean;
  ledger: string;
  commits: number;
  files: number;
}

/** The caller has made sure that no run is at work. */
export function importState(stateFolder: string, file: string): ImportedState {
  using state = openStateFile(file);
  const { header } = state;
  using _lock = lockImport(stateFolder);
  // What was begun is finished first, so that it is compared with what is there.
  completeImport(stateFolder);
  const standing = readStanding(stateFolder);
  const before = readPresent(stateFolder);
  const told: ImportedState = {
    file,
    generation: header.generation,
    replaces: before === undefined || standing === undefined ? null : standing.line.length,
    isThere: false,
    ledger: header.ledger,
    commits: header.commits,
    files: state.files.length,
  };
  if (before !== undefined && compare(file, header, before, standing) === "same") return { ...told, isThere: true };
  unpack(state, stateFolder);
  const outdated = listOutdated(stateFolder, new Set(state.files.map(({ path }) => path)));
  const after = checkUnpacked(stateFolder, file, header);
  makeReady(stateFolder, {
    before: before?.about,
    standing: { ledger: after.id, commits: after.commits, line: header.line },
    outdated,
  });
  completeImport(stateFolder);
  return told;
}

interface Present {
  about: About;
  /** It holds no run: nothing is lost with it. */
  isEmpty: boolean;
}

function readPresent(stateFolder: string): Present | undefined {
  if (!Ledger.exists(stateFolder)) return undefined;
  using ledger = Ledger.open(stateFolder);
  return { about: ledger.about, isEmpty: ledger.runs().length === 0 };
}

/** "same": the file's state is the one that is here. Throws a Failure where the file must not take its place. */
function compare(
  file: string,
  header: StateHeader,
  { about, isEmpty }: Present,
  standing: Standing | undefined,
): "older" | "same" {
  if (isEmpty) return "older";
  const own = standing === undefined ? undefined : settle(standing, header);
  if (own === undefined || own.line.length === 0)
    throw refused(file, header, "the state that is here was never exported");
  const generation = own.line.length;
  if (own.ledger !== about.id || own.commits !== about.commits) {
    const since = `transactions since generation ${generation}: ${about.commits - own.commits}`;
    throw refused(file, header, `runs were made here that are in no export (${since})`);
  }
  if (generation > header.generation) throw refused(file, header, `generation ${generation} is here, which is newer`);
  if (header.line[generation - 1] !== own.line[generation - 1]) {
    throw refused(file, header, `generation ${generation} is here, which is another one than the file stems from`);
  }
  return generation === header.generation ? "same" : "older";
}

/** An export from here that took its place, and was killed before that was written down, shows in what follows it. */
function settle(standing: Standing, header: StateHeader): Standing {
  const { begun, ledger, line } = standing;
  if (begun === undefined || header.line[line.length] !== begun.token) return standing;
  return { ledger, commits: begun.commits, line: [...line, begun.token] };
}

function refused(file: string, header: StateHeader, why: string): Failure {
  return new Failure(exitCode.guard, `${showPath(file)} (${tellState(header)}) was not imported`, {
    why: `${why}. Without it, what its runs have sent could be sent again`,
    next: "export the state that is here (loadline state export <another file>) and look which of the two is right (loadline runs); to take the file's, move .loadline away first",
  });
}

function unpack(state: PackedFile<StateHeader>, stateFolder: string): void {
  const folder = beginImport(stateFolder);
  try {
    state.unpack(folder);
  } catch (error) {
    dropImport(stateFolder);
    throw error;
  }
  for (const name of carriedFolders) syncFile(join(folder, name));
  failpoint("import-unpacked");
}

/** The ledger once it was looked through, made one of this version and of this place. */
function checkUnpacked(stateFolder: string, file: string, header: StateHeader): About {
  try {
    using ledger = Ledger.open(join(stateFolder, "import"));
    ledger.check();
    ledger.moveProject(header.folder, dirname(resolve(stateFolder)));
    const { about } = ledger;
    if (about.id === header.ledger && about.commits >= header.commits) return about;
    throw new Failure(exitCode.failed, `${showPath(file)} is damaged: its ledger is not the one that it says`);
  } catch (error) {
    dropImport(stateFolder);
    throw error;
  }
}

function listOutdated(stateFolder: string, carried: ReadonlySet<string>): string[] {
  const kept = carriedFolders.filter((name) => name !== "runs" && existsSync(join(stateFolder, name)));
  const present = kept.flatMap((name) => readdirSync(join(stateFolder, name)).map((entry) => `${name}/${entry}`));
  return present.filter((path) => !carried.has(path));
}
