// The files of a run that is gone on with: plan, batches, results and parts. In: the ledger and the run folder. Out: a
// Failure that names one that is another than was written, before a row is sent. What is missing is told where it is
// needed.

import { existsSync } from "node:fs";
import { join, sep } from "node:path";
import type { Ledger, StreamRecord } from "../../checkpoint/ledger.ts";
import { resultsPath } from "../batches/batch-files.ts";
import { keptFolder } from "../run/kept-file.ts";
import { type RunFile, verifyRunFile } from "../run/run-files.ts";

/** What was not planned yet is extracted again where it is damaged, and is not looked at. */
export async function refuseChangedFiles(ledger: Ledger, run: string, folder: string): Promise<void> {
  const streams = ledger.streams(run).filter(({ state }) => state === "planned" || state === "loading");
  const files = streams.flatMap((stream) => listFiles(ledger, folder, stream));
  for (const file of files.filter(({ path }) => existsSync(path))) await verifyRunFile(file);
}

function listFiles(ledger: Ledger, folder: string, stream: StreamRecord): RunFile[] {
  const { run, name, plan, planSha256 } = stream;
  const batches = ledger.batches(run, name);
  const planned = plan === null || planSha256 === null ? [] : [{ what: "the plan", path: plan, sha256: planSha256 }];
  // What was decrypted goes with the stage, and is made anew.
  const parts = ledger.parts(run, name).filter(({ path }) => !path.startsWith(`${folder}${sep}stage${sep}`));
  const inserted = ledger.insertedBy(run).filter((one) => one.stream === name);
  const files = [
    ...planned,
    ...inserted.map(({ file, sha256 }) => ({
      what: "the list of inserts",
      path: join(keptFolder({ folder }, "inserted"), file),
      sha256,
    })),
    ...parts.map(({ label, path, sha256 }) => ({ what: `the copy of ${label}`, path, sha256 })),
    ...batches.map(({ number, path, sha256 }) => ({ what: `batch ${number}`, path, sha256 })),
    ...batches.flatMap((batch) =>
      batch.resultsSha256 === null
        ? []
        : [
            {
              what: `the results of batch ${batch.number}`,
              path: resultsPath({ folder }, batch),
              sha256: batch.resultsSha256,
            },
          ],
    ),
  ];
  return files.map((file) => ({ ...file, run, what: `${file.what} of stream ${name}` }));
}
