// The tokens of the portal: one that holds for good (a service key or private app), and those of the OAuth app.
// Must hold: a token that was handed out stays what it is across restarts; an access token ends when its time is over.
// https://developers.hubspot.com/docs/api-reference/latest/authentication/manage-oauth-tokens

import { randomId } from "../../../core/random.ts";
import type { DatabaseSync } from "../../../core/sqlite.ts";
import { now } from "../../clock.ts";

/** The token of a service key or a private app that every sandbox accepts. */
export const fixedToken = "pat-sandbox-loadline";
/** The OAuth app's credentials, and a refresh token that it holds from the start. */
export const clientId = "sandbox";
export const clientSecret = "sandbox";
const fixedRefreshToken = "sandbox";

export interface Token {
  kind: "access" | "refresh" | "client";
  /** Epoch milliseconds; refresh tokens have no end. */
  expiresAt: number | undefined;
}

export interface Tokens {
  /** An OAuth token that was handed out and not revoked; it may have expired. */
  find(token: string): Token | undefined;
  /** Hands out a token; its end is so many seconds away. */
  issue(kind: Token["kind"], seconds: number | undefined): string;
  /** Takes back a refresh token. What it was used for stays valid. */
  revoke(token: string): void;
  /** Ends the time of all access tokens now. */
  expireAll(): void;
  clear(): void;
}

export function openTokens(database: DatabaseSync): Tokens {
  database.exec(
    "CREATE TABLE IF NOT EXISTS token (token TEXT PRIMARY KEY, kind TEXT NOT NULL, expires INTEGER, revoked INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID",
  );
  const holdFixed = (): void =>
    void database.prepare("INSERT OR IGNORE INTO token (token, kind) VALUES (?, 'refresh')").run(fixedRefreshToken);
  holdFixed();
  const find = database.prepare("SELECT kind, expires FROM token WHERE token = ? AND revoked = 0");
  return {
    find(token) {
      const row = find.get(token);
      if (row === undefined) return undefined;
      const kind = String(row["kind"]) as Token["kind"];
      return { kind, expiresAt: row["expires"] === null ? undefined : Number(row["expires"]) };
    },
    issue(kind, seconds) {
      const token = `${kind === "refresh" ? "na1-r" : "CNs-"}-${randomId(24)}`;
      const expires = seconds === undefined ? null : now().getTime() + seconds * 1000;
      database.prepare("INSERT INTO token (token, kind, expires) VALUES (?, ?, ?)").run(token, kind, expires);
      return token;
    },
    revoke: (token) =>
      void database.prepare("UPDATE token SET revoked = 1 WHERE token = ? AND kind = 'refresh'").run(token),
    expireAll: () =>
      void database.prepare("UPDATE token SET expires = ? WHERE kind <> 'refresh'").run(now().getTime() - 1),
    clear() {
      database.exec("DELETE FROM token");
      holdFixed();
    },
  };
}
