// loadline's SFTP connector beside OpenSSH's own sftp, against one sshd on loopback: speed down and up, memory with a
// large file, ten thousand small ones. In: `node bench/sftp.ts [--megabytes <n>] [--files <n>] [--repeats <n>]
// [--gigabytes <n>] [--small <n>]`, a part is left out with 0; Linux with OpenSSH, for it reads /proc. Out: Markdown
// tables with medians and ratios. What must hold: contenders take turns over the same files with the same cipher, and
// what arrived is compared with what was sent before anything is reported.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import { parseArgs } from "node:util";
import { hashFile } from "../src/core/files.ts";
import { createProject, type Finished, type Project } from "../test/support/rig.ts";
import { type Sshd, startSshd } from "../test/support/sshd.ts";
import { type Measurement, median, peakOf } from "./measure.ts";

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "512" },
    files: { type: "string", default: "4" },
    repeats: { type: "string", default: "5" },
    gigabytes: { type: "string", default: "2" },
    small: { type: "string", default: "10000" },
  },
});
const megabyte = 1 << 20;
const repeats = Number(values.repeats);
/** What the connector asks for first, and OpenSSH's server has. */
const cipher = "aes128-gcm@openssh.com";
const benchMsMax = 3_600_000;
/** Of the server, below its folder. */
const sentFolder = "up";
const header = "id,first,last,email,city,notes\n";

/** CSV of a size, every line another one. */
async function writeRows(path: string, bytes: number): Promise<void> {
  const file = createWriteStream(path);
  file.write(header);
  for (let row = 0, written = header.length; written < bytes; ) {
    let block = "";
    for (const end = row + 1000; row < end; row += 1) {
      block += `${row},First ${row},Last ${row},person${row}@example.com,"City ${row % 300}","Note, no. ${row * 7}"\n`;
    }
    written += block.length;
    if (!file.write(block)) await once(file, "drain");
  }
  file.end();
  await finished(file);
}

interface Bench {
  sshd: Sshd;
  project: Project;
}

const job = (files: string) => `version: 1
name: take
streams:
  rows:
    source: { connection: vendor, files: "${files}" }
    target: { connection: out, files: rows.csv }
    map: { id: id, last: last, email: email, notes: notes }
`;

function openProject(sshd: Sshd): Project {
  const connection = `{ type: sftp, url: "${sshd.url()}", auth: { private_key_file: "${sshd.key}" }, host_key: "${sshd.hostKey}" }`;
  return createProject({
    "connections.yaml": `version: 1\nconnections:\n  vendor: ${connection}\n  out: { type: file, path: ./out }\n`,
    known_hosts: sshd.knownHosts(),
  });
}

/** Seconds of one `sftp` with these commands, its sign-in among them. */
function runSftp({ sshd, project }: Bench, commands: string, ciphers: readonly string[]): Measurement {
  const options = ["-q", "-b", "-", "-i", sshd.key, "-P", String(sshd.port), ...ciphers];
  const known = ["-F", "none", "-o", `UserKnownHostsFile=${project.path("known_hosts")}`];
  const start = performance.now();
  execFileSync("sftp", [...options, ...known, `${sshd.user}@127.0.0.1:${sshd.folder}`], {
    input: commands,
    stdio: ["pipe", "ignore", "inherit"],
  });
  return { seconds: (performance.now() - start) / 1000, cpuSeconds: 0, peakRssMb: 0 };
}

/** The connector in a process of its own; sign-in among its seconds, Node's start not. */
function runConnector(
  { project }: Bench,
  doing: "fetch" | "send",
  folder: string,
  names: readonly string[],
): Measurement {
  const args = [join(import.meta.dirname, "sftp-client.ts"), doing, project.path("connections.yaml"), folder, ...names];
  return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Measurement;
}

interface Way {
  name: string;
  fetch(bench: Bench, names: readonly string[], folder: string): Measurement;
  send(bench: Bench, names: readonly string[], folder: string): Measurement;
}

const openSsh = (name: string, ciphers: readonly string[], put = "put"): Way => ({
  name,
  fetch: (bench, names, folder) =>
    runSftp(bench, names.map((file) => `get ${file} ${join(folder, file)}\n`).join(""), ciphers),
  send: (bench, names, folder) =>
    runSftp(bench, names.map((file) => `${put} ${join(folder, file)} ${sentFolder}/${file}\n`).join(""), ciphers),
});

const reference = openSsh(`sftp, ${cipher}`, ["-c", cipher]);
const ours: Way = {
  name: `loadline, ${cipher}`,
  fetch: (bench, names, folder) => runConnector(bench, "fetch", folder, names),
  send: (bench, names, folder) => runConnector(bench, "send", folder, names),
};
const fetching = [reference, openSsh("sftp, the cipher it takes by itself (chacha20-poly1305)", []), ours];
/** loadline's uploads are on the server's disk when they end. */
const sending = [reference, openSsh(`sftp, ${cipher}, onto the disk (put -f)`, ["-c", cipher], "put -f"), ours];

/** Ways take turns; each begins with an empty folder and the server's files in memory. */
async function compareSpeed(bench: Bench): Promise<string[]> {
  const bytes = Number(values.megabytes) * megabyte;
  const names = Array.from({ length: Number(values.files) }, (_, index) => `part${index}.csv`);
  for (const name of names) await writeRows(join(bench.sshd.folder, name), bytes);
  const hashes = await Promise.all(names.map((name) => hashFile(join(bench.sshd.folder, name))));
  const tasks = [
    { title: `down, one file of ${values.megabytes} MiB`, doing: "fetch", names: names.slice(0, 1) },
    { title: `down, ${names.length} files at once`, doing: "fetch", names },
    { title: `up, one file of ${values.megabytes} MiB`, doing: "send", names: names.slice(0, 1) },
  ] as const;
  const rows: string[] = [];
  for (const { title, doing, names } of tasks) {
    const ways = doing === "fetch" ? fetching : sending;
    const measured = new Map<Way, Measurement[]>(ways.map((way) => [way, []]));
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      for (const way of ways) {
        const { from, to } = freshFolders(bench, doing);
        measured.get(way)?.push(way[doing](bench, names, doing === "fetch" ? to : from));
        await refuseDifferent(to, names, hashes);
      }
    }
    rows.push(...ways.map((way) => speedRow(title, way, measured, (names.length * bytes) / megabyte)));
  }
  return rows;
}

function freshFolders({ sshd, project }: Bench, doing: "fetch" | "send"): { from: string; to: string } {
  const to = doing === "fetch" ? project.path("here") : join(sshd.folder, sentFolder);
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to);
  execFileSync("sync");
  return { from: sshd.folder, to };
}

/** The connector names the files that it fetches by their number. */
async function refuseDifferent(folder: string, names: readonly string[], hashes: readonly string[]): Promise<void> {
  const there = readdirSync(folder).sort();
  if (there.length !== names.length) throw new Error(`${there} arrived, ${names} were asked for`);
  for (const [index, name] of there.entries()) {
    if ((await hashFile(join(folder, name))) !== hashes[index]) throw new Error(`${name} arrived with other bytes`);
  }
}

function speedRow(title: string, way: Way, measured: ReadonlyMap<Way, Measurement[]>, megabytes: number): string {
  const seconds = (one: Way) => median((measured.get(one) ?? []).map((each) => each.seconds));
  const runs = (measured.get(way) ?? []).map((each) => each.seconds.toFixed(2)).join(" ");
  const cells = [title, way.name, seconds(way).toFixed(2), Math.round(megabytes / seconds(way))];
  return `| ${[...cells, (seconds(reference) / seconds(way)).toFixed(2), runs].join(" | ")} |`;
}

interface Cost {
  title: string;
  seconds: number;
  peakMb: number;
}

async function measureRun({ project }: Bench, title: string, files: string): Promise<Cost> {
  project.write({ "job.yaml": job(files) });
  const start = performance.now();
  const running = project.start(["run", "job.yaml", "--json"], { msMax: benchMsMax });
  let peakMb = 0;
  const sampler = setInterval(() => {
    peakMb = Math.max(peakMb, peakOf(running.child.pid));
  }, 100);
  const done: Finished = await running.finished.finally(() => clearInterval(sampler));
  if (done.code !== 0) throw new Error(`${title} failed:\n${done.stdout}${done.stderr}`);
  return { title, seconds: (performance.now() - start) / 1000, peakMb };
}

async function measureLarge(bench: Bench): Promise<Cost[]> {
  const file = join(bench.sshd.folder, "large.csv");
  await writeRows(file, Number(values.gigabytes) * 1024 * megabyte);
  const title = `one file of ${values.gigabytes} GiB`;
  const { to } = freshFolders(bench, "fetch");
  const fetched = runConnector(bench, "fetch", to, ["large.csv"]);
  rmSync(to, { recursive: true });
  const { to: sentTo } = freshFolders(bench, "send");
  const sent = runConnector(bench, "send", bench.sshd.folder, ["large.csv"]);
  rmSync(sentTo, { recursive: true });
  const whole = await measureRun(bench, `${title}, \`loadline run\` into a CSV file of four columns`, "large.csv");
  rmSync(file);
  const costOf = ({ seconds, peakRssMb }: Measurement, what: string) => ({
    title: `${title}, ${what}`,
    seconds,
    peakMb: peakRssMb,
  });
  return [costOf(fetched, "the connector alone, down"), costOf(sent, "the connector alone, up"), whole];
}

async function measureSmall(bench: Bench): Promise<Cost[]> {
  const folder = join(bench.sshd.folder, "small");
  mkdirSync(folder);
  const count = Number(values.small);
  for (let index = 0; index < count; index += 1) {
    writeFileSync(join(folder, `s${String(index).padStart(6, "0")}.csv`), `${header}${index},a,b,c@example.com,d,e\n`);
  }
  const cost = await measureRun(bench, `${count} files of one row, \`loadline run\``, "small/*.csv");
  const lines = bench.project.read("out/rows.csv").split("\n").length - 2;
  if (lines !== count) throw new Error(`${lines} rows of ${count} arrived`);
  return [cost];
}

await using sshd = await startSshd();
await using project = openProject(sshd);
const bench = { sshd, project };
const load = () =>
  loadavg()
    .map((one) => one.toFixed(1))
    .join(", ");
const print = (lines: readonly string[]) => process.stdout.write(`${lines.join("\n")}\n\n`);
const { version, arch } = process;
print([`${cpus().length} cores (${arch}), Node ${version}, load of the machine before: ${load()}`]);
if (Number(values.megabytes) > 0) {
  const rows = await compareSpeed(bench);
  const head = `| what | with | seconds, median of ${repeats} | MiB/s | speed as a part of sftp's with that cipher | each |`;
  print([head, "|---|---|---|---|---|---|", ...rows]);
}
const costs = [
  ...(Number(values.gigabytes) > 0 ? await measureLarge(bench) : []),
  ...(Number(values.small) > 0 ? await measureSmall(bench) : []),
];
const lines = costs.map(({ title, seconds, peakMb }) => `| ${title} | ${seconds.toFixed(1)} | ${Math.round(peakMb)} |`);
if (lines.length > 0) print(["| what | seconds | peak RSS, MB |", "|---|---|---|", ...lines]);
print([`load of the machine after: ${load()}`]);
