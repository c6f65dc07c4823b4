// Two-way jobs against the model, a small world: a run that is killed and gone on with while people are at work, answers
// that are lost, a late index, clocks that are apart, a decision. npm run twoway:histories tries as many as one likes.

import { test } from "vitest";
import { nothingMet, tryTwins } from "./twin-model.ts";

test.each([12])("what people change on both sides arrives, world %i", (seed) => tryTwins(seed, 2, nothingMet(), 1));
