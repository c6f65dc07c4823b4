// The order of the test files: the longest first, so that all workers are busy to the end. By the seconds that
// `npm test -- --remember` kept; a file that is not known yet counts as a long one. Before all others those that have a
// process each: between others they would end the process that is shared (vitest.config.ts).

import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const root = join(import.meta.dirname, "../..");
const known = JSON.parse(readFileSync(join(root, "test/durations.json"), "utf8")) as Record<string, number>;
const unknownSeconds = 30;

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const seconds = ({ moduleId }: TestSpecification) => known[relative(root, moduleId)] ?? unknownSeconds;
    const isAlone = ({ project }: TestSpecification) => Number(project.config.isolate);
    return files.toSorted((left, right) => isAlone(right) - isAlone(left) || seconds(right) - seconds(left));
  }
}
