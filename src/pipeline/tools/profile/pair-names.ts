// Names that are alike. In: the table `placed` (id of a name, domain, phone) and `named` (id, name, letters). Out: the table
// `alike` (one, other, score, domain, phone), and what was too much to compare. Must hold: which names are pairs depends on
// the names, domains and numbers alone, not on the order of the rows; a block of names that is not compared whole is told; the
// pairs of a step are limited, whatever the names are.
//
// Jaro-Winkler goes from 0 to 1. A domain or a number that both have halves what is missing to 1, so that names of 0.8 are
// enough there. Where they have none in common, a domain or a number that both have doubles it: so `Tutu Logistik` and `Vutu
// Logistik` are not alike, nor do thousands of names hang together by a word that is common. Only names that share a block
// are compared: all pairs of 1 M names would take days. Most of them are told from what letters they have, which takes a
// fifth of the time.

import { literal } from "../../../core/sql.ts";
import type { LeftOutBlock } from "../../../report/near-duplicates.ts";
import { countOf } from "../../../report/numbers.ts";
import type { Engine } from "../../../stage/engine.ts";
import { signsOf, sizeOf, unlike } from "./unlike-names.ts";

/** Of a pair. */
const scoreMin = 0.9;
/** Of the names of a pair with the same domain or number. */
const sharedScoreMin = 0.8;

/** Most names with one domain or number that are compared each with each. */
const namesMax = 2000;

/**
 * Pairs that one step compares at most, of seven steps: of names that are mostly alike they take 3 s (measured). The blocks
 * with the fewest names come first.
 */
const pairsMax = 8_000_000;

/**
 * Letters at the beginning, and at the end, that names share, and how many names may share them before more letters
 * are asked. With 2,000 at last, that step took 20 s of 1 M rows whose names end in one of nine words (measured).
 */
const steps = [
  { letters: 4, max: 250 },
  { letters: 8, max: 250 },
  { letters: 12, max: 500 },
] as const;

/** Names next to it in order that a name is compared with where its block is too large. */
const neighbours = 5;

/** Domains of mailboxes and pages that anybody can have say nothing. */
const publicDomains = `gmail.com googlemail.com outlook.com hotmail.com hotmail.de live.com msn.com yahoo.com yahoo.de
  yahoo.co.uk yahoo.fr icloud.com me.com aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de orange.fr
  free.fr proton.me protonmail.com mail.ru yandex.ru qq.com 163.com facebook.com linkedin.com`.split(/\s+/);

export interface Pairing {
  leftOut: LeftOutBlock[];
  notes: string[];
}

export async function pairNames(engine: Engine, most = pairsMax): Promise<Pairing> {
  await engine.run(
    `CREATE TEMP TABLE found (one INTEGER, other INTEGER, likeness DOUBLE, by_domain BOOLEAN, by_phone BOOLEAN)`,
  );
  await engine.run(
    `CREATE TEMP TABLE signed AS SELECT *, ${sizeOf("name")} AS size, ${signsOf("name")} AS signs FROM named`,
  );
  const leftOut = await pairByKeys(engine, most);
  const notes: string[] = [];
  for (const by of ["beginning", "end"] as const) {
    const compared = await pairByLetters(engine, by, most);
    leftOut.push(...compared.leftOut);
    notes.push(...compared.notes);
  }
  await engine.run(
    `CREATE TEMP TABLE alike AS SELECT one, other, score, domain, phone FROM (${scoring}) WHERE score >= ${scoreMin}`,
  );
  return { leftOut, notes };
}

/** Of pairs that share a domain or a number; of the others what is missing is more where both have one. */
const scoring = `SELECT f.*, 1 - (1 - likeness) * CASE WHEN f.domain AND f.phone THEN 0.25 WHEN f.domain OR f.phone THEN 0.5
    ELSE CASE ${both("l", "r")} WHEN 0 THEN 1 WHEN 1 THEN 2 ELSE 4 END END AS score
  FROM (SELECT one, other, max(likeness) AS likeness, bool_or(by_domain) AS domain, bool_or(by_phone) AS phone
    FROM found GROUP BY one, other) AS f JOIN known AS l ON l.id = f.one JOIN known AS r ON r.id = f.other`;

/** Whether two names have a domain, and whether a number, that would have been found to be shared: 0 to 2. */
function both(one: string, other: string): string {
  return `bit_count(${one}.keys & ${other}.keys)`;
}

async function pairByKeys(engine: Engine, most: number): Promise<LeftOutBlock[]> {
  const others = publicDomains.map(literal).join(", ");
  await engine.run(`CREATE TEMP TABLE keyed AS
    SELECT DISTINCT id, 'domain' AS kind, domain AS key FROM placed WHERE domain NOT IN (${others})
    UNION ALL SELECT DISTINCT id, 'phone', phone FROM placed WHERE phone IS NOT NULL`);
  await engine.run(`CREATE TEMP TABLE sizes AS
    SELECT kind, key, count(*) AS names FROM keyed GROUP BY kind, key HAVING count(*) > 1`);
  const max = await largestCompared(engine, "sizes", { max: namesMax, most });
  await engine.run(
    `INSERT INTO found ${comparing(
      `SELECT keyed.id, keyed.kind || ' ' || keyed.key AS block, keyed.kind = 'domain' AS by_domain, keyed.kind = 'phone' AS by_phone
      FROM keyed JOIN (SELECT * FROM sizes WHERE names <= ${max}) AS s ON s.kind = keyed.kind AND s.key = keyed.key`,
      { table: "signed", min: sharedScoreMin, unlike: unlike("l", "r", sharedScoreMin) },
    )}`,
  );
  // Nothing can be told from a key that was left out.
  const has = (kind: string, bit: number) =>
    `CASE WHEN bool_and(coalesce(s.names, 0) <= ${max}) FILTER (keyed.kind = '${kind}') THEN ${bit} ELSE 0 END`;
  await engine.run(`CREATE TEMP TABLE known AS
    SELECT signed.*, coalesce(keys, 0)::INTEGER AS keys FROM signed LEFT JOIN (
      SELECT id, ${has("domain", 1)} + ${has("phone", 2)} AS keys
      FROM keyed LEFT JOIN sizes AS s ON s.kind = keyed.kind AND s.key = keyed.key GROUP BY id) AS k ON k.id = signed.id`);
  const large = await engine.all(`SELECT * FROM sizes WHERE names > ${max} ORDER BY names DESC, kind, key`);
  return large.map(({ kind, key, names }) => ({
    by: kind === "domain" ? "domain" : "phone",
    value: String(key),
    names: Number(names),
  }));
}

/** The most names that a block may have for all blocks of so many to be compared, the smallest first. */
async function largestCompared(engine: Engine, blocks: string, { max, most }: { max: number; most: number }) {
  const { largest } = await engine.one(`SELECT coalesce(max(names), 1) AS largest FROM (
    SELECT names, sum(count(*) * names * (names - 1) / 2) OVER (ORDER BY names) AS pairs FROM ${blocks} GROUP BY names)
    WHERE pairs <= ${most} AND names <= ${max}`);
  return Number(largest);
}

async function pairByLetters(engine: Engine, by: "beginning" | "end", most: number): Promise<Pairing> {
  const notes: string[] = [];
  const table = (step: number) => `${by}_${step}`;
  let rest = `(SELECT id, ${by === "beginning" ? "letters" : "reverse(letters)"} AS text FROM named)`;
  for (const [step, { letters, max: namesOfStep }] of steps.entries()) {
    await engine.run(`CREATE TEMP TABLE ${table(step)} AS
      SELECT id, text, block, count(*) OVER (PARTITION BY block) AS names FROM (SELECT id, text, left(text, ${letters}) AS block FROM ${rest})`);
    const sizes = `(SELECT block, any_value(names) AS names FROM ${table(step)} GROUP BY block)`;
    const max = await largestCompared(engine, sizes, { max: namesOfStep, most });
    const small = `SELECT id, block, false AS by_domain, false AS by_phone FROM ${table(step)} WHERE names BETWEEN 2 AND ${max}`;
    await engine.run(
      `INSERT INTO found ${comparing(small, { table: "known", min: scoreMin, unlike: unlikeByLetters })}`,
    );
    rest = `(SELECT id, text FROM ${table(step)} WHERE names > ${max})`;
    const large = await engine.all(`SELECT * FROM ${sizes} WHERE names > ${max} ORDER BY names DESC, block`);
    const blocks = large.map(({ block, names }) => {
      const value = by === "beginning" ? String(block) : [...String(block)].reverse().join("");
      return { by, value, names: Number(names) };
    });
    const [largest] = blocks;
    const next = steps[step + 1];
    if (largest === undefined) break;
    if (next === undefined) {
      await pairNeighbours(engine, rest, letters);
      return { leftOut: blocks, notes };
    }
    const shown = `${by === "beginning" ? `${largest.value}…` : `…${largest.value}`}, ${countOf(largest.names, "name")}`;
    notes.push(
      `more than ${countOf(max, "name")} ${max === 1 ? "shares" : "share"} ${letters} letters at their ${by} ${countOf(blocks.length, "time")} (${shown}): there they are compared where they share ${next.letters}`,
    );
  }
  return { leftOut: [], notes };
}

/** Of two names without a domain or a number in common. */
const unlikeByLetters = `CASE ${both("l", "r")} WHEN 0 THEN ${unlike("l", "r", scoreMin)}
  WHEN 1 THEN ${unlike("l", "r", 1 - (1 - scoreMin) / 2)} ELSE ${unlike("l", "r", 1 - (1 - scoreMin) / 4)} END`;

/** Sorted neighbourhood: in a block that is too large each name is compared with those next to it in the order of `rest`. */
async function pairNeighbours(engine: Engine, rest: string, letters: number): Promise<void> {
  const inOrder = `CREATE OR REPLACE TEMP TABLE in_order AS SELECT k.*, left(text, ${letters}) AS block, row_number() OVER (ORDER BY text, k.id) AS place FROM ${rest} AS r JOIN known AS k ON k.id = r.id`;
  await engine.run(inOrder);
  await engine.run(`INSERT INTO found SELECT * FROM (
    SELECT least(l.id, r.id), greatest(l.id, r.id), jaro_winkler_similarity(l.name, r.name) AS likeness, false, false
    FROM (SELECT *, unnest(range(1, ${neighbours + 1})) AS step FROM in_order) AS l JOIN in_order AS r
      ON r.place = l.place + l.step AND r.block = l.block AND NOT (${unlikeByLetters})) WHERE likeness >= ${scoreMin}`);
}

/** `members` yields id, block, by_domain, by_phone. `unlike`: of which pairs the score is less than `min` for certain. */
function comparing(members: string, { table, min, unlike }: { table: string; min: number; unlike: string }): string {
  const named = `(SELECT n.*, m.* EXCLUDE (id) FROM (${members}) AS m JOIN ${table} AS n ON n.id = m.id)`;
  return `SELECT * FROM (SELECT l.id AS one, r.id AS other, jaro_winkler_similarity(l.name, r.name) AS likeness, l.by_domain, l.by_phone
    FROM ${named} AS l JOIN ${named} AS r ON l.block = r.block AND l.id < r.id AND NOT (${unlike})) WHERE likeness >= ${min}`;
}
