import { expect } from "vitest";
import { caseOf } from "../case.ts";
import { feed, people } from "./feed.ts";

const old: [string, object, string][] = [
  ["key exchange", { kex: ["diffie-hellman-group1-sha1"] }, "curve25519-sha256"],
  ["cipher", { cipher: ["aes256-cbc"] }, "aes128-gcm@openssh.com"],
  ["MAC", { cipher: ["aes128-ctr"], hmac: ["hmac-md5"] }, "hmac-sha2-256"],
];

caseOf("sftp/key-exchange-of-long-ago", 'what can never work is not "try again later"', async () => {
  for (const [what, algorithms, ours] of old) {
    const { run, written } = await feed({ files: { "a.csv": { text: people } }, algorithms });
    expect([run.code, written]).toEqual([1, undefined]);
    expect(run.stderr).toContain(`have no ${what} in common`);
    const offered = Object.values(algorithms).at(-1)[0];
    expect(run.stderr.replaceAll(/\s+/g, " ")).toContain(`it offers ${offered}; loadline takes ${ours}`.slice(0, 60));
    expect(run.stderr).toContain(ours);
  }
});
