// The sandbox's SFTP server. In: a port, a data folder. Out: its address and the fingerprint of its host key. What must
// hold: loopback only, and nothing outside the folder `sftp` of the data is read or written.

import { createHash, createPublicKey, timingSafeEqual } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import ssh2, { type AuthContext, type Connection } from "ssh2";
import { Failure } from "../../core/errors.ts";
import { exitCode } from "../../core/exit-code.ts";
import { makePrivateFolder, writeDurably } from "../../core/files.ts";
import type { Faults } from "../faults.ts";
import { type Jail, openJail } from "./jail.ts";
import { serveSession } from "./session.ts";

const user = "sandbox";
const password = "sandbox";
/** Those that Node's own crypto is fast at: OpenSSH would take chacha20, which is a hundred times slower here. */
const cipher = ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com", "aes128-ctr", "aes256-ctr"] as const;

export interface SftpOptions {
  /** 0 takes a free port. */
  port: number;
  /** The sandbox's data. */
  folder: string;
  /** PEM of the key that may sign in. */
  publicKey: string;
  faults: Faults;
}

export interface SftpServer {
  /** sftp://sandbox@127.0.0.1:8027 */
  url: string;
  /** SHA256:… */
  hostKey: string;
  close(): Promise<void>;
}

export async function listenSftp({ port, folder, publicKey, faults }: SftpOptions): Promise<SftpServer> {
  const root = join(folder, "sftp");
  makePrivateFolder(root);
  const jail = openJail(root);
  const hostKey = readHostKey(folder);
  const userKey = sshKeyOf(publicKey);
  // ssh2 says goodbye before it closes a connection; a fault cuts the socket below it.
  const sockets = new Map<number | undefined, Socket>();
  const ssh = new ssh2.Server(
    { hostKeys: [hostKey], ident: "loadline-sandbox", algorithms: { cipher: [...cipher] } },
    (connection, { port: from }) => {
      serveConnection(connection, { userKey, jail, faults, cut: () => sockets.get(from)?.destroy() });
    },
  );
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.set(socket.remotePort, socket);
    socket.on("close", () => sockets.delete(socket.remotePort));
    ssh.injectSocket(socket);
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(cannotListen(port, error)));
    server.listen(port, "127.0.0.1", () => resolve());
  });
  return {
    url: `sftp://${user}@127.0.0.1:${(server.address() as AddressInfo).port}`,
    hostKey: fingerprintOf(hostKey),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets.values()) socket.destroy();
      }),
  };
}

interface Served {
  userKey: Buffer;
  jail: Jail;
  faults: Faults;
  cut(): void;
}

function serveConnection(connection: Connection, { userKey, jail, faults, cut }: Served): void {
  connection.on("authentication", (context) => signIn(context, userKey));
  connection.on("session", (accept) => {
    accept().on("subsystem", (acceptSystem, reject, { name }) => {
      if (name !== "sftp") return reject();
      void serveSession({ channel: acceptSystem(), jail, faults, cut });
    });
  });
  // A client that goes away in the middle is no defect of the sandbox.
  connection.on("error", () => undefined);
}

function signIn(context: AuthContext, userKey: Buffer): void {
  const decide = (isUser: boolean) => {
    if (isUser && context.username === user) context.accept();
    else context.reject(["publickey", "password", "keyboard-interactive"]);
  };
  if (context.method === "password") decide(context.password === password);
  else if (context.method === "publickey") decide(isSignedBy(context, userKey));
  else if (context.method !== "keyboard-interactive") decide(false);
  else context.prompt([{ prompt: "Password: ", echo: false }], ([answer]) => decide(answer === password));
}

/** Without a signature the client only asks whether the key would do. */
function isSignedBy(context: AuthContext & { method: "publickey" }, userKey: Buffer): boolean {
  const { key, signature, blob, hashAlgo } = context;
  if (key.data.length !== userKey.length || !timingSafeEqual(key.data, userKey)) return false;
  if (signature === undefined || blob === undefined) return true;
  const parsed = ssh2.utils.parseKey(userKey);
  return !(parsed instanceof Error) && parsed.verify(blob, signature, hashAlgo) === true;
}

/**
 * Made once, and the same after a restart, so that clients that know it go on trusting it. Of the keys that ssh2 makes it
 * can't read one in 256 (https://github.com/mscdex/ssh2/issues/1390): that one is made again.
 */
function readHostKey(folder: string): string {
  const path = join(folder, "sftp-host.key");
  while (!existsSync(path) || ssh2.utils.parseKey(readFileSync(path)) instanceof Error) {
    writeDurably(path, ssh2.utils.generateKeyPairSync("ed25519").private);
  }
  return readFileSync(path, "utf8");
}

function fingerprintOf(privateKey: string): string {
  const key = ssh2.utils.parseKey(privateKey);
  if (key instanceof Error) throw key;
  const digest = createHash("sha256").update(key.getPublicSSH()).digest("base64").replace(/=+$/, "");
  return `SHA256:${digest}`;
}

/** An RSA key as SSH writes it (RFC 4253, 6.6): its kind, exponent and modulus, each with its length. */
function sshKeyOf(pem: string): Buffer {
  const { e = "", n = "" } = createPublicKey(pem).export({ format: "jwk" });
  const parts = [Buffer.from("ssh-rsa"), positive(e), positive(n)];
  return Buffer.concat(parts.flatMap((part) => [lengthOf(part), part]));
}

/** A number whose first bit is set would be negative. */
function positive(base64url: string): Buffer {
  const bytes = Buffer.from(base64url, "base64url");
  return (bytes[0] ?? 0) < 128 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
}

function lengthOf(part: Buffer): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(part.length);
  return bytes;
}

function cannotListen(port: number, error: Error): Failure {
  return new Failure(exitCode.failed, `the sandbox cannot listen on port ${port}`, {
    why: error.message,
    next: "take another port, or 0 for a free one",
    cause: error,
  });
}
