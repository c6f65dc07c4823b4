// Names that are alike. In: the table `placed` (id of a name, domain, phone) and `named` (id, name, letters). Out: the table
// `alike` (one, other, score, domain, phone), and what was too much to compare. Must hold: which names are pairs depends on
// the names, domains and numbers alone, not on the order of the rows; a block of names is compared whole or told.
//
// Jaro-Winkler goes from 0 to 1. A domain or a number that both have halves what is missing to 1, so that names of 0.8 are
// enough there. Where they have none in common, a domain or a number that both have doubles it: so `Tutu Logistik` and `Vutu
// Logistik` are not alike, nor do thousands of names hang together by a word that is common. Only names that share a block are compared: all pairs of 1 M names would take days.

import { literal } from "../../../core/sql.ts";
import type { LeftOutBlock } from "../../../report/near-duplicates.ts";
import { countOf, showCount } from "../../../report/numbers.ts";
import type { Engine } from "../../../stage/engine.ts";

/** Of a pair. */
const scoreMin = 0.9;
/** Of the names of a pair with the same domain or number. */
const sharedScoreMin = 0.8;

/** Most names with one domain or number that are compared each with each: 2 M pairs take half a second (measured). */
const namesMax = 2000;

/**
 * Letters at the beginning, and at the end, that names share, and how many names may share them before more letters
 * are asked. With 2,000 at last, that step took 20 s of 1 M rows whose names end in one of nine words (measured).
 */
const steps = [
  { letters: 4, max: 250 },
  { letters: 8, max: 250 },
  { letters: 12, max: 500 },
] as const;

/** Domains of mailboxes and pages that anybody can have say nothing. */
const publicDomains = `gmail.com googlemail.com outlook.com hotmail.com hotmail.de live.com msn.com yahoo.com yahoo.de
  yahoo.co.uk yahoo.fr icloud.com me.com aol.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de orange.fr
  free.fr proton.me protonmail.com mail.ru yandex.ru qq.com 163.com facebook.com linkedin.com`.split(/\s+/);

export interface Pairing {
  leftOut: LeftOutBlock[];
  notes: string[];
}

export async function pairNames(engine: Engine): Promise<Pairing> {
  await engine.run(
    `CREATE TEMP TABLE found (one INTEGER, other INTEGER, likeness DOUBLE, by_domain BOOLEAN, by_phone BOOLEAN)`,
  );
  const leftOut = await pairByKeys(engine);
  const notes: string[] = [];
  for (const by of ["beginning", "end"] as const) {
    const compared = await pairByLetters(engine, by);
    leftOut.push(...compared.leftOut);
    notes.push(...compared.notes);
  }
  await engine.run(
    `CREATE TEMP TABLE alike AS SELECT one, other, score, domain, phone FROM (${scoring}) WHERE score >= ${scoreMin}`,
  );
  return { leftOut, notes };
}

/** What a name has that would have been found to be shared: nothing can be told from a key that was left out. */
const known = `SELECT id, coalesce(bool_and(coalesce(names, 0) <= ${namesMax}) FILTER (keyed.kind = 'domain'), false) AS domain,
    coalesce(bool_and(coalesce(names, 0) <= ${namesMax}) FILTER (keyed.kind = 'phone'), false) AS phone
  FROM keyed LEFT JOIN sizes AS s ON s.kind = keyed.kind AND s.key = keyed.key GROUP BY id`;

const scoring = `SELECT f.*, 1 - (1 - likeness) * CASE
    WHEN f.domain AND f.phone THEN 0.25 WHEN f.domain OR f.phone THEN 0.5
    ELSE CASE WHEN l.domain AND r.domain THEN 2 ELSE 1 END * CASE WHEN l.phone AND r.phone THEN 2 ELSE 1 END END AS score
  FROM (SELECT one, other, max(likeness) AS likeness, bool_or(by_domain) AS domain, bool_or(by_phone) AS phone
    FROM found GROUP BY one, other) AS f
  LEFT JOIN (${known}) AS l ON l.id = f.one LEFT JOIN (${known}) AS r ON r.id = f.other`;

async function pairByKeys(engine: Engine): Promise<LeftOutBlock[]> {
  const others = publicDomains.map(literal).join(", ");
  await engine.run(`CREATE TEMP TABLE keyed AS
    SELECT DISTINCT id, 'domain' AS kind, domain AS key FROM placed WHERE domain NOT IN (${others})
    UNION ALL SELECT DISTINCT id, 'phone', phone FROM placed WHERE phone IS NOT NULL`);
  await engine.run(`CREATE TEMP TABLE sizes AS
    SELECT kind, key, count(*) AS names FROM keyed GROUP BY kind, key HAVING count(*) > 1`);
  await engine.run(
    `INSERT INTO found ${comparing(
      `SELECT keyed.id, keyed.kind || ' ' || keyed.key AS block, keyed.kind = 'domain' AS by_domain, keyed.kind = 'phone' AS by_phone
      FROM keyed JOIN (SELECT * FROM sizes WHERE names <= ${namesMax}) AS s ON s.kind = keyed.kind AND s.key = keyed.key`,
      sharedScoreMin,
    )}`,
  );
  const large = await engine.all(`SELECT * FROM sizes WHERE names > ${namesMax} ORDER BY names DESC, kind, key`);
  return large.map(({ kind, key, names }) => ({
    by: kind === "domain" ? "domain" : "phone",
    value: String(key),
    names: Number(names),
  }));
}

async function pairByLetters(engine: Engine, by: "beginning" | "end"): Promise<Pairing> {
  const notes: string[] = [];
  const table = (step: number) => `${by}_${step}`;
  let rest = `(SELECT id, ${by === "beginning" ? "letters" : "reverse(letters)"} AS text FROM named)`;
  for (const [step, { letters, max }] of steps.entries()) {
    await engine.run(`CREATE TEMP TABLE ${table(step)} AS
      SELECT id, text, block, count(*) OVER (PARTITION BY block) AS names FROM (SELECT id, text, left(text, ${letters}) AS block FROM ${rest})`);
    const small = `SELECT id, block, false AS by_domain, false AS by_phone FROM ${table(step)} WHERE names BETWEEN 2 AND ${max}`;
    await engine.run(`INSERT INTO found ${comparing(small, scoreMin)}`);
    rest = `(SELECT id, text FROM ${table(step)} WHERE names > ${max})`;
    const large = await engine.all(`SELECT block, any_value(names) AS names FROM ${table(step)} WHERE names > ${max}
      GROUP BY block ORDER BY names DESC, block`);
    const blocks = large.map(({ block, names }) => {
      const value = by === "beginning" ? String(block) : [...String(block)].reverse().join("");
      return { by, value, names: Number(names) };
    });
    const [largest] = blocks;
    const next = steps[step + 1];
    if (largest === undefined) break;
    if (next === undefined) return { leftOut: blocks, notes };
    const shown = `${by === "beginning" ? `${largest.value}…` : `…${largest.value}`}, ${countOf(largest.names, "name")}`;
    notes.push(
      `more than ${showCount(max)} names share ${letters} letters at their ${by} ${countOf(blocks.length, "time")} (${shown}): there they are compared where they share ${next.letters}`,
    );
  }
  return { leftOut: [], notes };
}

/** `members` yields id, block, by_domain, by_phone. Names of which one is twice as long as the other are not alike: 1/3 is lost. */
function comparing(members: string, min: number): string {
  const named = `(SELECT m.*, n.name, length(n.name) AS size FROM (${members}) AS m JOIN named AS n ON n.id = m.id)`;
  const sizes = min < scoreMin ? "" : "AND l.size <= 2 * r.size AND r.size <= 2 * l.size";
  return `SELECT * FROM (SELECT l.id AS one, r.id AS other, jaro_winkler_similarity(l.name, r.name) AS likeness, l.by_domain, l.by_phone
    FROM ${named} AS l JOIN ${named} AS r ON l.block = r.block AND l.id < r.id ${sizes}) WHERE likeness >= ${min}`;
}
