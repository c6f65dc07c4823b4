// The Dockerfile and its workflow, as far as they can be judged without an engine.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { validate } from "dockerfile-utils";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { repository } from "./support/rig.ts";

const read = (path: string) => readFileSync(join(repository, path), "utf8");
const dockerfile = read("Dockerfile");
const lines = dockerfile.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const ignored = read(".dockerignore").split("\n");

test("the Dockerfile is valid, and its base is pinned to the Node that the tests run on", () => {
  expect(validate(dockerfile).map(({ message }) => message)).toEqual([]);
  expect(validate("FROM node:24\nRUNN x\n")).not.toEqual([]);
  const { devDependencies } = JSON.parse(read("package.json")) as { devDependencies: Record<string, string> };
  const bases = lines.filter((line) => line.startsWith("FROM ")).map((line) => line.split(" ")[1]);
  expect(new Set(bases)).toEqual(new Set([`node:${devDependencies["node"]}-bookworm-slim`]));
});

test("the image runs as another than root, starts the program itself, and takes nothing that is not named", () => {
  const last = (name: string) => lines.findLastIndex((line) => line.startsWith(`${name} `));
  expect(lines[last("USER")]).toBe("USER node");
  expect(last("USER")).toBeGreaterThan(last("RUN"));
  expect(lines[last("ENTRYPOINT")]).toBe('ENTRYPOINT ["node", "/opt/loadline/bin/loadline.js"]');
  expect(dockerfile).not.toMatch(/^(ARG|ENV).*(TOKEN|SECRET|PASSWORD|KEY)/im);
  expect(ignored).toContain("*");
  const copied = lines
    .filter((line) => line.startsWith("COPY package"))
    .flatMap((line) => line.split(" ").slice(1, -1));
  for (const name of [...copied, "bin", "src", "scripts", "docs", "LICENSE"]) {
    expect(existsSync(join(repository, name)), name).toBe(true);
    expect(ignored).toContain(`!${name}`);
  }
});

test("the workflow pins its actions, tries the image, and pushes for a version only", () => {
  const { jobs } = parse(read(".github/workflows/image.yml")) as {
    jobs: { image: { steps: { uses?: string; run?: string; if?: string }[] } };
  };
  const { steps } = jobs.image;
  for (const { uses } of steps) if (uses !== undefined) expect(uses).toMatch(/^[\w-]+\/[\w-]+@v\d+$/);
  expect(steps.some(({ run = "" }) => run.includes("doctor --offline"))).toBe(true);
  for (const step of steps.filter(({ run = "" }) => run.includes("docker push")))
    expect(step.if).toContain("refs/tags/v");
});
