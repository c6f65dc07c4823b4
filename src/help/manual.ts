// What `--help` says of a command below its options. In: the command's name. Out: its examples and exit codes, as text.
// Must hold: every command that is listed has both; what they mean is read from docs/.
//
// A new command is a line of `manuals` here, beside its `program.command(…)` in cli.ts and its section in docs/commands.md;
// test/docs.test.ts holds that each has one, and that its examples are commands that the program takes.

import { readDocument } from "../documents.ts";
import { renderPage, rowsOf, sectionOf } from "./pages.ts";

interface Manual {
  /** A command as it is typed, without `loadline`, and what it is for. */
  examples: readonly (readonly [command: string, what: string])[];
  /** Those that it can end with, beside 0 and 2. */
  exitCodes: readonly number[];
}

const ofRuns = [1, 3, 4, 5, 6, 8, 75, 130, 143];
const ofSystems = [1, 8, 75];

/** By name; `connections test` is its own. */
export const manuals: Readonly<Record<string, Manual>> = {
  plan: {
    examples: [
      ["plan jobs/contacts.yaml", "what a load would change"],
      ["plan jobs/contacts.yaml --sandbox", "the same against a Salesforce on this machine"],
      ["plan jobs/*.yaml --limit 100 --json", "a small one of each job, for a script"],
      ["plan jobs/contacts.yaml --all", "every change, not only the first ones"],
      ["plan jobs/contacts.yaml --format markdown", "for a pull request"],
      ["plan jobs/contacts.yaml --out c.plan --encrypt-to ann.asc", "one file, which only Ann can read"],
      ["plan jobs/contacts.yaml --detailed-exitcode", "10 where there is something to load"],
    ],
    exitCodes: [1, 4, 8, 10, 75, 130, 143],
  },
  run: {
    examples: [
      ["run jobs/contacts.yaml --limit 10 --yes", "a small load first, also into a protected connection"],
      ["run jobs/contacts.yaml", "plan and load: what cron runs"],
      ["--env prod.env run jobs/contacts.yaml --yes", "the same job into another org"],
      ["run jobs/contacts.yaml --keys late.txt", "only the rows with these keys"],
    ],
    exitCodes: ofRuns,
  },
  apply: {
    examples: [
      ["apply latest", "write the newest plan"],
      ["apply contacts.plan", "the plan in a file that plan --out wrote"],
      ["apply contacts.plan --decrypt-with ci-private.asc", "one that is encrypted"],
      ["apply 20261120-201455-contacts-7f3a --on-conflict fail", "nothing, where one of its records changed since"],
      ["apply 20261120-201455-contacts-7f3a --max-age 7d --yes", "an older one, also into a protected connection"],
    ],
    exitCodes: [1, 3, 4, 5, 6, 7, 8, 75, 130, 143],
  },
  approve: {
    examples: [
      ["approve contacts.plan --by Ann --note 'CHG-1742'", "the plan in a file, for an apply in CI"],
      ["approve latest --guard guards.deletes", "more deletes than the job allows, this once"],
    ],
    exitCodes: [1, 6, 7],
  },
  rollback: {
    examples: [
      ["rollback latest", "what taking the newest run back would change"],
      ["rollback 20261120-201455-contacts-7f3a --yes", "take it back"],
      ["rollback latest --out back.plan", "as a plan that somebody approves and another machine applies"],
      ["rollback latest --fields Email --keys wrong.txt --yes", "one field of some records"],
    ],
    exitCodes: ofRuns,
  },
  conflicts: {
    examples: [
      ["conflicts jobs/hubspot-to-salesforce.yaml", "what both sides changed, field by field"],
      ["conflicts jobs/hubspot-to-salesforce.yaml --take ours --keys mine.txt", "the source's value counts, of these"],
    ],
    exitCodes: [1, 6],
  },
  reconcile: {
    examples: [
      ["reconcile jobs/contacts.yaml", "what differs between source and target"],
      ["reconcile jobs/*.yaml --json", "of all jobs, for a script: 10 where something does"],
      ["reconcile jobs/contacts.yaml --sample 5%", "a daily look at a part of the keys, another one each day"],
      ["reconcile jobs/contacts.yaml --repair --yes", "load the difference, also into a protected connection"],
    ],
    exitCodes: [1, 3, 4, 5, 6, 8, 10, 75, 130, 143],
  },
  resume: {
    examples: [
      ["resume", "go on with the last run that has not ended"],
      ["resume --plan", "first see what that would do"],
      ["resume 20261120-201455-contacts-7f3a --in-doubt landed", "writes in doubt have arrived: a person has looked"],
      ["resume --in-doubt not-landed --keys lost.txt", "these have not"],
    ],
    exitCodes: ofRuns,
  },
  abandon: {
    examples: [
      ["abandon 20261120-201455-contacts-7f3a", "what has landed, and what is in doubt"],
      ["abandon 20261120-201455-contacts-7f3a --yes", "give it up"],
    ],
    exitCodes: [4, 6],
  },
  check: {
    examples: [
      ["check jobs/*.yaml", "compare all jobs with the orgs that they load"],
      ["check jobs/*.yaml --sandbox", "without any account, in CI say"],
      ["check jobs/contacts.yaml --watch", "again each time it is saved"],
    ],
    exitCodes: ofSystems,
  },
  test: {
    examples: [
      ["test jobs/*.yaml", "the tests of all jobs"],
      ["test jobs/contacts.yaml --verbose", "with those that pass"],
      ["test jobs/*.yaml --junit results.xml", "for a CI server"],
      ["test jobs/contacts.yaml --watch", "again at each save of the job"],
      ["test jobs/contacts.yaml --update", "write what came into what is expected, and look at the diff"],
      ["test --from-run latest --row 17", "a test made from a row of the last run, to put into the job"],
    ],
    exitCodes: [1],
  },
  preview: {
    examples: [
      ["preview jobs/contacts.yaml", "the first 20 rows, as they come and as they would be written"],
      ["preview jobs/contacts.yaml --where \"country = 'DE'\" --limit 5", "of those that are German"],
      ["preview jobs/contacts.yaml --sandbox --json", "without an account, for a script"],
    ],
    exitCodes: ofSystems,
  },
  profile: {
    examples: [
      ["profile inbox/contacts.csv", "the columns of a file"],
      ["profile salesforce Contact", "the fields of an object"],
      ["profile hubspot contacts --sandbox --json", "of the sandbox, for a script"],
      ["profile inbox/accounts.csv --near-duplicates", "rows that may be of one company"],
    ],
    exitCodes: ofSystems,
  },
  init: {
    examples: [
      ["init", "ask which systems"],
      ["init feeds --source file --target salesforce --yes", "ask nothing, write into feeds/"],
      ["init --from feed.csv --into salesforce:Contact", "map the columns of a file"],
      ["init --source postgres --target salesforce", "from a table of a database"],
    ],
    exitCodes: [1],
  },
  guess: {
    examples: [
      ["guess inbox/accounts.csv", "a job for a file"],
      ["guess 'inbox/accounts_*.csv'", "for files that are alike"],
      ["guess crm:public.orders --into salesforce:Opportunity", "for a table of the connection crm"],
    ],
    exitCodes: ofSystems,
  },
  rejects: {
    examples: [
      ["rejects latest", "what the last run did not load, by reason"],
      ["rejects latest --export mend.csv", "the rows, for somebody who mends them"],
      ["rejects latest --retry mend.csv", "and loads them"],
      ["rejects latest --drop --reason 'test accounts of the vendor'", "they are not to be loaded"],
      ["rejects --job contacts-nightly", "what is open over all runs of a job"],
    ],
    exitCodes: [1, 3, 4, 5, 6, 8, 75, 130, 143],
  },
  runs: {
    examples: [
      ["runs", "the history, newest first"],
      ["runs --status failed,killed --since 7d", "what went wrong this week"],
      ["runs --html --out runs.html", "the history as a page"],
    ],
    exitCodes: [1],
  },
  show: {
    examples: [
      ["show latest", "the last run: what it did, what was rejected, why it stopped"],
      ["show 20261120-2014", "the one whose id begins so"],
      ["show --job contacts", "the last one of a job"],
      ["show latest --changes --csv", "every change of its plan, as CSV"],
      ["show contacts.plan --format html --format-out plan.html", "the plan in a file, as a page"],
    ],
    exitCodes: [1],
  },
  report: {
    examples: [
      ["report latest", "writes report.html into the run folder of the last run"],
      ["report 20261120-201455 --out run.html", "of the run whose id begins so, into a file"],
    ],
    exitCodes: [1],
  },
  describe: {
    examples: [
      ["describe salesforce 'Acc*'", "objects that are called so"],
      ["describe salesforce Contact", "its fields"],
      ["describe hubspot contacts --sandbox --json", "the sandbox's, as JSON"],
    ],
    exitCodes: ofSystems,
  },
  connections: { examples: [["connections", "names and types of all"]], exitCodes: [1] },
  "connections test": {
    examples: [
      ["connections test", "sign in to all"],
      ["connections test salesforce", "to one"],
    ],
    exitCodes: ofSystems,
  },
  "connections prepare": {
    examples: [
      ["connections prepare warehouse", "make loadline.batch, as the connection's own role"],
      ["connections prepare warehouse --print", "the statements, for an administrator to run"],
    ],
    exitCodes: [0, 1, 2, 8, 75],
  },
  "connections pin": {
    examples: [["connections pin vendor", "the key of an SFTP server, to be compared and written down"]],
    exitCodes: ofSystems,
  },
  notify: {
    examples: [["notify test jobs/contacts.yaml", "send a test message to all whom the job tells"]],
    exitCodes: [1],
  },
  "notify test": {
    examples: [["notify test jobs/*.yaml", "a test message to each receiver of each job"]],
    exitCodes: [1],
  },
  completion: {
    examples: [["completion bash", "the script, to be kept where bash looks for completions"]],
    exitCodes: [],
  },
  doctor: {
    examples: [
      ["doctor", "what is wrong, and what to do"],
      ["doctor --offline", "without asking a system"],
    ],
    exitCodes: [1],
  },
  state: {
    examples: [
      ["state show", "watermarks, and what is remembered"],
      ["state export loadline.state", "for a machine that goes"],
    ],
    exitCodes: [1, 4, 6],
  },
  "state export": {
    examples: [["state export loadline.state", "after each run, whatever its exit code"]],
    exitCodes: [1, 4, 6],
  },
  "state import": {
    examples: [["state import loadline.state", "before the first run on a new machine"]],
    exitCodes: [1, 4, 6],
  },
  "state show": { examples: [["state show contacts --json", "of one job, for a script"]], exitCodes: [1] },
  "state set": {
    examples: [["state set contacts people --watermark 2026-01-31T08:00:00Z", "take again what changed since then"]],
    exitCodes: [1, 4, 6],
  },
  "state purge": { examples: [["state purge --older-than 30d", "folders of old runs"]], exitCodes: [1, 6] },
  schema: {
    examples: [
      ["schema job --write", "where the editor line of a job looks, with the names of the org"],
      ["schema job --write --sandbox", "the names of a local sandbox"],
    ],
    exitCodes: [1],
  },
  "schema diff": {
    examples: [
      ["schema diff jobs/contacts.yaml", "what is other in source and target than the last run kept"],
      ["schema diff jobs/contacts.yaml --json", "the same for a script"],
    ],
    exitCodes: ofSystems,
  },
  sandbox: {
    examples: [
      ["sandbox", "serve until Ctrl-C"],
      ["sandbox --data ./org --schema sandbox.yaml", "keep its records, with custom fields"],
    ],
    exitCodes: [1, 130, 143],
  },
  version: { examples: [["version --json", "with that of Node, for a bug report"]], exitCodes: [] },
  help: {
    examples: [
      ["help exit-codes", "what the codes mean"],
      ["help split_part", "a function"],
      ["help source.format", "keys of a job file"],
      ["help run", "a command"],
    ],
    exitCodes: [],
  },
};

const width = 100;

/** Undefined for a command that is no command yet. */
export function manualOf(name: string): string | undefined {
  const manual = manuals[name];
  if (manual === undefined) return;
  const longest = Math.max(...manual.examples.map(([command]) => command.length));
  const examples = manual.examples.map(([command, what]) => `  loadline ${command.padEnd(longest)}  ${what}`);
  return `Examples:\n${examples.join("\n")}\n\nExit codes:\n${tellExitCodes([0, 2, ...manual.exitCodes])}`;
}

function tellExitCodes(codes: readonly number[]): string {
  const rows = rowsOf(sectionOf(readDocument("commands.md"), "Exit codes"));
  const told = rows.filter(([code]) => codes.includes(Number(code)));
  return told
    .map(
      ([code = "", meaning = ""]) =>
        `  ${code.padEnd(4)} ${renderPage(meaning, width - 8).replaceAll("\n", "\n       ")}`,
    )
    .join("\n");
}
