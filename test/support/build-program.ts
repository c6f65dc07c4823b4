// Runs once before the tests: they start the real program, so dist/ must be what src/ is now. Types are not looked at:
// that is `npm run check`, which comes first in `npm test`.

import { execFileSync } from "node:child_process";
import { repository } from "./rig.ts";

export function setup(): void {
  execFileSync(process.execPath, ["scripts/build.ts", "--noCheck"], { cwd: repository, stdio: "inherit" });
}
