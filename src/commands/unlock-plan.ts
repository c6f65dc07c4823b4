// The key of a plan file that is encrypted. In: the file, `--decrypt-with`, and a passphrase of the environment. Out: the key,
// where the file has one. What must hold: a passphrase is never on the command line, where others see it.

import { resolve } from "node:path";
import { readPlanSeal } from "../checkpoint/carry/plan-file.ts";
import { showPath, usageFailure } from "../core/errors.ts";
import { quoteForShell } from "../core/next-command.ts";
import { Secret } from "../core/secret.ts";
import { expandReferences } from "../job/references.ts";
import type { Globals } from "./globals.ts";
import { readersKey } from "./out-file.ts";
import { findProjectIfAny, readProjectEnvironment } from "./project.ts";

export interface UnlockFlags {
  decryptWith?: string;
}

const variable = "LOADLINE_KEY_PASSPHRASE";

/** What opens a plan's file, after its name in a command to run next. */
export function keyFlag({ decryptWith }: UnlockFlags, file?: string): string {
  if (decryptWith !== undefined) return ` --decrypt-with ${quoteForShell(decryptWith)}`;
  return file !== undefined && readPlanSeal(file) !== undefined ? readersKey : "";
}

/** Undefined for a file that anybody can read. Throws a Failure (2) where it can't be opened. */
export async function unlockPlan(
  globals: Globals,
  file: string,
  { decryptWith }: UnlockFlags,
): Promise<Uint8Array | undefined> {
  if (decryptWith === undefined) {
    if (readPlanSeal(file) === undefined) return undefined;
    throw usageFailure(`the plan in ${showPath(file)} is encrypted`, {
      next: "add --decrypt-with <private key file>",
    });
  }
  const { unsealPlan } = await import("../checkpoint/carry/plan-seal.ts");
  const passphraseBy = `set ${variable} to it, or to a reference: \${file:/run/secrets/key}`;
  return unsealPlan(file, { path: resolve(decryptWith), passphrase: readPassphrase(globals), passphraseBy });
}

/** What has `${` in it is a reference. */
function readPassphrase(globals: Globals): Secret | undefined {
  const { folder } = findProjectIfAny(globals).project;
  const environment = readProjectEnvironment(globals, folder);
  const text = environment[variable] ?? "";
  if (text === "") return undefined;
  return new Secret(text.includes("${") ? expandReferences(text, environment, {}, folder) : text);
}
