// Starts the bundled program (scripts/build.ts) with the code that an earlier start compiled. Node's own cache keeps what
// is compiled when a file is read; the thousands of functions that are compiled when they are called are most of it. In:
// the files of dist/. Out: the program runs; when a command has ended well, its code is kept for the next start.
// What must hold: kept code is used only where it is that of the very file, whole, and made by this user; whatever is
// wrong with it or with its folder, the program starts from its files, and is only slower.

import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire, enableCompileCache, getCompileCacheDir } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Script } from "node:vm";
import { crc32 } from "node:zlib";

const folder = import.meta.dirname;
const first = "./cli.cjs";

interface KeptCode {
  data: Buffer;
  /** Commands whose functions are in it. */
  commands: readonly string[];
}

interface LoadedFile {
  script: Script;
  exports: unknown;
  /** Where its code is kept; undefined: nowhere. */
  path: string | undefined;
  sourceSum: number;
  commands: readonly string[];
}

type Wrapped = (exports: unknown, require: (id: string) => unknown, module: object, path: string) => void;

/** Loads and runs files of dist/, each once but for the first one: a start of the program is a run of that. */
class Loader {
  readonly #codeFolder = openCodeFolder();
  readonly #outside = createRequire(join(folder, first));
  readonly #loaded = new Map<string, LoadedFile>();

  constructor() {
    process.on("exit", (code) => {
      if (code === 0) this.#keepCode(commandOf(process.argv));
    });
  }

  run(id: string): unknown {
    const file = this.#loaded.get(id) ?? this.#compile(id);
    const module = { exports: {} };
    file.exports = module.exports;
    // Before it runs: what it needs may need it.
    this.#loaded.set(id, file);
    const require = (wanted: string) => (wanted.startsWith("./") ? this.#load(wanted) : this.#outside(wanted));
    try {
      (file.script.runInThisContext() as Wrapped)(module.exports, require, module, join(folder, id));
    } catch (error) {
      this.#loaded.delete(id);
      throw error;
    }
    file.exports = module.exports;
    return module.exports;
  }

  #load(id: string): unknown {
    const file = this.#loaded.get(id);
    return file === undefined ? this.run(id) : file.exports;
  }

  #compile(id: string): LoadedFile {
    const filename = join(folder, id);
    const source = readFileSync(filename);
    const sourceSum = crc32(source);
    const path = this.#codeFolder && join(this.#codeFolder, `loadline-${crc32(filename).toString(16)}`);
    const kept = path === undefined ? undefined : readKept(path, sourceSum);
    const script = new Script(source.toString("latin1"), {
      filename,
      ...(kept === undefined ? {} : { cachedData: kept.data }),
    });
    const isUsed = kept !== undefined && script.cachedDataRejected !== true;
    return { script, exports: undefined, path, sourceSum, commands: isUsed ? kept.commands : [] };
  }

  /** What a command has compiled by its end is kept once for each command. */
  #keepCode(command: string): void {
    for (const { script, path, sourceSum, commands } of this.#loaded.values()) {
      if (path === undefined || commands.includes(command) || commands.length >= commandsMax) continue;
      writeKept(path, sourceSum, { data: script.createCachedData(), commands: [...commands, command] });
    }
  }
}

const commandsMax = 40;

/** The first word, which is the command or tells one way of calling from another. */
function commandOf(argv: readonly string[]): string {
  return argv.slice(2).find((word) => /^[a-z][a-z-]*$/.test(word)) ?? "";
}

/** Node's own cache for the libraries beside the bundle is in the same folder. */
function openCodeFolder(): string | undefined {
  if (process.env["NODE_COMPILE_CACHE"] === undefined) {
    const own = ownFolder();
    if (own === undefined) return undefined;
    enableCompileCache(own);
  }
  // Named by the version of Node and what else its code depends on; none where it is not to keep any.
  return getCompileCacheDir();
}

/** What lies in it is run: so it is a folder that nobody else can write to. */
function ownFolder(): string | undefined {
  // Where there are no such numbers, the folder of temporary files is one user's.
  const user = process.getuid?.();
  const path = join(tmpdir(), `loadline-code${user === undefined ? "" : `-${user}`}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const found = lstatSync(path);
    const isOwn = user === undefined || (found.uid === user && (found.mode & 0o022) === 0);
    return found.isDirectory() && isOwn ? path : undefined;
  } catch {
    return undefined;
  }
}

interface Head {
  source: number;
  data: number;
  commands: string[];
}

function readKept(path: string, sourceSum: number): KeptCode | undefined {
  try {
    const bytes = readFileSync(path);
    const end = bytes.indexOf("\n");
    const { source, data: sum, commands } = JSON.parse(bytes.toString("utf8", 0, end)) as Head;
    const data = bytes.subarray(end + 1);
    return source === sourceSum && sum === crc32(data) ? { data, commands } : undefined;
  } catch {
    return undefined;
  }
}

/** A start meanwhile finds the old file or the new one. */
function writeKept(path: string, source: number, { data, commands }: KeptCode): void {
  const fresh = `${path}.${process.pid}`;
  try {
    const head = JSON.stringify({ source, data: crc32(data), commands });
    writeFileSync(fresh, Buffer.concat([Buffer.from(`${head}\n`), data]), { mode: 0o600, flag: "wx" });
    renameSync(fresh, path);
  } catch {
    rmSync(fresh, { force: true });
  }
}

const loader = new Loader();

/** Ends with the process; in the tests' warm hosts, with the run. */
export async function start(): Promise<void> {
  await (loader.run(first) as { ended: Promise<void> }).ended;
}
