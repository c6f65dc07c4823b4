// What `guess` makes of a file, for the cases of this folder: the job that it writes is run.

import { parse } from "yaml";
import { createProject } from "../../support/rig.ts";
import { connections } from "../files/files-job.ts";

export interface Guessed {
  format: Record<string, unknown>;
  map: Record<string, string>;
  doubts: string[];
  /** What a run of it writes: the header and the records. */
  written: string[];
}

/** `exit`: of the run; 3 where records are rejects. */
export async function guessFile(name: string, bytes: string | Uint8Array, exit = 0): Promise<Guessed> {
  await using project = createProject({ "connections.yaml": connections, [`inbox/${name}`]: bytes });
  const guess = await project.run("guess", `inbox/${name}`);
  if (guess.code !== 0) throw new Error(guess.stderr);
  project.write({ "job.yaml": guess.stdout });
  const { code, stdout, stderr } = await project.run("run", "job.yaml");
  if (code !== exit) throw new Error(`${stdout}${stderr}\n${guess.stdout}`);
  const job = parse(guess.stdout) as {
    streams: Record<string, { source: Pick<Guessed, "format">; target: { files: string } } & Pick<Guessed, "map">>;
  };
  const [stream] = Object.values(job.streams);
  if (stream === undefined) throw new Error("no stream");
  return {
    format: stream.source.format,
    map: stream.map,
    doubts: guess.stdout.split("\n").filter((line) => line.startsWith("# in doubt: ")),
    written: project.read(`inbox/${stream.target.files}`).trimEnd().split("\n"),
  };
}
