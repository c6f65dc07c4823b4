// Two-way jobs against the model, a world of two histories; npm run twoway:histories tries as many as one likes.

import { test } from "vitest";
import { tryTwins } from "./twin-model.ts";

test.each([11])("what people change on both sides arrives, world %i", (seed) => tryTwins(seed, 2));
