// Reads connections.yaml. In: YAML with references. Out: connections by name, still with references.
// What must hold: no text of this file is shown that could be a credential, not even in a message about a typo.

import { dirname, resolve as resolvePath } from "node:path";
import { usageFailure } from "../core/errors.ts";
import { suggest } from "../core/suggest.ts";
import { type ConnectionFile, type ConnectionsFile, connectionsShape } from "./connection-schema.ts";
import { Diagnostics } from "./diagnostics.ts";
import type {
  Connection,
  Environment,
  HubSpotAuth,
  Place,
  Reference,
  SalesforceAuth,
  SftpAuth,
  SftpConnection,
} from "./job.ts";
import { findBaseUrlProblem, findLoginUrlProblem } from "./login-url.ts";
import { maskValues } from "./mask-values.ts";
import { expandReferences, readEnvironment, referTo } from "./references.ts";
import { checkShape } from "./schema-issues.ts";
import { readSftpUrl } from "./sftp-url.ts";
import { parsePercent } from "./units.ts";
import { parseYaml, readSource } from "./yaml-document.ts";
import { keySpanAt, type MapNode, nodeAt, type TreePath } from "./yaml-tree.ts";

type SalesforceFile = Extract<ConnectionFile, { type: "salesforce" }>;
type HubSpotFile = Extract<ConnectionFile, { type: "hubspot" }>;

const hubspotUrl = "https://api.hubapi.com";
/** Percent of the burst limit: others of the same app have something left, and a clock that differs does no harm. */
const burstDefault = 80;
type SftpFile = Extract<ConnectionFile, { type: "sftp" }>;

/** What the values of one connection are resolved with. */
interface Scope {
  environment: Environment;
  /** Relative paths start here. */
  folder: string;
  /** Of the value at a path below the connection. */
  placeAt: (path: TreePath) => Place;
}

/**
 * The connections by name. `environment` is for `loginUrl` and `path`, and not looked at before these are read;
 * credentials are resolved with the one that `Reference.resolve` is given.
 * Throws a Failure (exit 2) whose message holds every problem found, each at file:line:column.
 */
export function readConnections(file: string, environment: Environment = readEnvironment()): Map<string, Connection> {
  const source = readSource(file);
  const diagnostics = new Diagnostics(source, maskValues(source.text));
  const root = parseYaml(diagnostics, { extensions: false });
  const written = checkShape(connectionsShape, root, diagnostics);
  if (written !== undefined) checkUrls(written, root, diagnostics);
  if (written !== undefined) checkJumps(written, root, diagnostics);
  diagnostics.throwIfAny();
  const connections = new Map<string, Connection>();
  for (const [name, connection] of Object.entries(written?.connections ?? {})) {
    const placeAt = (path: TreePath) => {
      const whole = ["connections", name, ...path];
      return source.placeAt(
        (path.length === 0 ? undefined : nodeAt(root, whole))?.span.start ?? keySpanAt(root, whole).start,
      );
    };
    const built = buildConnection(name, connection, { environment, folder: resolvePath(dirname(file)), placeAt });
    if (built !== undefined) connections.set(name, built);
  }
  for (const [name, connection] of Object.entries(written?.connections ?? {})) {
    const over = connection.type === "sftp" ? connections.get(connection.jump ?? "") : undefined;
    if (over?.type === "sftp") Object.assign(connections.get(name) ?? {}, { jump: over });
  }
  return connections;
}

/** Undefined for the types that are refused before. */
function buildConnection(name: string, written: ConnectionFile, scope: Scope): Connection | undefined {
  if (written.type === "file") {
    return {
      name,
      type: "file",
      get path() {
        const place = scope.placeAt(["path"]);
        return resolvePath(scope.folder, expandReferences(written.path, scope.environment, place, scope.folder));
      },
      place: scope.placeAt([]),
    };
  }
  if (written.type === "hubspot") return buildHubSpot(name, written, scope);
  if (written.type === "sftp") return buildSftp(name, written, scope);
  if (written.type !== "salesforce") return undefined;
  return {
    name,
    type: "salesforce",
    get loginUrl() {
      const place = scope.placeAt(["login_url"]);
      const url = expandReferences(written.login_url, scope.environment, place, scope.folder);
      const problem = findLoginUrlProblem(url, flowOf(written.auth));
      if (problem !== undefined) throw usageFailure(problem, { where: place });
      return new URL(url).origin;
    },
    auth: buildAuth(written.auth, scope),
    ...(written.api_version === undefined ? {} : { apiVersion: written.api_version }),
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function buildHubSpot(name: string, written: HubSpotFile, scope: Scope): Connection {
  const { auth, api_version, limits, base_url = hubspotUrl } = written;
  return {
    name,
    type: "hubspot",
    get baseUrl() {
      const place = scope.placeAt(["base_url"]);
      const url = expandReferences(base_url, scope.environment, place, scope.folder);
      const problem = findBaseUrlProblem(url);
      if (problem !== undefined) throw usageFailure(problem, { where: place });
      return new URL(url).origin;
    },
    auth: buildHubSpotAuth(auth, scope),
    ...(api_version === undefined ? {} : { apiVersion: api_version }),
    burst: limits?.burst === undefined ? burstDefault : parsePercent(limits.burst),
    daily: limits?.daily === undefined ? 100 : parsePercent(limits.daily),
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function buildSftp(name: string, written: SftpFile, scope: Scope): SftpConnection {
  const { url, host_key, known_hosts } = written;
  return {
    name,
    type: "sftp",
    get address() {
      const place = scope.placeAt(["url"]);
      const read = readSftpUrl(expandReferences(url, scope.environment, place, scope.folder));
      if ("problem" in read) throw usageFailure(read.problem, { where: place });
      return read.address;
    },
    auth: buildSftpAuth(written.auth, scope),
    ...(host_key === undefined ? {} : { hostKey: host_key.replace(/=$/, "") }),
    get knownHosts() {
      if (known_hosts === undefined) return undefined;
      const path = expandReferences(known_hosts, scope.environment, scope.placeAt(["known_hosts"]), scope.folder);
      return resolvePath(scope.folder, path);
    },
    protected: written.protected ?? false,
    place: scope.placeAt([]),
  };
}

function buildHubSpotAuth({ token, oauth }: HubSpotFile["auth"], scope: Scope): HubSpotAuth {
  if (oauth === undefined) return { kind: "token", token: buildReference(token ?? "", ["auth", "token"], scope) };
  const flow = ["auth", "oauth"];
  return {
    kind: "oauth",
    clientId: buildReference(oauth.client_id, [...flow, "client_id"], scope),
    clientSecret: buildReference(oauth.client_secret, [...flow, "client_secret"], scope),
    refreshToken: buildReference(oauth.refresh_token, [...flow, "refresh_token"], scope),
  };
}

function buildSftpAuth({ password, private_key_file, passphrase }: SftpFile["auth"], scope: Scope): SftpAuth {
  if (password !== undefined) {
    return { kind: "password", password: buildReference(password, ["auth", "password"], scope) };
  }
  if (private_key_file === undefined) return { kind: "agent" };
  return {
    kind: "private_key",
    keyFile: buildReference(private_key_file, ["auth", "private_key_file"], scope, { isPath: true }),
    ...(passphrase === undefined ? {} : { passphrase: buildReference(passphrase, ["auth", "passphrase"], scope) }),
  };
}

function flowOf(written: SalesforceFile["auth"]): SalesforceAuth["kind"] {
  return Object.keys(written)[0] as SalesforceAuth["kind"];
}

function buildAuth(written: SalesforceFile["auth"], scope: Scope): SalesforceAuth {
  const { jwt, client_credentials, refresh_token, password } = written;
  if (jwt !== undefined) {
    const flow = ["auth", "jwt"];
    return {
      kind: "jwt",
      clientId: buildReference(jwt.client_id, [...flow, "client_id"], scope),
      username: buildReference(jwt.username, [...flow, "username"], scope),
      keyFile: buildReference(jwt.key_file, [...flow, "key_file"], scope, { isPath: true }),
    };
  }
  if (client_credentials !== undefined) {
    const flow = ["auth", "client_credentials"];
    return {
      kind: "client_credentials",
      clientId: buildReference(client_credentials.client_id, [...flow, "client_id"], scope),
      clientSecret: buildReference(client_credentials.client_secret, [...flow, "client_secret"], scope),
    };
  }
  if (refresh_token !== undefined) {
    const flow = ["auth", "refresh_token"];
    const { client_id, client_secret } = refresh_token;
    return {
      kind: "refresh_token",
      clientId: buildReference(client_id, [...flow, "client_id"], scope),
      ...(client_secret === undefined
        ? {}
        : { clientSecret: buildReference(client_secret, [...flow, "client_secret"], scope) }),
      refreshToken: buildReference(refresh_token.refresh_token, [...flow, "refresh_token"], scope),
    };
  }
  if (password !== undefined) {
    const flow = ["auth", "password"];
    const { security_token } = password;
    return {
      kind: "password",
      username: buildReference(password.username, [...flow, "username"], scope),
      password: buildReference(password.password, [...flow, "password"], scope),
      ...(security_token === undefined
        ? {}
        : { securityToken: buildReference(security_token, [...flow, "security_token"], scope) }),
    };
  }
  return { kind: "access_token", token: buildReference(written.access_token ?? "", ["auth", "access_token"], scope) };
}

function buildReference(text: string, path: TreePath, scope: Scope, options = { isPath: false }): Reference {
  return referTo(text, scope.placeAt(path), scope.folder, options);
}

/** Each way over other servers ends at one that is reached directly. */
function checkJumps({ connections }: ConnectionsFile, root: MapNode, diagnostics: Diagnostics): void {
  const jumpOf = (name: string) => {
    const connection = connections[name];
    return connection?.type === "sftp" ? connection.jump : undefined;
  };
  for (const name of Object.keys(connections)) {
    const jump = jumpOf(name);
    const node = nodeAt(root, ["connections", name, "jump"]);
    if (jump === undefined || node === undefined) continue;
    if (connections[jump]?.type !== "sftp") {
      const suggestion = suggest(
        jump,
        Object.keys(connections).filter((other) => connections[other]?.type === "sftp"),
      );
      const message = `jump: there is no connection "${jump}" of type sftp`;
      diagnostics.add(node.span, message, suggestion === undefined ? {} : { suggestion });
      continue;
    }
    const seen = new Set([name]);
    let next: string | undefined = jump;
    while (next !== undefined && !seen.has(next)) {
      seen.add(next);
      next = jumpOf(next);
    }
    if (next !== undefined) diagnostics.add(node.span, "jump: this way leads round in a circle");
  }
}

function checkUrls(written: ConnectionsFile, root: MapNode, diagnostics: Diagnostics): void {
  for (const [name, connection] of Object.entries(written.connections)) {
    if (connection.type === "hubspot" && connection.base_url?.includes("${") === false) {
      const problem = findBaseUrlProblem(connection.base_url);
      const node = nodeAt(root, ["connections", name, "base_url"]);
      if (problem !== undefined && node !== undefined) diagnostics.add(node.span, problem);
    }
    if (connection.type === "sftp" && !connection.url.includes("${")) {
      const read = readSftpUrl(connection.url);
      const node = nodeAt(root, ["connections", name, "url"]);
      if ("problem" in read && node !== undefined) diagnostics.add(node.span, read.problem);
    }
    if (connection.type !== "salesforce" || connection.login_url.includes("${")) continue;
    const problem = findLoginUrlProblem(connection.login_url, flowOf(connection.auth));
    const node = nodeAt(root, ["connections", name, "login_url"]);
    if (problem !== undefined && node !== undefined) diagnostics.add(node.span, problem);
  }
}
