// `init --from feed.csv --into salesforce:Contact`: a project whose job maps the file's columns to the object's fields. In:
// a file, a type of system and an object. Out: the project. The object is described by the real system where a
// connections.yaml leads to it, else by the sandbox. Must hold: nothing is written here.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { connectors } from "../../connectors/registry.ts";
import { Failure, pathInCommand, usageFailure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { escapeGlob } from "../../core/glob.ts";
import type { ObjectSchema } from "../../core/model.ts";
import { quoteForShell } from "../../core/next-command.ts";
import type { Connection, Environment } from "../../job/job.ts";
import { readConnections } from "../../job/read-connections.ts";
import { comment, onOneLine } from "../../job/write-job.ts";
import { connectToSandbox, startRehearsal } from "../runs/rehearsal.ts";
import { describeSystem } from "./describe.ts";
import { describeFormat, type FileSample, placeOf, readSample, streamNameOf } from "./guess-job.ts";
import { type ColumnMap, columnsOfFile, type MapLine, mapColumns } from "./map-file.ts";
import { modeline } from "./starter-job.ts";
import {
  finish,
  type ProjectPlace,
  readStarter,
  SandboxFields,
  type StarterProject,
  type WantedConnection,
  wantConnection,
  writeConnections,
} from "./starter-project.ts";

export interface FileStart {
  /** Absolute. */
  file: string;
  /** `salesforce:Contact` */
  into: string;
  environment: Environment;
  signal: AbortSignal;
}

export async function startFromFile(start: FileStart, place: ProjectPlace): Promise<StarterProject> {
  const [, type = "", object = ""] = /^([^:]+):(.+)$/.exec(start.into) ?? [];
  if (object === "") {
    throw usageFailure(`--into ${start.into} is not <system>:<object>`, { next: "e.g. --into salesforce:Contact" });
  }
  const { records, tables, target, variables } = await readStarter(type);
  if (records === undefined && tables === undefined) {
    throw usageFailure(`${type} has files and no objects`, {
      next: `loadline guess ${pathInCommand(start.file)}`,
    });
  }
  const sample = await readSample(start.file);
  const wanted = connect(start, place, wantConnection(type, target, variables));
  const described =
    records === undefined
      ? await describeTable(start, place, wanted, object)
      : await describe(start, place, wanted, object);
  const mapped = mapColumns(columnsOfFile(sample), described.schema, records?.newKey);
  const name = streamNameOf(start.file);
  const { connections } = place;
  const at = connections === undefined ? undefined : placeOf(start.file, connections);
  const from = at ?? { connection: wanted.source.name, files: basename(start.file) };
  const { object: canonical } = described.schema;
  const to = {
    connection: wanted.target.name,
    ...(records === undefined ? { table: canonical } : { object: canonical }),
  };
  const sandbox = new SandboxFields();
  if (records !== undefined) {
    const fields = mapped.fields.filter((field) => !described.inSandbox.has(field.name));
    const defined = Object.fromEntries(fields.map((field) => [field.name, records.define(field)]));
    const made = mapped.newField === undefined ? {} : { [mapped.newField.name]: mapped.newField.definition };
    sandbox.add(type, canonical, records, { ...defined, ...made });
  }
  const text = writeMappedJob({ name, sample, mapped, from, to });
  const doubts = [
    ...described.notes,
    ...sample.doubts,
    ...mapped.keyDoubts,
    ...mapped.map.flatMap(({ target: field, doubts }) => doubts.map((doubt) => `${field}: ${doubt}`)),
  ];
  const path = `jobs/${name}.yaml`;
  const files = [{ path, text, whenThere: "refuse" as const }];
  const connected = [wanted.source, wanted.target];
  const project = finish({
    files,
    job: path,
    doubts: [...doubts, ...mapped.unmatched.map(tellUnmatched)],
    connected,
    sandbox,
    place,
    isRehearsed: records !== undefined,
  });
  return records === undefined ? { ...project, before: [`loadline connections prepare ${to.connection}`] } : project;
}

interface Wanted {
  source: WantedConnection;
  target: WantedConnection;
}

/** Connections that are there are taken, whatever their names. */
function connect({ file }: FileStart, { folder, connections }: ProjectPlace, target: WantedConnection): Wanted {
  const known = [...(connections?.values() ?? [])].find((connection) => connection.type === target.type);
  const at = connections === undefined ? undefined : placeOf(file, connections)?.connection;
  const path = relative(folder, dirname(file));
  return {
    source: {
      type: connections?.get(at ?? "")?.type ?? "file",
      name: at ?? "feed",
      lines: `type: file\npath: ${onOneLine(path === "" ? "." : path.startsWith("..") ? path : `./${path}`)}\n`,
      variables: "",
    },
    target: { ...target, name: known?.name ?? target.name },
  };
}

interface DescribedObject {
  schema: ObjectSchema;
  /** Names of its fields in the sandbox. */
  inSandbox: ReadonlySet<string>;
  notes: string[];
}

/** No sandbox plays a database: it says itself what its table has. */
async function describeTable(
  start: FileStart,
  { connections }: ProjectPlace,
  { target }: Wanted,
  object: string,
): Promise<DescribedObject> {
  const real = connections?.get(target.name);
  const schema = real === undefined ? undefined : await describeReal(real, object, start);
  if (schema !== undefined) return { schema, inSandbox: new Set(), notes: [] };
  throw usageFailure(`${start.into}: what the table has is asked of the database itself, and nothing leads to it yet`, {
    why:
      real === undefined
        ? `connections.yaml has no connection of type ${target.type}`
        : `the variables of ${target.name} are not set`,
    next: real === undefined ? `loadline init --source file --target ${target.type}, then this again` : "fill in .env",
  });
}

async function describe(
  start: FileStart,
  place: ProjectPlace,
  { target, source }: Wanted,
  object: string,
): Promise<DescribedObject> {
  const { environment } = start;
  const scratch = mkdtempSync(join(tmpdir(), "loadline-init-"));
  const real = place.connections?.get(target.name);
  try {
    const own = real === undefined ? undefined : await describeReal(real, object, start);
    const file = join(scratch, "connections.yaml");
    writeFileSync(file, writeConnections([source, target]));
    const written =
      real === undefined ? readConnections(file, connectors, environment) : new Map([[target.name, real]]);
    const sandbox = await startRehearsal(scratch, place.folder, {});
    try {
      const connection = connectToSandbox(written, sandbox.addresses, scratch).get(target.name);
      if (connection === undefined) throw new Error(`${target.name} was not written`);
      const played = await describeOnce(connection, object, start).catch((error: unknown) => {
        // An object of the org that the sandbox does not have.
        if (own === undefined || !(error instanceof Failure) || error.exitCode !== exitCode.usage) throw error;
        return undefined;
      });
      const schema = own ?? played;
      if (schema === undefined) throw new Error(`${object} was not described`);
      const notes =
        own === undefined
          ? ["the fields are those of the sandbox: loadline check <job> compares them with your org"]
          : [];
      return { schema, inSandbox: new Set(played?.fields.keys()), notes };
    } finally {
      await sandbox.stop();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Undefined as long as the connection's variables are not set. */
async function describeReal(
  connection: Connection,
  object: string,
  start: FileStart,
): Promise<ObjectSchema | undefined> {
  try {
    return await describeOnce(connection, object, start);
  } catch (error) {
    if (error instanceof Failure && error.exitCode === exitCode.usage && /^the variable /.test(error.message))
      return undefined;
    throw error;
  }
}

async function describeOnce(connection: Connection, object: string, start: FileStart): Promise<ObjectSchema> {
  const { environment, signal, into, file } = start;
  const system = into.slice(0, into.indexOf(":"));
  const nextFor = (meant: string) =>
    `loadline init --from ${pathInCommand(file)} --into ${quoteForShell(`${system}:${meant}`)}`;
  const { found } = await describeSystem({ connection, object, environment, signal, nextFor });
  if (!("object" in found)) throw new Error("an object was asked for");
  return found.object;
}

interface MappedJob {
  name: string;
  sample: FileSample;
  mapped: ColumnMap;
  from: { connection: string; files: string };
  to: { connection: string; object: string } | { connection: string; table: string };
}

function writeMappedJob({ name, sample, mapped, from, to }: MappedJob): string {
  const { key, mode, keyDoubts, unmatched } = mapped;
  const source = { connection: from.connection, files: escapeGlob(from.files), format: describeFormat(sample.format) };
  const target = { ...to, key: key.length === 1 ? key[0] : key, mode };
  const doubt = (text: string) => comment(`in doubt: ${text}`);
  return `${modeline}#
# Written from ${comment(from.files).slice(2)} by loadline init: read it through, and what is in doubt first.
${sample.doubts.map((one) => `${doubt(one)}\n`).join("")}version: 1
name: ${onOneLine(name)}
streams:
  ${onOneLine(name)}:
    source: ${onOneLine(source)}
${keyDoubts.map((one) => `    ${doubt(one)}\n`).join("")}    target: ${onOneLine(target)}
    map:
${mapped.map.map(writeLine).join("")}${unmatched.map((one) => `      ${comment(tellUnmatched(one))}\n`).join("")}`;
}

function writeLine({ target, sql, doubts }: MapLine): string {
  const lines = [...doubts.map((doubt) => comment(`in doubt: ${doubt}`)), `${onOneLine(target)}: ${onOneLine(sql)}`];
  return lines.map((line) => `      ${line}\n`).join("");
}

function tellUnmatched({ column, why }: ColumnMap["unmatched"][number]): string {
  return why === undefined ? `not mapped: ${column}` : `not mapped: ${column}; ${why}`;
}
