import { expect, test } from "vitest";
import { openLoad, resume, runJob } from "../crash/load.ts";
import { useLane } from "./lane.ts";

const sent = 60;
const oneBatch = 100;
const locked =
  "UNABLE_TO_LOCK_ROW:unable to obtain exclusive access to this record or 1 records: 003000000000001AAA:--";
const jobs = "/services/data/*/jobs/ingest";

const lane = useLane();

function lockRows(...nth: number[]): Promise<void> {
  return lane.sandbox.setFaults([{ match: "row Contact", nth, do: { rowError: locked } }]);
}

async function rowsOfJobs(): Promise<number[]> {
  return (await lane.sandbox.jobs()).map((job) => Number(job["recordsProcessed"]));
}

const clean = { lost: [], doubled: [], wrong: [], counts: [] };

test("rows that the org could not lock are sent again, only they, in a batch of their own", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await lockRows(3, 20, 41);
  const last = await load.run(runJob);
  expect(last.code, last.stderr).toBe(0);
  expect(last.stderr).toContain("3 rows locked: sent again in batch 2");
  expect(await rowsOfJobs()).toEqual([sent, 3]);
  expect(await load.judge({ replanned: false, untaken: 3, last })).toEqual(clean);
  const shown = await load.run(["show", last.summary().run ?? ""]);
  expect(shown.stdout).toContain("3 rows locked: sent again in batch 2");
});

test("a lock that a trigger of the org met counts as one", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  const nested =
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY:CountContacts: execution of AfterInsert caused by: System.DmlException: Update failed. First exception on row 0; first error: UNABLE_TO_LOCK_ROW, unable to obtain exclusive access to this record: []:--";
  await lane.sandbox.setFaults([{ match: "row Contact", nth: [9], do: { rowError: nested } }]);
  const last = await load.run(runJob);
  expect(last.code, last.stderr).toBe(0);
  expect(await load.judge({ replanned: false, untaken: 1, last })).toEqual(clean);
});

test("rows that stay locked are sent six times in all, and are rejects with the org's words then", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await lane.sandbox.setFaults([{ match: "row Contact", do: { rowError: locked } }]);
  const last = await load.run(runJob);
  expect(last.code).toBe(3);
  expect(last.summary().streams["contacts"]).toMatchObject({ creates: sent, loaded: 0, failed: sent, inDoubt: 0 });
  expect(await rowsOfJobs()).toEqual([sent, sent, sent, sent, sent, sent]);
  const [folder = ""] = load.project.list(".loadline/runs");
  const rejects = load.project.read(`.loadline/runs/${folder}/rejects/contacts.csv`);
  expect(rejects.match(/UNABLE_TO_LOCK_ROW: unable to obtain exclusive access/g)).toHaveLength(sent);
});

test("a row that was locked and is refused afterwards is one reject, with the last reason", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  await lane.sandbox.setFaults([
    { match: "row Contact", nth: [5, 6], do: { rowError: locked } },
    {
      match: "row Contact",
      nth: [sent + 1],
      do: { rowError: "FIELD_CUSTOM_VALIDATION_EXCEPTION:not today:LastName --" },
    },
  ]);
  const last = await load.run(runJob);
  expect(last.code, last.stderr).toBe(0);
  expect(last.summary().streams["contacts"]).toMatchObject({ creates: sent, loaded: sent - 2, failed: 2, inDoubt: 0 });
  const [folder = ""] = load.project.list(".loadline/runs");
  const rejects = load.project.read(`.loadline/runs/${folder}/rejects/contacts.csv`);
  expect(rejects.match(/not today/g)).toHaveLength(1);
  expect(rejects).not.toContain("UNABLE_TO_LOCK_ROW");
});

test("what a job left that failed for too many locks is sent again, what it loaded is not", async () => {
  await using load = await openLoad(lane, "insert", oneBatch);
  // The org never hears of the closing call, and answers for a job that has inserted one row, lost one, and left the rest.
  const message = "TooManyLockFailure : Too many lock failures while processing the current batch.";
  const csv = { "Content-Type": "text/csv" };
  const rest = Array.from({ length: 62 }, (_, index) => `id-${index}`).filter(
    (key) => !["id-30", "id-61", "id-0", "id-1"].includes(key),
  );
  const answers: [string, object][] = [
    [`PATCH ${jobs}/*`, { status: 200, body: { state: "UploadComplete" } }],
    [`GET ${jobs}/*`, { status: 200, body: { state: "Failed", errorMessage: message, numberRecordsProcessed: 2 } }],
    [
      `GET ${jobs}/*/successfulResults`,
      { status: 200, headers: csv, body: '"sf__Id","sf__Created",Ref__c\n"003000000000001AAA","true","id-0"\n' },
    ],
    [
      `GET ${jobs}/*/failedResults`,
      { status: 200, headers: csv, body: `"sf__Id","sf__Error",Ref__c\n"","${locked}","id-1"\n` },
    ],
    [`GET ${jobs}/*/unprocessedrecords`, { status: 200, headers: csv, body: `Ref__c\n${rest.join("\n")}\n` }],
  ];
  await lane.sandbox.setFaults(answers.map(([match, action]) => ({ match, nth: [1], do: action })));
  const last = await load.run(runJob);
  expect(last.code, last.stderr).toBe(0);
  expect(last.stderr).toContain(`${sent - 1} rows locked: sent again in batch 2`);
  expect(last.summary().streams["contacts"]).toMatchObject({ creates: sent, loaded: sent - 1, failed: 1, inDoubt: 0 });
  const keys = (await lane.sandbox.dump("Contact")).map((record) => record["Ref__c"]);
  expect(keys).not.toContain("id-0");
  expect(keys).toHaveLength(sent - 2);
  expect(new Set(keys).size).toBe(sent - 2);
});

/** Two batches of the plan, each with a row that is locked, and the two that these rows are sent again in. */
const batchRows = 31;
const kills = [
  [runJob, "stored:1"],
  [resume, "parted:1"],
  [runJob, "parted:2"],
  [resume, "handle:1"],
  [runJob, "stored:2"],
  [resume, "settled:1"],
] as const;

test("killed again and again around rows that were locked, a run that is taken up by resume and by run loses and doubles none", async () => {
  await using load = await openLoad(lane, "insert", batchRows);
  await lockRows(10, 33);
  for (const [command, failpoint] of kills) {
    const killed = await load.run(command, { LOADLINE_FAILPOINT: failpoint });
    expect(killed.signal, `${failpoint}: ${killed.stderr}`).toBe("SIGKILL");
  }
  const last = await load.run(resume);
  expect(last.code, last.stderr).toBe(0);
  // Jobs that were given up for another had no row.
  expect((await rowsOfJobs()).filter((rows) => rows > 0).sort()).toEqual([1, 1, 29, 31]);
  expect(await load.judge({ replanned: false, untaken: 2, last })).toEqual(clean);
});
