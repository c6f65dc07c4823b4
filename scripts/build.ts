// Bundles src/ with the libraries that it uses into dist/: a run used to read a thousand small files before it began,
// which took longer than what it did with a thousand rows. Its own file so that `prepare` works the same on every shell.
// `--noCheck` leaves the types to another check, `--out <folder>` builds elsewhere.
// What must hold: a program that runs from dist/ meanwhile finds it whole, so the new one takes its place by renaming.

import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { brotliCompressSync } from "node:zlib";
import { type ModuleInfo, type OutputChunk, type Plugin, rolldown } from "rolldown";

const root = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { noCheck: { type: "boolean" }, out: { type: "string" } } });

/** Native code, or what may find its own; libraries that few runs load; openpgp, which is LGPL. */
const external = [
  ...[/^@duckdb\/node-bindings/, /^ssh2/, /^openpgp/, /^iconv-lite/, /^saxes/, /^yauzl/, /^nodemailer/],
  ...[/^libphonenumber-js/, /^ibantools/, /^jsvat/, /^mysql2/, /^tedious/, /^oracledb/, /^pg(-copy-streams)?$/],
];

/** Names of countries, languages and currencies are a third of their size when they are packed. */
const packedNames: Plugin = {
  name: "packed-names",
  load: {
    filter: { id: /[\\/]values[\\/]names[\\/]data\.ts$/ },
    async handler(id) {
      const data = (await import(pathToFileURL(id).href)) as Record<string, unknown>;
      const packed = brotliCompressSync(JSON.stringify(data)).toString("base64");
      return `import { brotliDecompressSync } from "node:zlib";
const packed = Buffer.from("${packed}", "base64");
export const { ${Object.keys(data).join(", ")} } = JSON.parse(brotliDecompressSync(packed).toString("utf8"));`;
    },
  },
};

/**
 * jsforce sends JSON and SOAP through our transport (ADR 3): its own requests with the HTTP client below them, and forms
 * with a table of all media types, are more than a megabyte that nobody calls.
 */
const withoutJsforceRequests: Plugin = {
  name: "without-jsforce-requests",
  load: {
    filter: { id: [/[\\/]jsforce[\\/]lib[\\/]request\.js$/, /[\\/]form-data[\\/]lib[\\/]form_data\.js$/] },
    handler: () => `module.exports = function () { throw new Error("jsforce would send by itself"); };
module.exports.default = module.exports;
module.exports.setDefaults = () => undefined;`,
  },
};

async function bundle(folder: string): Promise<OutputChunk[]> {
  const program = await rolldown({
    cwd: root,
    input: { cli: "src/cli.ts" },
    platform: "node",
    external,
    preserveEntrySignatures: "allow-extension",
    plugins: [withoutJsforceRequests, packedNames],
    logLevel: "warn",
  });
  // Names of functions are kept for the traces of `--verbose`.
  const minify = { compress: { keepNames: { function: true, class: true } }, mangle: { keepNames: true } };
  const { output } = await program.generate({
    // Scripts, whose code can be kept once it has run (src/start.ts); of modules Node gives none.
    format: "cjs",
    // A script that imports is an experiment of Node's, and says so to whoever runs it.
    dynamicImportInCjs: false,
    entryFileNames: "[name].cjs",
    chunkFileNames: "[name]-[hash].cjs",
    comments: false,
    minify,
    codeSplitting: { includeDependenciesRecursively: false, groups: [{ name: gather(), debugName: "gathered" }] },
  });
  const chunks = output.filter((file) => file.type === "chunk");
  // Whoever starts the program again in one process makes its first file anew: nobody else may bring it.
  const importing = chunks.find(({ imports }) => imports.includes("cli.cjs"));
  if (importing !== undefined) throw new Error(`${importing.fileName} imports cli.cjs`);
  mkdirSync(folder);
  for (const { fileName, code } of chunks) writeFileSync(join(folder, fileName), asFunction(code));
  return chunks;
}

/**
 * What src/start.ts calls: made here, so that it need not copy a megabyte. Of ASCII alone, of which Node and V8 need half
 * the memory, and no look at each character. A letter can be escaped wherever one may stand but in a template that is taken as written.
 */
function asFunction(code: string): string {
  if (/\\[^\0-\x7f]|String\.raw`[^`]*[^\0-\x7f`]/.test(code)) throw new Error("a letter can't be escaped");
  const ascii = code.replaceAll(/[^\0-\x7f]/g, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `(function(exports,require,module,__filename){"use strict";${ascii.trimEnd()}\n})`;
}

type NameChunk = (id: string, context: { getModuleInfo(id: string): ModuleInfo | null }) => string | null;

/**
 * All that every command reads in one file, and all that a run reads beside it in another: of fifty small ones, each is
 * looked for, read and linked by itself. The first module of all is alone in its file, which runs anew for each start.
 */
function gather(): NameChunk {
  const first = join(root, "src/cli.ts");
  const chunks = new Map<string, string>();
  return (id, context) => {
    if (chunks.size === 0) {
      for (const module of reach(join(root, "src/commands/run.ts"), context)) chunks.set(module, "run");
      for (const module of reach(first, context)) chunks.set(module, "all");
      chunks.delete(first);
    }
    return chunks.get(id) ?? null;
  };
}

/** A module and all that it imports at once. */
function reach(from: string, context: Parameters<NameChunk>[1]): Set<string> {
  const reached = new Set([from]);
  for (const id of reached) for (const imported of context.getModuleInfo(id)?.importedIds ?? []) reached.add(imported);
  return reached;
}

async function bundleStart(folder: string): Promise<void> {
  const start = await rolldown({ cwd: root, input: "src/start.ts", platform: "node", logLevel: "warn" });
  await start.write({ dir: folder, comments: false, minify: true });
}

/** The scripts and the style of the HTML pages (src/report/html/), which are put into each of them. */
async function bundlePages(folder: string): Promise<void> {
  const client = join(root, "src/report/html/client");
  for (const name of ["changes", "history"]) {
    const script = await rolldown({ input: join(client, `${name}.ts`), platform: "browser", logLevel: "warn" });
    await script.write({ file: join(folder, `${name}.js`), format: "iife", comments: false, minify: true });
  }
  copyFileSync(join(client, "page.css"), join(folder, "page.css"));
}

/** The licences of the libraries in the bundle, which want to go with every copy. */
function collectLicences(chunks: readonly OutputChunk[]): string {
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
  const folders = modules.flatMap((id) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(id)?.[0] ?? []);
  // Names of countries, languages and currencies are written down from there (scripts/names.ts).
  folders.push(join(root, "node_modules/cldr-core"));
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice)/i.test(file));
    const written = files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim());
    return [`${name} ${version}, ${license}`, ...written].join("\n\n");
  });
  return `${texts.join("\n\n----\n\n")}\n`;
}

function checkTypes(): void {
  const compiler = [join(root, "node_modules/typescript/bin/tsc"), "--noEmit"];
  for (const config of ["tsconfig.build.json", "tsconfig.client.json"]) {
    const { status } = spawnSync(process.execPath, [...compiler, "-p", join(root, config)], { stdio: "inherit" });
    if (status !== 0) process.exit(status ?? 1);
  }
}

function replaceFolder(folder: string, fresh: string): void {
  const old = `${folder}-${process.pid}.old`;
  if (existsSync(folder)) renameSync(folder, old);
  renameSync(fresh, folder);
  rmSync(old, { recursive: true, force: true });
}

if (values.noCheck !== true) checkTypes();
const folder = values.out ?? join(root, "dist");
const fresh = `${folder}-${process.pid}.tmp`;
try {
  const chunks = await bundle(fresh);
  await bundleStart(fresh);
  await bundlePages(join(fresh, "page"));
  writeFileSync(join(fresh, "licences.txt"), collectLicences(chunks));
  replaceFolder(folder, fresh);
} finally {
  rmSync(fresh, { recursive: true, force: true });
}
