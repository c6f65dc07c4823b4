import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { hidden, type PlanReport } from "../../src/report/plan.ts";
import { renderPlan } from "../../src/report/plan-view.ts";
import { displayWidth } from "../../src/report/visible-text.ts";
import { createOf, deleteOf, plain, planOf, streamOf, updateOf } from "./plans.ts";

/** The lines of a stream's changes: those that are indented by a sign or under one. */
function changesOf(plan: PlanReport, width = 100): string {
  const text = renderPlan(plan, { width, color: false });
  return text.slice(text.indexOf("unchanged\n") + "unchanged\n\n".length, text.indexOf("\n\nPlan:"));
}

const oneUpdate = { extracted: 2, updates: 1, unchanged: 1 };

describe("a plan", () => {
  test("shows counts, how the target was read, first changes, a total and the next command", () => {
    const plan = planOf([
      streamOf({ extracted: 18_204, filtered: 300, rejected: 12, creates: 210, updates: 1402, unchanged: 16_280 }, [
        createOf("V-1", { LastName: "Lovelace", Email: "ada@x.example" }),
        updateOf("V-22", { Phone: ["+49 30 1234", "+49 30 5678"], MailingCity: [null, "Berlin"], Fax: ["1", null] }),
      ]),
    ]);
    expect(renderPlan(plan, plain)).toBe(`plan  20261120-201455-contacts-7f3a

contacts → salesforce Contact
  upsert by Ext__c, org 00D1; present values: 1 keyed query
  writes: creates by collections

    18,204  extracted
       300  filtered    not taken: keep, --limit or --keys
        12  rejected    kept with the reason
  +    210  to create
  ~  1,402  to update
    16,280  unchanged

  + V-1  LastName: Lovelace  Email: ada@x.example
    … and 209 more to create

  ~ V-22  Phone        +49 30 1234 → +49 30 5678
          MailingCity  — → Berlin
          Fax          1 → —
    … and 1,401 more to update

Plan: 210 to create, 1,402 to update, 16,280 unchanged.
Rejects: 12 rows in /state/runs/20261120-201455-contacts-7f3a/rejects/contacts.csv
Next: loadline run jobs/contacts.yaml`);
  });

  test("with nothing to change says so and names no command", () => {
    const text = renderPlan(planOf([streamOf({ extracted: 3, unchanged: 3 }, [], { writes: null })]), plain);
    expect(text.split("\n").slice(5)).toEqual([
      "    3  extracted",
      "    3  unchanged",
      "",
      "Plan: 3 unchanged.",
      "Nothing to load: nothing in the target would change.",
    ]);
  });

  test("without a row says so", () => {
    expect(renderPlan(planOf([streamOf({})]), plain)).toContain("    0  extracted\n\nPlan: no rows.\n");
  });

  test("that a guard would stop says why and what to do instead of a run", () => {
    const objections = ["contacts: 412 rows rejected, at most 2 % of 18204 (rejects.max)"];
    const text = renderPlan(planOf([streamOf({ extracted: 1, creates: 1 })], { objections }), {
      width: 60,
      color: false,
    });
    expect(text.slice(text.indexOf("Plan:"))).toBe(`Plan: 1 to create.

A run of this plan would stop before it writes anything:
  ✗ contacts: 412 rows rejected, at most 2 % of 18204
    (rejects.max)

Next: mend the source or, if this is what you want, raise
      the limit in the job; then the same loadline plan
      again`);
  });

  test("counts warnings", () => {
    const text = renderPlan(planOf([streamOf({ extracted: 1, unchanged: 1 }, [], { warnings: 1 })]), plain);
    expect(text.replace(/\s+/g, " ")).toContain(
      "! 1 row with a warning: a rule of severity warn is not met, or a value has a consequence that is told",
    );
  });

  test("adds up its streams, deletes of mode mirror among them", () => {
    const streams = [
      streamOf({ extracted: 1, creates: 1 }, [createOf("A", {})], { name: "accounts" }),
      streamOf({ extracted: 2, creates: 1, unchanged: 1, mirrorDeletes: 3 }, [deleteOf("C", { LastName: "Old" })]),
    ];
    const text = renderPlan(planOf(streams), plain);
    expect(text).toContain("Plan: 2 to create, 3 to delete, 1 unchanged.");
    expect(text).toContain("  - 3  to delete   no longer in the source");
    expect(text).toContain("  - C  LastName: Old\n    … and 2 more to delete");
  });
});

describe("a changed value", () => {
  test("that is blank, hidden, or looks like it, can be told apart", () => {
    const fields = { A: [null, ""], B: ["—", "•••"], C: [hidden, null], D: [" x", "x"] } as const;
    expect(changesOf(planOf([streamOf(oneUpdate, [updateOf("K", { ...fields } as never)])]))).toBe(
      ['  ~ K  A  — → ""', '       B  "—" → "•••"', "       C  ••• → —", '       D  " x" → x'].join("\n"),
    );
  });

  test("that is long is cut so that the difference is seen, one side below the other", () => {
    const start = "Key account since 2019; do not call before ten o'clock, ask for Mrs Brown in ";
    const update = updateOf("K", { Description: [`${start}Hamburg, please`, `${start}München, please`] });
    expect(changesOf(planOf([streamOf(oneUpdate, [update])]), 60)).toBe(
      ["  ~ K  Description    …Brown in Hamburg, please", "                    → …Brown in München, please"].join("\n"),
    );
  });

  test("that is long and differs early is cut at its end", () => {
    const update = updateOf("K", { Note: [`old ${"x".repeat(200)}`, `new ${"x".repeat(200)}`] });
    expect(changesOf(planOf([streamOf(oneUpdate, [update])]), 40)).toBe(
      [`  ~ K  Note    old ${"x".repeat(20)}…`, `             → new ${"x".repeat(20)}…`].join("\n"),
    );
  });

  test("in right-to-left script stands in a line of its own, so that a terminal can't swap the sides", () => {
    expect(changesOf(planOf([streamOf(oneUpdate, [updateOf("K", { Name: ["שלום", "עולם"] })])]))).toBe(
      "  ~ K  Name    שלום\n             → עולם",
    );
  });

  test("keeps its columns beside wide characters and emoji", () => {
    const changes = [updateOf("東京", { Name: ["a", "👩‍👩‍👧‍👦"] }), updateOf("V-100", { Name: ["b", "c"] })];
    expect(changesOf(planOf([streamOf({ extracted: 3, updates: 2, unchanged: 1 }, changes)]))).toBe(
      "  ~ 東京   Name  a → 👩‍👩‍👧‍👦\n  ~ V-100  Name  b → c",
    );
  });

  test("can't move the cursor or start a line", () => {
    const update = updateOf("K\u001b[2J", { "F\n": ["a\r\nPlan: 0 to delete.", "\u001b]0;owned\u0007b"] });
    expect(changesOf(planOf([streamOf(oneUpdate, [update])]))).toBe(
      "  ~ K␛[2J  F↵  a␍↵Plan: 0 to delete. → ␛]0;owned␇b",
    );
  });

  test("that the job redacts is hidden, in whatever case it is named, and stays blank where it is blank", () => {
    const changes = [updateOf("K", { Email: ["a@x.example", "b@x.example"], Phone: [null, "1"] })];
    const stream = streamOf(oneUpdate, changes, { redact: ["email", "Phone"] });
    expect(changesOf(planOf([stream]))).toBe("  ~ K  Email  ••• → •••\n       Phone  — → •••");
  });

  test("that is the redacted key names no record: its id does, if it has one", () => {
    const changes = [createOf("a@x.example", { LastName: "A" }), updateOf("b@x.example", { LastName: ["B", "C"] })];
    const counts = { extracted: 3, creates: 1, updates: 1, unchanged: 1 };
    const stream = streamOf(counts, changes, { key: ["Email"], redact: ["Email"] });
    expect(changesOf(planOf([stream]))).toBe("  + •••  LastName: A\n\n  ~ 003A  LastName  B → C");
  });
});

describe("a record", () => {
  test("that is new takes two lines and says how many fields are left out", () => {
    const values = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`Field_${index}__c`, "some value"]));
    expect(changesOf(planOf([streamOf({ extracted: 2, creates: 1, unchanged: 1 }, [createOf("K", values)])]), 80)).toBe(
      [
        "  + K  Field_0__c: some value  Field_1__c: some value  Field_2__c: some value",
        "       Field_3__c: some value  Field_4__c: some value  Field_5__c: some value",
        "       … and 3 more fields",
      ].join("\n"),
    );
  });

  test("of which much changes shows twelve fields", () => {
    const fields = Object.fromEntries(Array.from({ length: 15 }, (_, index) => [`F${index}`, ["a", "b"]] as const));
    const lines = changesOf(planOf([streamOf(oneUpdate, [updateOf("K", { ...fields } as never)])])).split("\n");
    expect(lines).toHaveLength(13);
    expect(lines.at(-1)).toBe("       … and 3 more fields");
  });
});

describe("colours", () => {
  const plan = planOf([streamOf({ extracted: 1, creates: 1 }, [createOf("K", { A: "1" })])]);

  test("mark what is created", () => {
    expect(renderPlan(plan, { width: 100, color: true })).toContain("\u001b[32m  + 1  to create \u001b[39m");
  });

  test("are absent where they are not wanted", () => {
    expect(renderPlan(plan, plain)).not.toContain("\u001b");
  });
});

const anyText = fc.oneof(fc.string({ unit: "binary", maxLength: 80 }), fc.string({ unit: "grapheme", maxLength: 80 }));
const anyValue = fc.option(anyText);
const anyChange = fc.record({
  action: fc.constantFrom("create" as const, "update" as const, "delete" as const),
  key: anyValue,
  id: fc.option(fc.string()),
  fields: fc.array(fc.record({ field: anyText, before: anyValue, after: anyValue }), { maxLength: 14 }),
});

test("no line of a plan is wider than the screen, or holds a control character, whatever the records hold", () => {
  fc.assert(
    fc.property(
      fc.array(anyChange, { maxLength: 6 }),
      fc.array(anyText, { maxLength: 2 }),
      fc.integer({ min: 40, max: 160 }),
      (changes, objections, width) => {
        const streams = [
          streamOf({ extracted: 99, creates: 50, updates: 49, rejected: 0 }, changes, { how: objections[0] ?? null }),
        ];
        const text = renderPlan(planOf(streams, { objections, next: "loadline run a.yaml" }), {
          width,
          color: false,
        });
        for (const line of text.split("\n")) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u);
      },
    ),
  );
});
