// What stands around the jobs of a project: what git leaves out, a workflow for GitHub Actions, a line for cron.

import { quoteForShell } from "../../core/next-command.ts";

export const ignored = [".env", ".loadline/"];

/** Where the program lies that writes them, and what it is run by. */
export interface ProgramPlace {
  node: string;
  program: string;
  version: string;
}

/**
 * Checks every job of a branch against a sandbox, which wants no secret.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
 */
export function writeWorkflow({ version }: ProgramPlace, isLocked: boolean): string {
  const install = isLocked ? "npm ci" : `npm install --no-save loadline@${version}`;
  return `# Checks the jobs against a sandbox whenever they change: no org is asked, and no secret is needed.
name: loadline
on:
  push:
  pull_request:
permissions:
  contents: read
jobs:
  check:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v5
        with:
          node-version: 24
      - run: ${install}
      - run: npx loadline check jobs/*.yaml --sandbox
      - run: npx loadline plan jobs/*.yaml --sandbox
`;
}

/**
 * Cron mails what a command prints: here that is the log of a run that did not end well. A % would end the command.
 * https://manpages.debian.org/bookworm/cron/crontab.5.en.html
 */
export function writeCrontab({ node, program }: ProgramPlace, folder: string, job: string): string {
  const run = `${quoteForShell(node)} ${quoteForShell(program)} run ${job} --yes`;
  const line = `15 2 * * * cd ${quoteForShell(folder)} && { ${run} >.loadline/cron.log 2>&1 || cat .loadline/cron.log; }`;
  return `# Every night at 2:15, with the variables of .env; what fails is mailed. Written for the paths of this machine.
# A line LOADLINE_ENV=/etc/loadline/prod.env above it takes other variables.
# Into your crontab: (crontab -l; cat loadline.crontab) | crontab -
${line.replaceAll("%", "\\%")}
`;
}
