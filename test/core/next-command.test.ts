import { afterEach, expect, test } from "vitest";
import { rememberFlags, withGivenFlags } from "../../src/core/next-command.ts";

afterEach(() => rememberFlags({ program: [], run: [] }));

test("a command to run next has the flags that were given and that it takes, each once", () => {
  rememberFlags({ program: ["--env prod.env"], run: ["--sandbox", "--limit 10", "--yes"] });
  const cases: Record<string, string> = {
    "loadline run a.yaml": "loadline run --env prod.env --sandbox --limit 10 --yes a.yaml",
    "loadline run a.yaml --yes": "loadline run --env prod.env --sandbox --limit 10 a.yaml --yes",
    "loadline plan a.yaml shows it; then run again with --yes":
      "loadline plan --env prod.env --sandbox --limit 10 a.yaml shows it; then run again with --yes",
    "add it for --sandbox; or: loadline describe hubspot contacts":
      "add it for --sandbox; or: loadline describe --env prod.env --sandbox hubspot contacts",
    "loadline reconcile a.yaml --repair": "loadline reconcile --env prod.env a.yaml --repair",
    "loadline report latest": "loadline report --env prod.env latest",
    "loadline init --from a.csv": "loadline init --from a.csv",
  };
  for (const [said, told] of Object.entries(cases)) expect(withGivenFlags(said)).toBe(told);
});
