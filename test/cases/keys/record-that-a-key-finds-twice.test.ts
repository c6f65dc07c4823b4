import { expect } from "vitest";
import { contactsJob, rehearse } from "../../run/support.ts";
import { caseOf } from "../case.ts";

interface ShownStream {
  conflicts: string | null;
  unmatched: string | null;
  duplicates: string | null;
  rejects: string | null;
}

const map = "      Loose__c: no\n      LastName: name";
const loose = contactsJob({ map, stream: "    dedupe: { by: [LastName], keep: last }" }).replace(
  "key: Ext__c",
  "key: Loose__c",
);

caseOf(
  "keys/record-that-a-key-finds-twice",
  "the row of a conflict is named, with the records that it fits",
  async () => {
    await using place = await rehearse(loose, {
      "inbox/contacts.csv": "no,name,town\nL1,Anker,Ulm\nL2,Bolt,Bonn\nL3,Bolt,Jena\n",
      "silent.yaml": loose.replace("rejects: { max: 100% }", ""),
      "none.yaml": loose.replace("100%", "0"),
    });
    const { project, sandbox } = place;
    const ids: string[] = [];
    // One is as the row would have it: that does not make it the row's.
    for (const LastName of ["Anker", "Anker dup"]) {
      const made = await sandbox.api("POST", "sobjects/Contact", { LastName, Loose__c: "L1" });
      ids.push((made.body as { id: string }).id);
    }

    const plan = await project.run("plan", "job.yaml");
    expect(plan.stdout).toMatch(/Conflicts: 1 row in .*conflicts\/contacts\.csv/);
    const stopped = await project.run("plan", "none.yaml", "--json");
    expect([stopped.code, stopped.summary().stops]).toEqual([
      4,
      ["contacts: 1 row in conflict, at most 0 (rejects.max)"],
    ]);

    const done = await project.run("run", "job.yaml", "--json");
    expect(done.code).toBe(0);
    const { run, streams } = done.summary();
    expect(streams["contacts"]).toMatchObject({ extracted: 3, duplicates: 1, conflicts: 1, creates: 1, loaded: 1 });
    const shown = JSON.parse((await project.run("show", String(run), "--json")).stdout) as { streams: ShownStream[] };
    const { conflicts, duplicates, unmatched, rejects } = shown.streams[0] ?? ({} as ShownStream);
    expect([unmatched, rejects]).toEqual([null, null]);
    const read = (path: string | null) => project.read(String(path).slice(project.folder.length + 1));
    expect(read(conflicts)).toBe(
      `no,name,town,loadline_error,loadline_key,loadline_ids,loadline_record\nL1,Anker,Ulm,the key finds 2 records,L1,${ids.sort().join(" ")},1\n`,
    );
    expect(read(duplicates)).toContain(
      'L2,Bolt,Bonn,"has the LastName of another row, which counts (dedupe.keep: last)",L2,,2\n',
    );
    expect((await project.run("show", String(run))).stdout).toMatch(/conflicts: .*conflicts\/contacts\.csv/);

    // Where the job does not say how many rows may stay away, the load is done and no success.
    const silent = await project.run("run", "silent.yaml", "--json");
    expect([silent.code, silent.summary().status]).toEqual([3, "partial"]);
    expect(silent.stderr).toContain("1 row in conflict");

    const update = loose.replace("mode: upsert", "mode: update");
    project.write({ "update.yaml": update, "inbox/contacts.csv": "no,name,town\nL3,Bolt,Jena\nL9,New,Köln\n" });
    const updated = (await project.run("run", "update.yaml", "--json")).summary();
    expect(updated.streams["contacts"]).toMatchObject({ unmatched: 1, unchanged: 1 });
    expect(project.read(`.loadline/runs/${updated.run}/unmatched/contacts.csv`)).toContain(
      "L9,New,Köln,no record has this key,L9,,2\n",
    );
  },
);
