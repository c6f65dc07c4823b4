// An exported state: one file that holds the ledger and the files that later runs need, with its generation. What must hold:
// no name in it leads out of the folders that are carried.

import type { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { hasDots, heldFailure as heldPacked, PackedFile, type PackedKind, writePackedFile } from "./packed-file.ts";

/** Which state it is, and where in the line of exports it stands. */
export interface StateHeader {
  /** Of the ledger: which it is, and how many transactions it has seen. */
  ledger: string;
  commits: number;
  /** Counts the exports of one state, from 1. */
  generation: number;
  /** The token of each export that it stems from, the first one first; the last is its own. */
  line: readonly string[];
  exported: string;
  /** The project's folder, where it lay. */
  folder: string;
}

/** As a message names a state. */
export function tellState({ generation, exported }: Pick<StateHeader, "generation" | "exported">): string {
  return `generation ${generation}, exported ${exported}`;
}

const stateKind: PackedKind = {
  /** "LOAD" */
  applicationId: 0x4c4f4144,
  version: 1,
  name: "state",
  written: "exported",
  madeBy: "loadline state export writes one",
  exitCode: exitCode.failed,
  notOurs: "name the file that loadline state export wrote",
  damaged: {
    why: "a state that is not whole could have rows sent twice",
    next: "fetch it again from where it is kept, or take the export before it",
  },
  held: "another export into",
  isPath: isStatePath,
};

/** Writes a new file, private and on the disk when it returns. `files`: name inside to path on this machine. */
export function writeStateFile(path: string, header: StateHeader, files: ReadonlyMap<string, string>): void {
  writePackedFile(stateKind, path, header, files);
}

/** Throws a Failure where it is none, damaged, or of a newer loadline. */
export function openStateFile(path: string): PackedFile<StateHeader> {
  return PackedFile.open<StateHeader>(stateKind, path);
}

/** Below the state folder, in the folders that are carried. */
const statePath = /^(ledger\.db|(inserted|seen|delivered|written|waiting|twins)\/[^/]+|runs\/[^/]+\/.+)$/;

export function isStatePath(path: string): boolean {
  return statePath.test(path) && !hasDots(path);
}

export function heldFailure(path: string): Failure {
  return heldPacked(stateKind, path);
}
