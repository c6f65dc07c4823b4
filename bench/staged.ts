// loadline as it is: the product's own way from the file to the batch files that would be sent, with its ledger, hashes,
// rejects and plan, against a target that answers from a file.
// Arguments: the delivery, a folder, the snapshot; `wide` for the job of sixty fields; `compare` for the one of twenty, which
// is measured from the end of staging to its plan; `reconcile` for a truth pass of that one, measured as a whole.

import { dirname, join } from "node:path";
import { Ledger } from "../src/checkpoint/ledger.ts";
import { openFileSource } from "../src/connectors/file/source.ts";
import { makePrivateFolder } from "../src/core/files.ts";
import { oneAtATime } from "../src/core/in-parallel.ts";
import { readJob } from "../src/job/read-job.ts";
import { defineFunctionsIn } from "../src/pipeline/compile/define-functions.ts";
import { planStream } from "../src/pipeline/plan-stream.ts";
import { tellDrift } from "../src/pipeline/reconcile/drift-files.ts";
import { Budget } from "../src/pipeline/run/budget.ts";
import { Engine } from "../src/stage/engine.ts";
import { openComparedTarget } from "./compare-data.ts";
import { measure } from "./measure.ts";
import { openSnapshotTarget } from "./snapshot-target.ts";
import { openWideTarget } from "./wide-target.ts";

const [delivery = "", folder = "", snapshot = "", which = "bench"] = process.argv.slice(2);

await measure(async (begin) => {
  const isPass = which === "reconcile";
  const job = readJob(join(import.meta.dirname, `${isPass ? "compare" : which}.yaml`));
  const [stream] = job.streams;
  if (stream === undefined) throw new Error("the job has no stream");
  using ledger = Ledger.open(folder);
  const run = ledger.startRun({
    id: "bench",
    job: job.name,
    jobHash: job.hash,
    jobFile: job.file,
    jobSha256: null,
    command: which === "compare" || isPass ? "plan" : "run",
    options: isPass ? { reconcile: {} } : {},
  });
  const spillFolder = join(folder, "spill");
  makePrivateFolder(spillFolder);
  using engine = await Engine.open({ folder: dirname(snapshot), spillFolder, fields: stream.fields.length });
  await defineFunctionsIn(engine, new Date(run.started), job.timezone, job);
  const place = { file: job.file, line: 1, column: 1 };
  const targets = new Map([["org", openTarget()]]);
  const budget = new Budget({ limits: {}, targets, resumeCommand: "", runCommand: "", startedMs: 0 });
  const { counts } = await planStream(
    {
      job,
      run,
      folder,
      ledger,
      engine,
      oneAtATime: oneAtATime(),
      sources: new Map([["vendor", openFileSource({ name: "vendor", path: dirname(delivery), place })]]),
      targets,
      keys: new Map(),
      budget,
      ways: new Map(),
      emit: (event) => {
        if (which === "compare" && event.type === "step-started" && event.step === "diff") begin();
      },
      signal: new AbortController().signal,
      isResumed: false,
    },
    stream,
  );
  if (isPass && counts !== null) return { updates: tellDrift(folder, stream.name, counts)?.left ?? 0 };
  return { updates: counts?.updates ?? 0 };
});

function openTarget() {
  if (which === "wide") return openWideTarget(dirname(snapshot));
  return which === "compare" || which === "reconcile" ? openComparedTarget(snapshot) : openSnapshotTarget(snapshot);
}
