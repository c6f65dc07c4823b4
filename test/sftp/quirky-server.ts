// An SFTP server in memory that behaves as badly as its quirks say, as servers out there do. In: files and quirks. Out:
// what a connection wants, and what lies on the server. It has no extensions, as most servers have none.

import { createHash } from "node:crypto";
import { type AddressInfo, createServer } from "node:net";
import ssh2, { type Attributes, type Connection, type SFTPWrapper } from "ssh2";
import { makeKey } from "../support/ssh-key.ts";

const { STATUS_CODE: status, OPEN_MODE: mode } = ssh2.utils.sftp;

/** Sizes and times are what the server says, not what is. */
interface QuirkyFile {
  text: string;
  mtime?: number;
  mode?: number;
  size?: number;
  listSize?: number;
  statSize?: number;
  listMtime?: number;
  /** May not be opened. */
  denied?: boolean;
  /** In the listing, and nowhere else. */
  listedOnly?: boolean;
}

export interface Quirks {
  files: Record<string, QuirkyFile>;
  noMtime?: boolean;
  noSize?: boolean;
  /** A listing has names and nothing else; `all`: no answer has any attribute. */
  noAttributes?: "list" | "all";
  noList?: boolean;
  /** Names with a dot in front are not listed. */
  hideDots?: boolean;
  /** Each name twice, once in each of two answers. */
  listTwice?: boolean;
  /** Names of one answer to READDIR. */
  listedAtOnce?: number;
  /** Status of every STAT and LSTAT of a file; of every FSTAT. */
  statFails?: number;
  fstatFails?: number;
  /** `forbidden`, or answered OK and not done. It never goes over a name that is taken. */
  rename?: "forbidden" | "silent";
  remove?: "silent";
  shortReads?: number;
  /** Each file seems to end here. */
  endsAt?: number;
  /** The connection ends after so many bytes of an answer to READ, this often. */
  cut?: { bytes: number; times: number };
  /** More open files than that are refused so. */
  maxOpen?: { files: number; status: number; text: string };
  /** READs under way at once; one more, and the connection ends. */
  maxOutstanding?: number;
  /** A file is taken away once it was written and closed. */
  takeOnClose?: boolean;
  /** After so many READs this file gets another content. */
  replace?: { name: string; reads: number; text: string; keepsTime?: boolean };
  algorithms?: object;
}

interface Held {
  name: string;
  data: Buffer;
  mtime: number;
  mode: number;
  says: Partial<QuirkyFile>;
}

export interface QuirkyServer extends AsyncDisposable {
  port: number;
  hostKey: string;
  /** Name to text. */
  files(): Record<string, string>;
}

const regular = 0o100644;
const longAgo = 1_700_000_000;
const folder: Attributes = { mode: 0o40755, uid: 0, gid: 0, size: 0, atime: longAgo, mtime: longAgo };

export const quirkyPassword = "sandbox";

export async function startQuirkyServer(quirks: Quirks): Promise<QuirkyServer> {
  const files = new Map<string, Held>();
  for (const [name, { text, ...says }] of Object.entries(quirks.files)) {
    const { mtime = longAgo, mode: bits = regular } = says;
    files.set(name, { name, data: Buffer.from(text), mtime, mode: bits, says });
  }
  const key = makeKey();
  const connections = new Set<Connection>();
  const left = { cuts: quirks.cut?.times ?? 0, sent: 0, reads: 0 };
  const folders = new Set([""]);
  const ssh = new ssh2.Server({ hostKeys: [key.private], algorithms: quirks.algorithms ?? {} }, (connection) => {
    connections.add(connection);
    connection.on("error", () => undefined);
    connection.on("authentication", (asked) => {
      if (asked.method === "password" && asked.password === quirkyPassword) asked.accept();
      else asked.reject(["password"]);
    });
    connection.on("session", (accept) =>
      accept().on("sftp", (begin) => serve(begin(), { connection, quirks, files, folders, left })),
    );
  });
  // ssh2's own sockets wait 40 ms for more to send, before nearly each answer.
  const server = createServer({ noDelay: true }, (socket) => void ssh.injectSocket(socket));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const blob = Buffer.from(key.public.split(" ")[1] ?? "", "base64");
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: `SHA256:${createHash("sha256").update(blob).digest("base64").replace(/=+$/, "")}`,
    files: () => Object.fromEntries([...files].map(([name, { data }]) => [name, data.toString()])),
    async [Symbol.asyncDispose]() {
      for (const connection of connections) connection.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Serving {
  connection: Connection;
  quirks: Quirks;
  files: Map<string, Held>;
  folders: Set<string>;
  left: { cuts: number; sent: number; reads: number };
}

const nameOf = (path: string) => path.replace(/^\/+/, "");

function serve(sftp: SFTPWrapper, serving: Serving): void {
  const { quirks, files, folders } = serving;
  const handles = new Map<number, { file?: Held; listed: number; write: boolean }>();
  let next = 0;
  let open = 0;
  const hand = (id: number, what: { file?: Held; listed: number; write: boolean }) => {
    const handle = Buffer.alloc(4);
    handle.writeUInt32BE(next);
    handles.set(next, what);
    next += 1;
    sftp.handle(id, handle);
  };
  const held = (handle: Buffer) => handles.get(handle.readUInt32BE(0));
  sftp.on("REALPATH", (id, path) => {
    const filename = path.startsWith("/") ? path : `/${path === "." ? "" : path}`;
    sftp.name(id, [{ filename, longname: filename, attrs: {} as Attributes }]);
  });
  for (const call of ["STAT", "LSTAT"] as const) {
    sftp.on(call, (id: number, path: string) => {
      const file = files.get(nameOf(path));
      if (folders.has(nameOf(path))) sftp.attrs(id, folder);
      else if (file === undefined || file.says.listedOnly) sftp.status(id, status.NO_SUCH_FILE);
      else if (quirks.statFails !== undefined) sftp.status(id, quirks.statFails);
      else sftp.attrs(id, attributes(quirks, file, "stat"));
    });
  }
  sftp.on("FSTAT", (id, handle) => {
    const file = held(handle)?.file;
    if (quirks.fstatFails !== undefined || file === undefined) sftp.status(id, quirks.fstatFails ?? status.FAILURE);
    else sftp.attrs(id, attributes(quirks, file, "stat"));
  });
  sftp.on("OPENDIR", (id, path) => {
    if (quirks.noList) sftp.status(id, status.PERMISSION_DENIED);
    else if (!folders.has(nameOf(path))) sftp.status(id, status.NO_SUCH_FILE);
    else hand(id, { listed: 0, write: false });
  });
  sftp.on("READDIR", (id, handle) => {
    const list = held(handle);
    if (list === undefined) return sftp.status(id, status.FAILURE);
    const names = [...files.keys()].filter((name) => !(quirks.hideDots && name.startsWith(".")) && !name.includes("/"));
    const all = quirks.listTwice ? [...names, ...names] : names;
    const part = all.slice(list.listed, list.listed + (quirks.listedAtOnce ?? Math.max(1, names.length)));
    list.listed += part.length;
    if (part.length === 0) return sftp.status(id, status.EOF);
    sftp.name(
      id,
      part.map((name) => {
        const attrs = attributes(quirks, files.get(name) as Held, "list");
        return { filename: name, longname: `-rw-r--r-- 1 u g 1 Jan 1 1970 ${name}`, attrs };
      }),
    );
  });
  sftp.on("OPEN", (id, path, flags) => {
    const name = nameOf(path);
    const write = (flags & mode.WRITE) !== 0;
    let file = files.get(name);
    if (quirks.maxOpen !== undefined && open >= quirks.maxOpen.files) {
      return sftp.status(id, quirks.maxOpen.status, quirks.maxOpen.text);
    }
    if (write && (file === undefined || (flags & mode.TRUNC) !== 0)) {
      file = { name, data: Buffer.alloc(0), mtime: longAgo, mode: regular, says: {} };
      files.set(name, file);
    }
    if (file === undefined || file.says.listedOnly) return sftp.status(id, status.NO_SUCH_FILE);
    if (file.says.denied) return sftp.status(id, status.PERMISSION_DENIED);
    open += 1;
    hand(id, { file, listed: 0, write });
  });
  serveReads(sftp, serving, (handle) => held(handle)?.file);
  sftp.on("WRITE", (id, handle, offset, data) => {
    const file = held(handle)?.file;
    if (file === undefined) return sftp.status(id, status.FAILURE);
    const grown = Buffer.alloc(Math.max(file.data.length, offset + data.length));
    file.data.copy(grown);
    data.copy(grown, offset);
    file.data = grown;
    sftp.status(id, status.OK);
  });
  sftp.on("CLOSE", (id, handle) => {
    const was = held(handle);
    handles.delete(handle.readUInt32BE(0));
    if (was?.file !== undefined) open -= 1;
    if (was?.write && quirks.takeOnClose) files.delete(was.file?.name ?? "");
    sftp.status(id, status.OK);
  });
  serveChanges(sftp, serving);
}

function serveReads(
  sftp: SFTPWrapper,
  { connection, quirks, files, left }: Serving,
  fileOf: (handle: Buffer) => Held | undefined,
): void {
  let underWay = 0;
  sftp.on("READ", (id, handle, offset, length) => {
    underWay += 1;
    left.reads += 1;
    if (quirks.maxOutstanding !== undefined && underWay > quirks.maxOutstanding) return connection.end();
    const answer = () => {
      underWay -= 1;
      const all = fileOf(handle)?.data ?? Buffer.alloc(0);
      const whole = all.subarray(0, quirks.endsAt ?? all.length);
      const data = whole.subarray(offset, offset + Math.min(length, quirks.shortReads ?? 262_144));
      left.sent += data.length;
      const isCut = quirks.cut !== undefined && left.cuts > 0 && left.sent > quirks.cut.bytes;
      if (isCut) {
        left.cuts -= 1;
        left.sent = 0;
        connection.end();
      } else if (data.length === 0) sftp.status(id, status.EOF);
      else sftp.data(id, data);
      const { replace } = quirks;
      const file = files.get(replace?.name ?? "");
      if (replace !== undefined && file !== undefined && left.reads === replace.reads) {
        file.data = Buffer.from(replace.text);
        if (replace.keepsTime !== true) file.mtime += 60;
      }
    };
    if (quirks.maxOutstanding === undefined) answer();
    else setTimeout(answer, 2);
  });
}

function serveChanges(sftp: SFTPWrapper, { quirks, files, folders }: Serving): void {
  sftp.on("REMOVE", (id, path) => {
    const isDone = quirks.remove === "silent" || files.delete(nameOf(path));
    sftp.status(id, isDone ? status.OK : status.NO_SUCH_FILE);
  });
  sftp.on("RENAME", (id, from, to) => {
    const file = files.get(nameOf(from));
    if (quirks.rename === "forbidden") return sftp.status(id, status.PERMISSION_DENIED);
    if (quirks.rename === "silent") return sftp.status(id, status.OK);
    if (file === undefined) return sftp.status(id, status.NO_SUCH_FILE);
    if (files.has(nameOf(to))) return sftp.status(id, status.FAILURE);
    files.delete(nameOf(from));
    file.name = nameOf(to);
    files.set(file.name, file);
    sftp.status(id, status.OK);
  });
  sftp.on("MKDIR", (id, path) => {
    folders.add(nameOf(path));
    sftp.status(id, status.OK);
  });
  for (const call of ["SETSTAT", "FSETSTAT", "RMDIR", "READLINK", "SYMLINK", "EXTENDED"] as const) {
    sftp.on(call as "RMDIR", (id) => sftp.status(id, status.OP_UNSUPPORTED));
  }
}

/** What the server says of a file. */
function attributes(quirks: Quirks, file: Held, asked: "list" | "stat"): Attributes {
  const { says } = file;
  const attrs: Partial<Attributes> = { uid: 0, gid: 0, mode: file.mode };
  const size = (asked === "list" ? says.listSize : says.statSize) ?? says.size ?? file.data.length;
  const mtime = (asked === "list" ? says.listMtime : undefined) ?? file.mtime;
  const isBare = quirks.noAttributes === "all" || quirks.noAttributes === asked;
  if (isBare) return {} as Attributes;
  return {
    ...attrs,
    ...(quirks.noSize ? {} : { size }),
    ...(quirks.noMtime ? {} : { atime: mtime, mtime }),
  } as Attributes;
}
