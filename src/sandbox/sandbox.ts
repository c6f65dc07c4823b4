// The local stand-in for the systems that loadline talks to: the same jobs, the same protocols, no credentials.
// In: ports, a data folder, a schema file, faults. Out: the origins that it serves, until it is closed.
// Must hold: loopback only; with a data folder, all that was acknowledged is there after any restart, SIGKILL included.
// Each system has its folder here (salesforce/, hubspot/); the HTTP server, the routes and the faults are shared.

import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makePrivateFolder, writeDurably } from "../core/files.ts";
import { SandboxClock } from "./clock.ts";
import { createFaults, readFaultsFile } from "./faults.ts";
import { type Listening, listen, type Site } from "./http-server.ts";
import { openHubspot } from "./hubspot/hubspot.ts";
import { openSalesforce } from "./salesforce/salesforce.ts";
import { readSchemaFile } from "./schema-file.ts";
import { listenSftp } from "./sftp/sftp.ts";

/** 0 takes a free one; the usual one, where it is taken, leaves it to a free one. */
type Port = number | { usual: number };

export interface SandboxOptions {
  /** 0 takes a free port. */
  salesforcePort: Port;
  hubspotPort: Port;
  /** The same; without one SFTP is not served. */
  sftpPort?: Port;
  /** Kept across restarts. Without one, a temporary folder that is deleted at close. */
  dataFolder?: string;
  /** Custom objects, fields and properties, and limits (YAML or JSON). */
  schemaFile?: string;
  /** What a fresh org holds: some accounts and contacts, or nothing. */
  seed: "demo" | "empty";
  /** A JSON list of faults that hold from the start. */
  faultsFile?: string;
  /** Draws the faults that have a rate. */
  faultSeed: number;
  /** Where nobody signs in by a key pair, none is made, which takes a while. */
  signsInByKey?: false;
}

export interface Sandbox {
  /** For example http://127.0.0.1:8025 */
  salesforce: string;
  /** For example http://127.0.0.1:8026 */
  hubspot: string;
  /** For example sftp://sandbox@127.0.0.1:8027 */
  sftp?: string;
  /** Fingerprint of the SFTP server's key: SHA256:… */
  hostKey?: string;
  /** Stops serving, once however often it is called. Work under way stops at its next chunk and goes on at the next start. */
  close(): Promise<void>;
}

/** Starts the sandbox. Throws a Failure for a wrong schema or faults file and for a port that is taken. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const schema = readSchemaFile(options.schemaFile);
  const faults = createFaults(options.faultSeed);
  if (options.faultsFile !== undefined) faults.replace(readFaultsFile(options.faultsFile));
  const folder = options.dataFolder ?? mkdtempSync(join(tmpdir(), "loadline-sandbox-"));
  makePrivateFolder(folder);
  const publicKey = options.signsInByKey === false ? "" : keyPair(folder);
  const clock = new SandboxClock();
  const salesforce = openSalesforce({
    folder: join(folder, "salesforce"),
    schema,
    faults,
    seed: options.seed,
    publicKey,
    clock,
  });
  const hubspot = openHubspot({ folder: join(folder, "hubspot"), schema, faults, seed: options.seed, clock });
  const servers: Pick<Listening, "close">[] = [];
  const shutDown = async (): Promise<void> => {
    for (const server of servers) await server.close();
    await salesforce.close();
    await hubspot.close();
    if (options.dataFolder === undefined) rmSync(folder, { recursive: true, force: true });
  };
  const serve = async (site: Site, port: Port): Promise<string> => {
    const server = await listenOn(port, (number) => listen(site, number, faults, clock));
    servers.push(server);
    return server.origin;
  };
  try {
    const origins = {
      salesforce: await serve(salesforce.site, options.salesforcePort),
      hubspot: await serve(hubspot.site, options.hubspotPort),
    };
    const { sftpPort: port } = options;
    const sftp =
      port === undefined
        ? undefined
        : await listenOn(port, (number) => listenSftp({ port: number, folder, publicKey, faults }));
    if (sftp !== undefined) servers.push(sftp);
    clock.run(() => {
      salesforce.start(origins.salesforce);
      hubspot.start(origins.hubspot);
    });
    let closed: Promise<void> | undefined;
    return {
      ...origins,
      ...(sftp === undefined ? {} : { sftp: sftp.url, hostKey: sftp.hostKey }),
      close() {
        closed ??= shutDown();
        return closed;
      },
    };
  } catch (error) {
    await shutDown();
    throw error;
  }
}

async function listenOn<Server>(port: Port, start: (port: number) => Promise<Server>): Promise<Server> {
  if (typeof port === "number") return start(port);
  return start(port.usual).catch(() => start(0));
}

/** The public half of the pair that clients sign JWTs with and sign in to SFTP by; the private half is sandbox.key beside it. */
function keyPair(folder: string): string {
  const publicPath = join(folder, "sandbox.pub");
  if (existsSync(publicPath)) return readFileSync(publicPath, "utf8");
  const pair = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
    publicKeyEncoding: { type: "spki", format: "pem" },
  });
  // The public half last: where it is, the private one is too.
  writeDurably(join(folder, "sandbox.key"), pair.privateKey);
  writeDurably(publicPath, pair.publicKey);
  return pair.publicKey;
}
