// Which names a glob means, the same for local folders and for servers. In: a glob, names below a folder. Out: whether a
// name is meant, nearly meant, or may have names that are meant below it. What must hold: two writings of one letter
// (ü as one code point, as macOS's u with U+0308) are one name; a name that merely looks like it is never taken.

import { posix } from "node:path";

/** Characters of a glob; without them it is a name. */
const special = /[*?[\]{}]|[!+@]\(/;

export interface Glob {
  /** As the job has it. */
  text: string;
  /** A name and nothing else. */
  isName: boolean;
  /** It leads out of the folder that it is below. */
  leadsOut: boolean;
  /** The folder that all names are in that it means: "" where that is the folder itself. */
  start: string;
  /** `**` follows no links of folders: they may lead in a circle. */
  isDeep: boolean;
  matches(label: string): boolean;
  /** Only capital and small letters keep it from matching. */
  nearlyMatches(label: string): boolean;
  /** Of a name with bytes that are no UTF-8, U+FFFD in their place: it would match with some letter there. */
  mayMatch(label: string): boolean;
  /** Whether names below this folder may match. */
  mayBeBelow(folder: string): boolean;
}

export function openGlob(written: string): Glob {
  const text = posix.normalize(written);
  const segments = text.split("/");
  const folders = segments.slice(0, -1);
  const fixed = folders.findIndex(isPattern);
  const isDeep = segments.includes("**") || /\{[^}]*\//.test(text);
  const composed = text.normalize("NFC");
  const small = composed.toLowerCase();
  const start = folders.slice(0, fixed < 0 ? folders.length : fixed);
  const open = text.replaceAll(/[^\0-\x7f]+/g, "*");
  return {
    text: written,
    isName: !isPattern(text),
    leadsOut: leadsOut(written),
    start: start.join("/"),
    isDeep,
    matches: (label) => isMeant(label.normalize("NFC"), composed),
    nearlyMatches: (label) => posix.matchesGlob(label.normalize("NFC").toLowerCase(), small),
    mayMatch: (label) => posix.matchesGlob(label, text) || posix.matchesGlob(label, open),
    mayBeBelow(folder) {
      const names = folder.normalize("NFC").split("/");
      if (isDeep) return names.slice(start.length).every((name) => !name.startsWith("."));
      if (names.length >= segments.length) return false;
      return posix.matchesGlob(names.join("/"), composed.split("/").slice(0, names.length).join("/"));
    },
  };
}

/** What matches globs is loaded where there is one. A backslash in it is a slash, and a name that ends with one is none. */
function isMeant(label: string, glob: string): boolean {
  const isPlain = !isPattern(glob) && !/\\|\/$/.test(`${glob}${label}`);
  return isPlain ? label === glob : posix.matchesGlob(label, glob);
}

/** Whether a path below a folder leads out of it. */
export function leadsOut(path: string): boolean {
  return posix.isAbsolute(path) || posix.normalize(path).split("/").includes("..");
}

export function isPattern(text: string): boolean {
  return special.test(text);
}

/** A glob that means this very name. */
export function escapeGlob(name: string): string {
  return name.replaceAll(/[[*?{]/g, "[$&]").replaceAll(/([!+@])\(/g, "$1[(]");
}
