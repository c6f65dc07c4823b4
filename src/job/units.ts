// Quantities as people write them: percentages, durations, sizes. The patterns are also in the JSON Schema, so that an
// editor refuses what the reader refuses; the functions take text that matches them.

import type { Lock, Threshold } from "./job.ts";

export const percentPattern = /^\d{1,3}(\.\d+)?%$/;
export const durationPattern = /^\d{1,9}(ms|s|m|h|d|w)$/;
export const bytesPattern = /^\d{1,12} ?(B|KB|MB|GB|KiB|MiB|GiB)$/;
export const lockPattern = /^(skip|fail|wait \d{1,9}(ms|s|m|h|d|w))$/;

const msPerUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1000,
  MB: 1000 ** 2,
  GB: 1000 ** 3,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
};

/** `80%` as 80. */
export function parsePercent(text: string): number {
  return Number.parseFloat(text);
}

/** `2%` or a number of rows. */
export function parseThreshold(value: string | number): Threshold {
  return typeof value === "number" ? { count: value } : { percent: parsePercent(value) };
}

/** `14d` in milliseconds. */
export function parseDuration(text: string): number {
  const { amount, unit } = split(text);
  return amount * (msPerUnit[unit] ?? Number.NaN);
}

/** `50MB` (or a plain number) in bytes. MB is a million bytes, MiB is 1024². */
export function parseBytes(value: string | number): number {
  if (typeof value === "number") return value;
  const { amount, unit } = split(value);
  return amount * (bytesPerUnit[unit] ?? Number.NaN);
}

/** `skip`, `fail` or `wait 10m`. */
export function parseLock(text: string): Lock {
  if (text === "skip" || text === "fail") return { kind: text };
  return { kind: "wait", ms: parseDuration(text.slice("wait ".length)) };
}

function split(text: string): { amount: number; unit: string } {
  const digits = text.match(/^\d+/)?.[0] ?? "";
  return { amount: Number(digits), unit: text.slice(digits.length).trim() };
}
