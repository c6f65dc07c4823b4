// The tests of a job, from what is written. In: the tree of the file, its streams. Out: cases. Must hold: a value is taken
// as it is typed: `zip: 01234` keeps its zero, as in an expression.

import { suggest } from "../core/suggest.ts";
import type { Diagnostics } from "./diagnostics.ts";
import type {
  CellValue,
  ExpectedAction,
  ExpectedChange,
  ExpectedReject,
  ExpectedValue,
  GivenRecords,
  GivenRow,
  TestCase,
} from "./test-case.ts";
import { type MapNode, nodeAt, plainValue, type TreeNode } from "./yaml-tree.ts";

export function buildTests(root: MapNode, diagnostics: Diagnostics): TestCase[] {
  const tests = itemsOf(nodeAt(root, ["tests"]));
  const streams = nodeAt(root, ["streams"]);
  const streamNames = streams?.kind === "map" ? [...streams.entries.keys()] : [];
  const names = new Map<string, TreeNode>();
  return tests.map((node, index) => {
    const built = buildTest(node, index, diagnostics);
    const name = nodeAt(node, ["name"]) ?? node;
    if (names.has(built.name)) diagnostics.add(name.span, `there are two tests called "${built.name}"`);
    names.set(built.name, name);
    if (!streamNames.includes(built.stream)) {
      const meant = suggest(built.stream, streamNames);
      const { span } = nodeAt(node, ["stream"]) ?? node;
      diagnostics.add(span, `there is no stream "${built.stream}"`, meant === undefined ? {} : { suggestion: meant });
    }
    if (built.expect === undefined && built.expectRejects === undefined && built.expectPlan === undefined) {
      diagnostics.add(name.span, "a test says what it expects: expect, expect_rejects or expect_plan");
    }
    return built;
  });
}

function buildTest(node: TreeNode, index: number, diagnostics: Diagnostics): TestCase {
  const at = (name: string) => nodeAt(node, [name]);
  const rows = (one: TreeNode | undefined) => itemsOf(one).map((item) => buildRow(item, diagnostics));
  return {
    name: textOf(at("name")) ?? "",
    index,
    stream: textOf(at("stream")) ?? "",
    given: rows(at("given")),
    givenTarget: buildRecords(at("given_target"), rows, diagnostics),
    ...(at("expect") === undefined ? {} : { expect: rows(at("expect")) }),
    ...(at("expect_rejects") === undefined
      ? {}
      : { expectRejects: itemsOf(at("expect_rejects")).map((item) => buildReject(item, diagnostics)) }),
    ...(at("expect_plan") === undefined
      ? {}
      : { expectPlan: itemsOf(at("expect_plan")).map((item) => buildChange(item, diagnostics)) }),
    place: diagnostics.source.placeAt((at("name") ?? node).span.start),
  };
}

function buildRecords(
  node: TreeNode | undefined,
  rows: (one: TreeNode | undefined) => GivenRow[],
  diagnostics: Diagnostics,
): GivenRecords[] {
  const placeOf = (one: { start: number }) => diagnostics.source.placeAt(one.start);
  if (node?.kind === "list") return [{ records: rows(node), place: placeOf(node.span) }];
  if (node?.kind !== "map") return [];
  return [...node.entries].map(([object, { key, value }]) => ({ object, records: rows(value), place: placeOf(key) }));
}

function buildRow(node: TreeNode, diagnostics: Diagnostics): GivenRow {
  const entries = node.kind === "map" ? [...node.entries] : [];
  return {
    cells: new Map(entries.map(([name, { value }]) => [name, cellOf(value)])),
    places: new Map(entries.map(([name, { key }]) => [name, diagnostics.source.placeAt(key.start)])),
    place: diagnostics.source.placeAt(node.span.start),
  };
}

function buildReject(node: TreeNode, diagnostics: Diagnostics): ExpectedReject {
  const [field, rule, message] = ["field", "rule", "message"].map((name) => textOf(nodeAt(node, [name])));
  return {
    ...(field === undefined ? {} : { field }),
    ...(rule === undefined ? {} : { rule }),
    ...(message === undefined ? {} : { message }),
    place: diagnostics.source.placeAt(node.span.start),
  };
}

function buildChange(node: TreeNode, diagnostics: Diagnostics): ExpectedChange {
  const [key, id] = ["key", "id"].map((name) => textOf(nodeAt(node, [name])));
  const fields = nodeAt(node, ["fields"]);
  return {
    action: textOf(nodeAt(node, ["action"])) as ExpectedAction,
    ...(key === undefined ? {} : { key }),
    ...(id === undefined ? {} : { id }),
    fields: new Map(
      fields?.kind === "map" ? [...fields.entries].map(([name, { value }]) => [name, buildExpected(value)]) : [],
    ),
    place: diagnostics.source.placeAt(node.span.start),
  };
}

function buildExpected(node: TreeNode): ExpectedValue {
  if (node.kind !== "map") return { after: cellOf(node) };
  const [before, after] = ["before", "after"].map((name) => nodeAt(node, [name]));
  return {
    ...(before === undefined ? {} : { before: cellOf(before) }),
    ...(after === undefined ? {} : { after: cellOf(after) }),
  };
}

function itemsOf(node: TreeNode | undefined): readonly TreeNode[] {
  return node?.kind === "list" ? node.items : [];
}

function textOf(node: TreeNode | undefined): string | undefined {
  return node?.kind === "scalar" ? node.text : undefined;
}

/** A scalar as it is typed, what is nested as JSON. */
function cellOf(node: TreeNode): CellValue {
  if (node.kind !== "scalar") return JSON.stringify(plainValue(node));
  return node.value === null ? null : node.text;
}
