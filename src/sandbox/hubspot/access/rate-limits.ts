// How many calls the portal takes: in ten seconds of each app, in a second for searches, in a day of the account.
// In: the limits, the calls. Out: a policy's refusal, the headers that say what is left.
// Must hold: no window of the length has more calls than its limit; the day's count outlives a restart.
// Refused calls are not counted, which is this project's choice: HubSpot does not say.
// https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines

import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";
import type { HubspotLimits } from "../../schema-file.ts";
import { dayOf, startOfNextDay } from "../time-zone.ts";

/** Calls are counted for each app: the holder of the fixed token, and the OAuth app. */
export type App = "private" | "oauth";
type Policy = "TEN_SECONDLY_ROLLING" | "SECONDLY" | "DAILY";

/** Those of a Professional account. A public OAuth app has 110 calls in ten seconds, and no limit a day. */
const professional = {
  tenSecondly: 190,
  oauthTenSecondly: 110,
  searchPerSecond: 5,
  daily: 625_000,
  tokenSeconds: 1800,
  exportsDaily: 30,
  importFileRows: 1_048_576,
  importDailyRows: 80_000_000,
};

type Limits = typeof professional;

export interface Rates {
  readonly limits: Limits;
  /** Counts a call, or says which policy refuses it. */
  take(app: App, kind: "call" | "search"): Policy | undefined;
  /** X-HubSpot-RateLimit-*, as they stand now. */
  headers(app: App): Record<string, string>;
  /** The account's day: calls with tokens, and when the next day starts. */
  today(): { calls: number; resetsAt: Date };
  change(limits: HubspotLimits): void;
  /** Forgets what was counted, and goes back to the limits of the start. */
  clear(): void;
}

const tenSecondsMs = 10_000;
const secondMs = 1_000;

export function openRates(database: DatabaseSync, configured: HubspotLimits, timeZone: string): Rates {
  database.exec("CREATE TABLE IF NOT EXISTS day_usage (day TEXT PRIMARY KEY, calls INTEGER NOT NULL) WITHOUT ROWID");
  const add = database.prepare("INSERT INTO day_usage VALUES (?, 1) ON CONFLICT DO UPDATE SET calls = calls + 1");
  const sum = database.prepare("SELECT calls FROM day_usage WHERE day = ?");
  let limits = withDefaults(professional, configured);
  const windows: Record<App | "search", Window> = {
    private: new Window(tenSecondsMs),
    oauth: new Window(tenSecondsMs),
    search: new Window(secondMs),
  };
  let day = { name: "", endsAt: 0 };
  const today = (): typeof day => {
    const at = now();
    if (at.getTime() >= day.endsAt) day = { name: dayOf(at, timeZone), endsAt: startOfNextDay(at, timeZone).getTime() };
    return day;
  };
  const callsToday = (): number => Number(sum.get(today().name)?.["calls"] ?? 0);
  const burst = (app: App): number => (app === "private" ? limits.tenSecondly : limits.oauthTenSecondly);
  return {
    get limits() {
      return limits;
    },
    take(app, kind) {
      if (app === "private" && callsToday() >= limits.daily) return "DAILY";
      const at = now().getTime();
      if (kind === "search" && !windows.search.take(at, limits.searchPerSecond)) return "SECONDLY";
      if (kind === "call" && !windows[app].take(at, burst(app))) return "TEN_SECONDLY_ROLLING";
      if (app === "private") add.run(today().name);
      return undefined;
    },
    headers(app) {
      const max = burst(app);
      const used = windows[app].used(now().getTime());
      const daily = {
        "X-HubSpot-RateLimit-Daily": String(limits.daily),
        "X-HubSpot-RateLimit-Daily-Remaining": String(Math.max(0, limits.daily - callsToday())),
      };
      return {
        ...(app === "private" ? daily : {}),
        "X-HubSpot-RateLimit-Interval-Milliseconds": String(tenSecondsMs),
        "X-HubSpot-RateLimit-Max": String(max),
        "X-HubSpot-RateLimit-Remaining": String(Math.max(0, max - used)),
        // Deprecated, and still sent.
        "X-HubSpot-RateLimit-Secondly": String(Math.floor(max / 10)),
        "X-HubSpot-RateLimit-Secondly-Remaining": String(Math.max(0, Math.floor((max - used) / 10))),
      };
    },
    today: () => ({ calls: callsToday(), resetsAt: new Date(today().endsAt) }),
    change(changed) {
      limits = withDefaults(limits, changed);
    },
    clear() {
      limits = withDefaults(professional, configured);
      for (const window of Object.values(windows)) window.clear();
      database.exec("DELETE FROM day_usage");
    },
  };
}

/** The calls of the last so many milliseconds. */
class Window {
  readonly #lengthMs: number;
  #calls: number[] = [];

  constructor(lengthMs: number) {
    this.#lengthMs = lengthMs;
  }

  take(at: number, max: number): boolean {
    if (this.used(at) >= max) return false;
    this.#calls.push(at);
    return true;
  }

  used(at: number): number {
    // Of a time that has not come yet, since the clock was set back.
    if ((this.#calls.at(-1) ?? at) > at) this.#calls = this.#calls.filter((call) => call <= at);
    const old = this.#calls.findIndex((call) => call > at - this.#lengthMs);
    this.#calls = old < 0 ? [] : this.#calls.slice(old);
    return this.#calls.length;
  }

  clear(): void {
    this.#calls = [];
  }
}

// One number for the burst holds for both kinds of app: who sets it wants to see it reached.
function withDefaults(limits: Limits, changed: HubspotLimits): Limits {
  const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
  const { tenSecondly } = changed;
  return { ...limits, ...given, ...(tenSecondly === undefined ? {} : { oauthTenSecondly: tenSecondly }) };
}
