// Quantities as people read them.

export { countOf, showCount } from "../core/counted.ts";

const byteUnits = ["B", "kB", "MB", "GB", "TB"];

/** In powers of 1000, as in job files: 950 B, 1.5 kB, 12 MB. */
export function showBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < byteUnits.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 9.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${byteUnits[unit] ?? ""}`;
}

/** 0.4 s, 42 s, 3 min 05 s, 2 h 03 min. */
export function showDuration(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${twoDigits(whole % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}

/** 2026-11-20 20:14 of an ISO time, in UTC. */
export function showTime(iso: string): string {
  return iso.slice(0, 16).replace("T", " ");
}
