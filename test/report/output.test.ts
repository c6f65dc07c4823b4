import { expect, test } from "vitest";
import { canMove, lookOf } from "../../src/report/output.ts";
import { screenOf } from "./screen.ts";

const environment = { TERM: "xterm-256color" };

test("a terminal gives its width and takes colours", () => {
  expect(lookOf(screenOf(true), true, environment)).toEqual({ width: 100, color: true });
});

test.each([
  ["a file", false, true, environment],
  ["--no-color", true, false, environment],
  ["NO_COLOR", true, true, { ...environment, NO_COLOR: "1" }],
  ["a dumb terminal", true, true, { TERM: "dumb" }],
])("%s means no colours", (_what, isTerminal, color, variables) => {
  expect(lookOf(screenOf(isTerminal), color, variables).color).toBe(false);
});

test("an empty NO_COLOR says nothing", () => {
  expect(lookOf(screenOf(true), true, { ...environment, NO_COLOR: "" }).color).toBe(true);
});

test("elsewhere lines have 100 columns, and nowhere fewer than 40", () => {
  const { write } = screenOf(false);
  expect(lookOf({ ...screenOf(false), write, columns: 12 }, true, environment).width).toBe(40);
  expect(lookOf(Object.assign(screenOf(false), { columns: undefined }) as never, true, environment).width).toBe(100);
});

test("only a terminal that understands it is drawn again", () => {
  expect([
    canMove(screenOf(true), environment),
    canMove(screenOf(true), { TERM: "dumb" }),
    canMove(screenOf(false), environment),
  ]).toEqual([true, false, false]);
});
