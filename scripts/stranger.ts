// Plays the stranger (test/package/stranger.ts) with the package as it would be published: `npm run stranger`, on the Node
// that runs it and, with `--node <path>`, on another. Fails where the first load takes longer than two minutes. `--write`:
// the transcript goes into docs/transcript.md.

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { playStranger, type Stranger, writeTranscript } from "../test/package/stranger.ts";

const secondsMax = 120;
const root = join(import.meta.dirname, "..");
const { values } = parseArgs({ options: { node: { type: "string", multiple: true }, write: { type: "boolean" } } });

const folder = mkdtempSync(join(tmpdir(), "loadline-stranger-"));
try {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const [packed] = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: "pipe" }));
  const tarball = join(folder, String(packed.filename));
  const told: string[] = [];
  for (const node of [process.execPath, ...(values.node ?? [])]) {
    const version = execFileSync(node, ["--version"], { encoding: "utf8" }).trim();
    const place = join(folder, version);
    mkdirSync(place);
    const stranger = await playStranger(place, tarball, { node });
    told.push(tell(version, stranger, place, tarball));
    const took = `Node ${version}: ${stranger.seconds.toFixed(1)} s from npm install to the first load`;
    process.stdout.write(`${took}\n`);
    if (stranger.seconds > secondsMax) throw new Error(`${took}, at most ${secondsMax}`);
  }
  if (values.write === true) writeFileSync(join(root, "docs/transcript.md"), writePage(told));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function tell(version: string, stranger: Stranger, place: string, tarball: string): string {
  const took = `From \`npm install\` to the end of the first load: ${Math.round(stranger.seconds)} s, on two cores that others used too.`;
  return `## Node ${version.slice(1).split(".")[0]}\n\n${took}\n\n\`\`\`\n${writeTranscript(stranger, place, tarball)}\n\`\`\`\n`;
}

function writePage(parts: readonly string[]): string {
  return `# A stranger's first hour

An empty folder with a vendor's file in it, and the package as npm gives it: everything below was typed and answered so, without an account anywhere. Paths, ids and times are replaced. \`npm run stranger -- --write\` plays it anew, and fails where the first load takes longer than two minutes; \`npm test\` plays it once.

${parts.join("\n")}`;
}
