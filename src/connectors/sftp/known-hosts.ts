// Files of the form of ~/.ssh/known_hosts (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). In: their text. Out: what they say of
// one host. What must hold: a line that can't be read says nothing; a revoked key is never trusted, whatever else says so.

import { createHmac } from "node:crypto";

export interface KnownKey {
  /** ssh-ed25519, ecdsa-sha2-nistp256, ssh-rsa, … */
  type: string;
  /** The key as the server shows it, in base64. */
  key: string;
  line: number;
  revoked: boolean;
}

export interface KnownHost {
  keys: KnownKey[];
  /** Lines with an authority whose certificates would be trusted: loadline takes keys only. */
  authorities: number[];
}

const usualPort = 22;

export function findKnownHost(text: string, host: string, port: number): KnownHost {
  const name = port === usualPort ? host : `[${host}]:${port}`;
  const known: KnownHost = { keys: [], authorities: [] };
  for (const [index, written] of text.split("\n").entries()) {
    const words = written.trim().split(/\s+/);
    const marker = words[0]?.startsWith("@") === true ? words.shift() : undefined;
    const [hosts = "", type = "", key = ""] = words;
    if (hosts.startsWith("#") || key === "" || !matchesHosts(hosts, name)) continue;
    const line = index + 1;
    if (marker === "@cert-authority") known.authorities.push(line);
    else if (marker === undefined || marker === "@revoked") {
      known.keys.push({ type, key: key.replace(/=+$/, ""), line, revoked: marker === "@revoked" });
    }
  }
  return known;
}

function matchesHosts(hosts: string, name: string): boolean {
  if (hosts.startsWith("|1|")) {
    const [salt = "", hash = ""] = hosts.slice("|1|".length).split("|");
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const patterns = hosts.toLowerCase().split(",");
  const isNamed = (pattern: string) => matchesPattern(pattern, name);
  if (patterns.some((pattern) => pattern.startsWith("!") && isNamed(pattern.slice(1)))) return false;
  return patterns.some(isNamed);
}

/** `*` is any text and `?` any character; brackets are those of `[host]:port`. */
function matchesPattern(pattern: string, name: string): boolean {
  const escaped = pattern.replace(/[\\^$.+()[\]{}|]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}
