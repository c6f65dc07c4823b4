// A job from, or to, a server with quirks, by the real program.

import { type Quirks, quirkyPassword, startQuirkyServer } from "../../sftp/quirky-server.ts";
import { createProject, type Finished } from "../../support/rig.ts";

export interface Fed {
  run: Finished;
  /** What the job wrote to its local folder; undefined where it wrote nothing. */
  written: string | undefined;
  /** On the server afterwards. */
  left: Record<string, string>;
}

const download = `version: 1
name: feed
streams:
  s:
    source: { connection: feed, files: "*.csv" }
    target: { connection: drop, files: out.csv, mode: replace }
    map: { id: id, n: n }
`;

/** Of the other way: a.csv of the local folder becomes contacts.csv on the server, with a done file. */
export const upload = `version: 1
name: feed
streams:
  s:
    source: { connection: drop, files: "a.csv" }
    target: { connection: feed, files: contacts.csv, mode: replace, done_file: "{name}.done" }
    map: { id: id, n: n }
`;

export async function feed(quirks: Quirks, job = download): Promise<Fed> {
  await using server = await startQuirkyServer(quirks);
  const url = `sftp://user@127.0.0.1:${server.port}`;
  const connection = `{ type: sftp, url: "${url}", auth: { password: "\${FEED_PASSWORD}" }, host_key: "${server.hostKey}" }`;
  await using project = createProject({
    "connections.yaml": `version: 1\nconnections:\n  feed: ${connection}\n  drop: { type: file, path: ./in }\n`,
    "in/a.csv": "id,n\n1,Ann\n2,Bob\n",
    "job.yaml": job,
  });
  project.env["FEED_PASSWORD"] = quirkyPassword;
  const run = await project.run("run", "job.yaml");
  const written = project.list("in").includes("out.csv") ? project.read("in/out.csv") : undefined;
  return { run, written, left: server.files() };
}

export const people = "id,n\n1,Ann\n2,Bob\n";
