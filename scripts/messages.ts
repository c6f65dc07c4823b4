// Writes docs/messages.md: makes each mistake with the built program.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeMistakes, writePage } from "../test/messages/make.ts";

const page = join(import.meta.dirname, "../docs/messages.md");
writeFileSync(page, writePage(await makeMistakes()));
process.stdout.write(`${page}\n`);
