// What hangs on a table, so that another one can take its place. In: a table. Out: the statements that give a new table the
// same, in their order, or why one can't have it. Must hold: what is neither kept nor named here keeps the old table from
// being dropped, for it is dropped without CASCADE; names are those of the catalogue.

import { type Place, usageFailure } from "../../core/errors.ts";
import type { PostgresSession } from "./client.ts";
import type { CatalogTable } from "./tables.ts";

/** Statements that give the new table what the old one has. */
export interface TableParts {
  /** The old indexes give up their names, and the new ones are made. */
  indexes: string[];
  /** Foreign keys, those to the table itself once it has its name. */
  foreignKeys: string[];
  ownForeignKeys: string[];
  /** Owner, grants, comments. */
  standing: string[];
  /** Views over the table, each by its own text, which names the table: they stay who they are. */
  views: string[];
  /** Sequences that columns own go over; those of identity columns go with the old table, and are made again. */
  sequences: string[];
  identities: string[];
  /** Extended statistics, whose text names the table. */
  statistics: string[];
}

/** What a new table can't have, one a row: what it is, and its name. */
const unkept = `SELECT 'trigger' AS what, tgname AS name FROM pg_trigger WHERE tgrelid = CAST($1 AS oid) AND NOT tgisinternal
  UNION ALL SELECT 'rule', rulename FROM pg_rewrite WHERE ev_class = CAST($1 AS oid)
  UNION ALL SELECT 'row security policy', polname FROM pg_policy WHERE polrelid = CAST($1 AS oid)
  UNION ALL SELECT 'row security', relname FROM pg_class WHERE oid = CAST($1 AS oid) AND (relrowsecurity OR relforcerowsecurity)
  UNION ALL SELECT 'foreign key ' || quote_ident(conname) || ' of', CAST(CAST(conrelid AS regclass) AS text) FROM pg_constraint
    WHERE contype = 'f' AND confrelid = CAST($1 AS oid) AND conrelid <> confrelid
  UNION ALL SELECT 'partitions or inheritance with', CAST(CAST(CASE WHEN inhrelid = CAST($1 AS oid) THEN inhparent ELSE inhrelid END AS regclass) AS text)
    FROM pg_inherits WHERE CAST($1 AS oid) IN (inhrelid, inhparent)
  UNION ALL SELECT 'partitions', relname FROM pg_class WHERE oid = CAST($1 AS oid) AND relkind <> 'r'
  UNION ALL SELECT 'publication', pubname FROM pg_publication_rel JOIN pg_publication p ON p.oid = prpubid WHERE prrelid = CAST($1 AS oid)
  UNION ALL SELECT 'extension', extname FROM pg_depend JOIN pg_extension e ON e.oid = refobjid
    WHERE classid = CAST('pg_class' AS regclass) AND objid = CAST($1 AS oid) AND deptype = 'e'
  UNION ALL SELECT 'security label', provider FROM pg_seclabel WHERE classoid = CAST('pg_class' AS regclass) AND objoid = CAST($1 AS oid)
  UNION ALL SELECT 'grants by another than the owner', relname FROM pg_class c
    WHERE oid = CAST($1 AS oid) AND EXISTS (SELECT FROM aclexplode(c.relacl) a WHERE a.grantor <> c.relowner)
  UNION ALL SELECT 'grants on a column by another than the owner', attname FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE attrelid = CAST($1 AS oid) AND EXISTS (SELECT FROM aclexplode(attacl) a WHERE a.grantor <> c.relowner)
  UNION ALL SELECT DISTINCT CASE v.relkind WHEN 'm' THEN 'materialized view' ELSE 'rule of' END, CAST(CAST(v.oid AS regclass) AS text)
    FROM pg_depend d JOIN pg_rewrite r ON d.classid = CAST('pg_rewrite' AS regclass) AND r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = CAST($1 AS oid) AND (v.relkind <> 'v' OR r.rulename <> '_RETURN')
  UNION ALL SELECT DISTINCT 'view of another owner', CAST(CAST(v.oid AS regclass) AS text)
    FROM pg_depend d JOIN pg_rewrite r ON d.classid = CAST('pg_rewrite' AS regclass) AND r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
    WHERE d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = CAST($1 AS oid) AND v.relkind = 'v' AND NOT pg_has_role(v.relowner, 'USAGE')
  UNION ALL SELECT DISTINCT 'use of its rows as a type by', pg_describe_object(d.classid, d.objid, d.objsubid)
    FROM pg_class c JOIN pg_type t ON t.oid = c.reltype JOIN pg_depend d ON d.refclassid = CAST('pg_type' AS regclass) AND d.refobjid IN (t.oid, t.typarray)
    WHERE c.oid = CAST($1 AS oid) AND d.deptype = 'n'
  UNION ALL SELECT DISTINCT 'use by', pg_describe_object(d.classid, d.objid, d.objsubid) FROM pg_depend d
    WHERE d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = CAST($1 AS oid) AND d.deptype = 'n'
      AND d.classid IN (CAST('pg_proc' AS regclass), CAST('pg_policy' AS regclass), CAST('pg_publication_rel' AS regclass))
  ORDER BY 1, 2`;

const named = 5;

/** Throws a Failure (2) that names what a table has and a new one could not have. */
export async function refuseUnkept(
  session: PostgresSession,
  { oid, name }: CatalogTable,
  where?: Place,
): Promise<void> {
  const told = where === undefined ? {} : { where };
  const [own] = await session.rows(
    `SELECT CAST(CAST(relowner AS regrole) AS text) AS owner, pg_has_role(relowner, 'USAGE') AS mine,
       has_schema_privilege(relnamespace, 'CREATE') AS "mayCreate" FROM pg_class WHERE oid = CAST($1 AS oid)`,
    [oid],
  );
  if (own?.["mine"] !== "t" || own["mayCreate"] !== "t") {
    throw usageFailure(`mode replace wants to be the owner of ${name}, and to create tables beside it`, {
      ...told,
      why: own?.["mine"] === "t" ? "this role may create nothing in its schema" : `its owner is ${own?.["owner"]}`,
      next: "connect as its owner, or mode mirror, which changes rows",
    });
  }
  const rows = await session.rows(unkept, [oid]);
  if (rows.length === 0) return;
  const list = rows.slice(0, named).map((row) => `${row["what"]} ${row["name"]}`);
  const more = rows.length > named ? `, and ${rows.length - named} more` : "";
  throw usageFailure(
    `mode replace puts a new table in the place of ${name}, which can't keep: ${list.join(", ")}${more}`,
    {
      ...told,
      next: "mode mirror, which changes the rows of the table that is there",
    },
  );
}

/**
 * `made`: what the new table is called until it takes the old one's name, as SQL has it. With `search_path` empty but for
 * the catalogue, so that every name comes with its schema.
 */
export async function readTableParts(
  session: PostgresSession,
  { oid, name, quoted }: CatalogTable,
  made: string,
): Promise<TableParts> {
  const texts = async (sql: string, ...values: string[]) => {
    const rows = await session.rows(sql, [oid, ...values]);
    const incomplete = rows.some((row) => row["sql"] === null);
    if (incomplete)
      throw usageFailure(`mode replace can't tell how an index of ${name} is made`, { next: "mode mirror" });
    return rows.map((row) => row["sql"] ?? "");
  };
  return {
    indexes: await texts(indexes, made),
    foreignKeys: await texts(`${foreignKeys} AND confrelid <> conrelid`, made),
    ownForeignKeys: await texts(`${foreignKeys} AND confrelid = conrelid`, quoted),
    standing: await texts(standing, made),
    views: await texts(views),
    sequences: await texts(sequences, made),
    identities: await texts(identities),
    statistics: await texts(statistics),
  };
}

/** How its rows lie, before there are any: what LIKE does not take over. */
export async function readStorage(session: PostgresSession, { oid }: CatalogTable, made: string): Promise<string[]> {
  return (await session.rows(storage, [oid, made])).map((row) => row["sql"] ?? "");
}

/** Options, and targets of the statistics. */
const storage = `SELECT format('ALTER TABLE %s SET (%s)', CAST($2 AS text), string_agg(format('%s = %L', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ')) AS sql
    FROM (SELECT unnest(reloptions) AS o FROM pg_class WHERE oid = CAST($1 AS oid)
      UNION ALL SELECT 'toast.' || unnest(t.reloptions) FROM pg_class c JOIN pg_class t ON t.oid = c.reltoastrelid WHERE c.oid = CAST($1 AS oid)) options HAVING count(*) > 0
  UNION ALL SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', CAST($2 AS text), attname, attstattarget) FROM pg_attribute
    WHERE attrelid = CAST($1 AS oid) AND attnum > 0 AND NOT attisdropped AND coalesce(attstattarget, -1) >= 0
  UNION ALL SELECT format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', CAST($2 AS text), attname, array_to_string(attoptions, ', ')) FROM pg_attribute
    WHERE attrelid = CAST($1 AS oid) AND attnum > 0 AND NOT attisdropped AND attoptions IS NOT NULL`;

/** The text of an index has the table's name in one place; one that does not begin as told is NULL, and refused. */
const indexes = `WITH i AS (SELECT x.indexrelid, x.indisclustered, x.indisreplident, c.relname, k.oid AS key, k.conname,
      CAST(c.relnamespace AS regnamespace) AS schema, coalesce((SELECT spcname FROM pg_tablespace WHERE oid = c.reltablespace), '') AS space,
      pg_get_indexdef(x.indexrelid) AS text, format('CREATE %sINDEX %I ON ', CASE WHEN x.indisunique THEN 'UNIQUE ' ELSE '' END, c.relname) AS head,
      CAST(CAST(x.indrelid AS regclass) AS text) || ' USING ' AS of_table
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
      LEFT JOIN pg_constraint k ON k.conindid = x.indexrelid AND k.conrelid = x.indrelid AND k.contype IN ('p', 'u', 'x')
    WHERE x.indrelid = CAST($1 AS oid))
  SELECT sql FROM (
    SELECT 1 AS step, indexrelid, format('ALTER INDEX %s.%I RENAME TO %I', schema, relname, 'loadline_old_' || indexrelid) AS sql FROM i
    UNION ALL SELECT 2, indexrelid, format('SET LOCAL default_tablespace = %L', space) FROM i
    UNION ALL SELECT 3, indexrelid, CASE WHEN conname IS NOT NULL THEN format('ALTER TABLE %s ADD CONSTRAINT %I %s', CAST($2 AS text), conname, pg_get_constraintdef(key))
      WHEN starts_with(text, head || of_table) THEN head || CAST($2 AS text) || ' USING ' || substr(text, length(head || of_table) + 1) END FROM i
    UNION ALL SELECT 4, indexrelid, format('COMMENT ON INDEX %s.%I IS %L', schema, relname, obj_description(indexrelid, 'pg_class')) FROM i WHERE obj_description(indexrelid, 'pg_class') IS NOT NULL
    UNION ALL SELECT 5, indexrelid, format('COMMENT ON CONSTRAINT %I ON %s IS %L', conname, CAST($2 AS text), obj_description(key, 'pg_constraint')) FROM i WHERE obj_description(key, 'pg_constraint') IS NOT NULL
    UNION ALL SELECT 6, indexrelid, format('ALTER TABLE %s CLUSTER ON %I', CAST($2 AS text), relname) FROM i WHERE indisclustered
    UNION ALL SELECT 7, indexrelid, format('ALTER TABLE %s REPLICA IDENTITY USING INDEX %I', CAST($2 AS text), relname) FROM i WHERE indisreplident) s
  ORDER BY step = 1 DESC, indexrelid, step`;

const foreignKeys = `SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', CAST($2 AS text), conname, pg_get_constraintdef(oid)) AS sql
  FROM pg_constraint WHERE contype = 'f' AND conrelid = CAST($1 AS oid)`;

/** Grants are the old table's and no others, whatever the default privileges of the schema gave the new one. */
const standing = `WITH old AS (SELECT * FROM pg_class WHERE oid = CAST($1 AS oid)),
    made AS (SELECT * FROM pg_class WHERE oid = CAST(CAST($2 AS regclass) AS oid)),
    own AS (SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE CAST(CAST(a.grantee AS regrole) AS text) END AS role, a.*
      FROM old, aclexplode(coalesce(old.relacl, acldefault('r', old.relowner))) a)
  SELECT sql FROM (
    SELECT 1 AS step, format('ALTER TABLE %s OWNER TO %s', CAST($2 AS text), CAST(relowner AS regrole)) AS sql FROM old
    UNION ALL SELECT 2, format('REVOKE ALL ON %s FROM %s', CAST($2 AS text), role) FROM (SELECT DISTINCT CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE CAST(CAST(grantee AS regrole) AS text) END AS role
      FROM made, aclexplode(coalesce(made.relacl, acldefault('r', made.relowner)))) g
    UNION ALL SELECT 3, format('GRANT %s ON %s TO %s%s', privilege_type, CAST($2 AS text), role, CASE WHEN is_grantable THEN ' WITH GRANT OPTION' ELSE '' END) FROM own
    UNION ALL SELECT 3, format('GRANT %s (%I) ON %s TO %s%s', a.privilege_type, c.attname, CAST($2 AS text),
        CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE CAST(CAST(a.grantee AS regrole) AS text) END, CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      FROM pg_attribute c, aclexplode(c.attacl) a WHERE c.attrelid = CAST($1 AS oid) AND c.attnum > 0 AND NOT c.attisdropped
    UNION ALL SELECT 4, format('COMMENT ON TABLE %s IS %L', CAST($2 AS text), obj_description(oid, 'pg_class')) FROM old WHERE obj_description(oid, 'pg_class') IS NOT NULL
    UNION ALL SELECT 5, format('ALTER TABLE %s REPLICA IDENTITY %s', CAST($2 AS text), CASE relreplident WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END) FROM old WHERE relreplident IN ('f', 'n')) s
  ORDER BY step`;

/** CREATE OR REPLACE keeps a view's own owner, grants, comments and what stands on it; its options are to be said again. */
const views = `SELECT DISTINCT format('CREATE OR REPLACE VIEW %s%s AS %s', CAST(v.oid AS regclass),
    (SELECT ' WITH (' || string_agg(format('%s = %s', split_part(o, '=', 1), substr(o, strpos(o, '=') + 1)), ', ') || ')' FROM unnest(v.reloptions) o), pg_get_viewdef(v.oid)) AS sql
  FROM pg_depend d JOIN pg_rewrite r ON d.classid = CAST('pg_rewrite' AS regclass) AND r.oid = d.objid JOIN pg_class v ON v.oid = r.ev_class
  WHERE d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = CAST($1 AS oid) AND v.relkind = 'v'`;

const owned = `FROM pg_depend d JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S' JOIN pg_sequence q ON q.seqrelid = s.oid
    JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
  WHERE d.classid = CAST('pg_class' AS regclass) AND d.refclassid = CAST('pg_class' AS regclass) AND d.refobjid = CAST($1 AS oid)`;

const sequences = `SELECT format('ALTER SEQUENCE %s OWNED BY %s.%I', CAST(s.oid AS regclass), CAST($2 AS text), a.attname) AS sql ${owned} AND d.deptype = 'a'`;

/** By the table's own name, which the new one has by then. */
const identities = `SELECT sql FROM (
    SELECT s.oid, 1 AS step, format('ALTER TABLE %s ALTER COLUMN %I ADD GENERATED %s AS IDENTITY (SEQUENCE NAME %s INCREMENT %s MINVALUE %s MAXVALUE %s START %s CACHE %s %sCYCLE)',
      CAST(d.refobjid AS regclass), a.attname, CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END, CAST(s.oid AS regclass),
      q.seqincrement, q.seqmin, q.seqmax, q.seqstart, q.seqcache, CASE WHEN q.seqcycle THEN '' ELSE 'NO ' END) AS sql ${owned} AND d.deptype = 'i'
    UNION ALL SELECT s.oid, 2, format('SELECT setval(%L, %s, %L)', CAST(s.oid AS regclass), coalesce(v.last_value, q.seqstart), v.last_value IS NOT NULL)
      ${owned.replace("WHERE", "CROSS JOIN LATERAL (SELECT pg_sequence_last_value(s.oid) AS last_value) v WHERE")} AND d.deptype = 'i'
    UNION ALL SELECT s.oid, 3, format('GRANT %s ON SEQUENCE %s TO %s%s', g.privilege_type, CAST(s.oid AS regclass),
        CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE CAST(CAST(g.grantee AS regrole) AS text) END, CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
      ${owned.replace("WHERE", "CROSS JOIN LATERAL aclexplode(s.relacl) g WHERE")} AND d.deptype = 'i') i ORDER BY oid, step`;

const statistics = `SELECT pg_get_statisticsobjdef(oid) AS sql FROM pg_statistic_ext WHERE stxrelid = CAST($1 AS oid)`;
