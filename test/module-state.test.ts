// Holds that a module keeps nothing of a run: what can change belongs to the run, or is in core/process-memory.ts, which
// is emptied when the program starts. So one process can run the program again and again, which is how most tests run it
// (test/support/warm/host.ts). In: the text of src/. An exception that is not needed any more fails too.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../src", import.meta.url));

const modules = new Map(
  readdirSync(root, { recursive: true, encoding: "utf8" })
    // What a browser runs is made anew for each page.
    .filter((path) => path.endsWith(".ts") && !path.startsWith("report/html/client/"))
    .sort()
    .map((path) => {
      const text = readFileSync(join(root, path), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "");
      return [path, text.replaceAll(/(?<![:"'`\\])\/\/.*$/gm, "")] as const;
    }),
);

const exceptions: Record<string, string> = {
  "cli.ts: code": "a run of the program is a run of this module",
  "cli.ts: program": "the same",
  "cli.ts: stopping": "the same",
  "core/failpoint.ts: armed": "tests that kill start a process",
  "core/failpoint.ts: hits": "the same",
  "core/process-memory.ts: starts": "filled as modules are loaded, not by a run",
  "core/writings.ts: gramsOf": "made of its key alone",
  "report/visible-text.ts: segmenter": "the same for everyone; making one takes long",
  "start.ts: loader": "what is loaded once for all runs of a process",
  "sandbox/clock.ts: present": "tells the work of one sandbox from that of another",
  "sandbox/hubspot/time-zone.ts: formats": "made of its key alone",
};

test("nothing at the top of a module changes, or is read from where the program runs", () => {
  const found = [...modules].flatMap(([path, code]) => stateOf(code).map((name) => `${path}: ${name}`));
  expect(found.sort()).toEqual(Object.keys(exceptions).sort());
});

test.each([
  "let count = 0;",
  "export let count = 0;",
  "const count = { value: 0 };\nfunction f() {\n  count.value += 1;\n}",
  "const count: string[] = [];\nfunction f() {\n  count.push('');\n}",
  "const count = new Map();\nfunction f() {\n  count.set(1, 1);\n}",
  "const count: Record<string, number> = {};\nfunction f(name) {\n  count[name] = 1;\n}",
  "const count = new WeakMap();",
  "const count = new Budget();",
  "const count = process.env['COUNT'];",
  "const count = Number(process.argv[2]);",
  "const count = openSomething();",
])("%j is state", (code) => {
  expect(stateOf(code)).toEqual(["count"]);
});

test.each([
  "const names = new Set(['a']);\nconst first = [...names].map((name) => name.at(0));",
  "const pattern = new RegExp(text);",
  "const known = remember(() => new Map());\nfunction f() {\n  known.value.set(1, 1);\n}",
  "function f() {\n  const names = new Set();\n  names.add(1);\n  let last = 1;\n}",
  "const home = (env) => env ?? process.env;",
])("%j is none", (code) => {
  expect(stateOf(code)).toEqual([]);
});

const putsBack: Record<string, string> = {
  useFakeTimers: "useRealTimers",
  stubEnv: "unstubAllEnvs",
  stubGlobal: "unstubAllGlobals",
  spyOn: "restoreAllMocks",
};

test("what a test file replaces it puts back, for the files that its process runs after it", () => {
  const tests = readdirSync(join(root, "../test"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".test.ts") && path !== "module-state.test.ts")
    .map((path) => [path, readFileSync(join(root, "../test", path), "utf8")] as const);
  const stays = tests.flatMap(([path, code]) =>
    [...code.matchAll(/\bvi\.(mock|doMock|useFakeTimers|stub\w+|spyOn)\(/g)]
      .filter(([, name = ""]) => !code.includes(`vi.${putsBack[name]}(`))
      .map(([, name]) => `${path}: vi.${name}`),
  );
  expect(stays).toEqual([]);
});

/** Names of what a module declares outside of functions and that is state. */
function stateOf(code: string): string[] {
  const declared = [...code.matchAll(/^(?:export )?(const|let|var) (\w+)(?:: [^=]+)? = ?(.*(?:\n[ })\]].*)*)/gm)];
  const variables = [...code.matchAll(/^(?:export )?(?:let|var) (\w+)/gm)].map(([, name = ""]) => name);
  const constants = declared.filter(([, kind]) => kind === "const");
  const changing = constants.filter(([, , name = "", value = ""]) => {
    if (/^remember(<.*>)?\(/.test(value)) return false;
    const isChanged = new RegExp(`(?<![\\w.])${name}(?:${change.source})`).test(code.replace(/^import .*$/gm, ""));
    return isChanged || isMade.test(value) || readsPlace.test(value);
  });
  return [...new Set([...variables, ...changing.map(([, , name = ""]) => name)])];
}

const change =
  /\.(?:set|add|delete|clear|push|pop|shift|unshift|splice|sort|reverse|fill)\(|(?:\.\w+|\[[^\]\n]*\])+ (?:[-+*|&?]{0,2}=)(?!=)/;
/** An object of a class that may have a state, or what a function with such a name gives. */
const isMade = /^(?:await )?(?:new (?!Set\b|Map\b|RegExp\b|Intl\.)|(?:open|start|begin|create|connect)[A-Z]\w*\()/;
const readsPlace = /^(?!async |\([^)]*\) =>|\w+ =>)[^=]*\bprocess\.(?:env|argv|cwd|stdin|stdout|stderr|pid)\b/;
