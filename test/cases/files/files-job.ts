// A job from files to a file, for the cases of this folder and its neighbours.

import { createProject, type Project } from "../../support/rig.ts";

export const connections = "version: 1\nconnections:\n  drop: { type: file, path: ./inbox }\n";

export interface FileJob {
  /** As YAML: `{ type: json }`. */
  format?: string;
  map: Record<string, string>;
  rejectsMax?: string;
  /** Of the file that is written. */
  written?: string;
}

/** A job that writes out.jsonl from files of a name. */
export function fileJob(
  files: string,
  { format = "{}", map, rejectsMax = "100%", written = "{ type: jsonl }" }: FileJob,
): string {
  return `version: 1
name: files
streams:
  s:
    source: { connection: drop, files: "${files}", format: ${format} }
    target: { connection: drop, files: out.txt, mode: replace, format: ${written} }
    map: ${JSON.stringify(map)}
rejects: { max: ${rejectsMax} }
`;
}

export interface FileRun {
  code: number | null;
  stderr: string;
  /** Counts of the stream; none where the run did not come so far. */
  counts: Record<string, number>;
  rows: Record<string, string | null>[];
  rejects: string;
}

/** Runs `job.yaml` of a project: what was written, and what was refused. */
export async function runFiles(project: Project): Promise<FileRun> {
  const run = await project.run("run", "job.yaml", "--json");
  const [folder] = project.runFolders().slice(-1);
  const written = project.list("inbox").includes("out.txt") ? project.read("inbox/out.txt") : "";
  const isSummary = /^\{.*\}\n$/.test(run.stdout);
  const streams = isSummary ? (run.summary() as { streams?: Record<string, object> }).streams : undefined;
  const rejects = folder === undefined ? [] : project.list(`${folder.slice(project.folder.length + 1)}/rejects`);
  return {
    code: run.code,
    stderr: `${run.stderr}${isSummary ? "" : run.stdout}`,
    counts: (streams?.["s"] ?? {}) as Record<string, number>,
    rows: written.startsWith("{")
      ? written
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as Record<string, string | null>)
      : [],
    rejects: rejects.includes("s.csv") ? project.read(`${folder?.slice(project.folder.length + 1)}/rejects/s.csv`) : "",
  };
}

export function fileProject(files: Record<string, string | Uint8Array>): Project {
  const inbox = Object.fromEntries(
    Object.entries(files).map(([name, text]) => [name.includes(".yaml") ? name : `inbox/${name}`, text]),
  );
  return createProject({ "connections.yaml": connections, ...inbox });
}
