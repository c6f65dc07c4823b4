// Two-way jobs against the model, a history of it; npm run twoway:histories tries as many as one likes.

import { test } from "vitest";
import { tryTwins } from "./twin-model.ts";

test.each([11])("what people change on both sides arrives, history %i", tryTwins);
