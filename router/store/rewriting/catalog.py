"""Queries of PostgreSQL's catalog about one table, `%(table)s`, in the current schema."""

from __future__ import annotations

PREFIX = "beagle_rewrite_"
"""How the names of everything begin that exists only while a table is rewritten."""

OID = "(quote_ident(current_schema()) || '.' || quote_ident(%(table)s))::regclass"

# By its name, with all tables of its schema, or with all of the database: the copy would be, too.
PUBLISHED = "schemaname = current_schema() AND tablename = %(table)s"

NAMED = f"""
SELECT quote_ident(space.nspname), quote_ident(space.nspname) || '.' || quote_ident(class.relname),
  quote_ident(class.relname), quote_ident(pg_get_userbyid(class.relowner))
FROM pg_class AS class JOIN pg_namespace AS space ON space.oid = class.relnamespace
WHERE class.oid = {OID}
"""

# The first reason, so that there is one row or none.
OBSTACLES = f"""
SELECT reason FROM (
  SELECT 1 AS rank, 'it is not a plain table' AS reason FROM pg_class AS class
    WHERE class.oid = {OID} AND (class.relkind <> 'r' OR class.relispartition
      OR class.relpersistence <> 'p' OR class.reloftype <> 0)
  UNION ALL SELECT 2, 'another table inherits from it' FROM pg_inherits
    WHERE {OID} IN (inhparent, inhrelid)
  UNION ALL SELECT 3, 'the database user is not its owner' FROM pg_class AS class
    WHERE class.oid = {OID} AND NOT pg_has_role(class.relowner, 'USAGE')
  UNION ALL SELECT 4, 'the database user may not create tables in schema ' || current_schema()
    WHERE NOT has_schema_privilege(current_schema(), 'CREATE')
  UNION ALL SELECT 5, 'the database user may not write functions in plpgsql'
    WHERE NOT has_language_privilege('plpgsql', 'USAGE')
  UNION ALL SELECT 6, 'it has no primary key' WHERE NOT EXISTS (
    SELECT FROM pg_index WHERE indrelid = {OID} AND indisprimary)
  UNION ALL SELECT 7, 'the view ' || rewrite.ev_class::regclass || ' reads it'
    FROM pg_depend AS depend JOIN pg_rewrite AS rewrite ON rewrite.oid = depend.objid
    WHERE depend.classid = 'pg_rewrite'::regclass AND depend.refclassid = 'pg_class'::regclass
      AND depend.refobjid = {OID}
  UNION ALL SELECT 8, 'it has an identity column' FROM pg_attribute
    WHERE attrelid = {OID} AND attidentity <> ''
  UNION ALL SELECT 9, 'it has an exclusion constraint' FROM pg_constraint
    WHERE conrelid = {OID} AND contype = 'x'
  UNION ALL SELECT 10, 'it has policies for rows' FROM pg_class AS class
    WHERE class.oid = {OID} AND (class.relrowsecurity
      OR EXISTS (SELECT FROM pg_policy WHERE polrelid = class.oid))
  UNION ALL SELECT 11, 'it has statistics of several columns' FROM pg_statistic_ext
    WHERE stxrelid = {OID}
  UNION ALL SELECT 12, 'the publication ' || pubname || ' replicates it'
    FROM pg_publication_tables WHERE {PUBLISHED}
  UNION ALL SELECT 13, 'it lies in another tablespace than the database' FROM pg_class AS class
    WHERE class.oid = {OID} AND class.reltablespace <> 0
  UNION ALL SELECT 14, 'the trigger ' || tgname || ' is switched off or fires on a replica'
    FROM pg_trigger WHERE tgrelid = {OID} AND NOT tgisinternal AND tgenabled <> 'O'
) AS reasons ORDER BY rank LIMIT 1
"""

COLUMNS = f"""
SELECT quote_ident(attribute.attname) AS name, attribute.attgenerated <> '' AS generated,
  array_position(index.indkey::smallint[], attribute.attnum) AS place
FROM pg_attribute AS attribute
JOIN pg_index AS index ON index.indrelid = attribute.attrelid AND index.indisprimary
WHERE attribute.attrelid = {OID} AND attribute.attnum > 0 AND NOT attribute.attisdropped
ORDER BY attribute.attnum
"""

# A constraint's index is made like any other and then given to the constraint.
INDEXES = f"""
SELECT quote_ident(own.relname) AS name, pg_get_indexdef(own.oid) AS definition,
  'CREATE ' || CASE WHEN index.indisunique THEN 'UNIQUE ' ELSE '' END || 'INDEX ' AS beginning,
  quote_ident(space.nspname) || '.' || quote_ident(class.relname) AS table_name,
  CASE con.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' ELSE '' END AS kind,
  CASE WHEN con.condeferrable THEN ' DEFERRABLE' ELSE '' END
    || CASE WHEN con.condeferred THEN ' INITIALLY DEFERRED' ELSE '' END AS deferring
FROM pg_index AS index JOIN pg_class AS own ON own.oid = index.indexrelid
JOIN pg_class AS class ON class.oid = index.indrelid
JOIN pg_namespace AS space ON space.oid = class.relnamespace
LEFT JOIN pg_constraint AS con ON con.conindid = own.oid AND con.conrelid = class.oid
  AND con.contype IN ('p', 'u')
WHERE class.oid = {OID} ORDER BY index.indisprimary DESC, own.relname
"""

FOREIGN_KEYS = f"""
SELECT quote_ident(con.conname), quote_ident(space.nspname) || '.' || quote_ident(class.relname),
  quote_ident(upper.nspname) || '.' || quote_ident(parent.relname),
  replace(pg_get_constraintdef(con.oid), ' NOT VALID', '')
FROM pg_constraint AS con JOIN pg_class AS class ON class.oid = con.conrelid
JOIN pg_namespace AS space ON space.oid = class.relnamespace
JOIN pg_class AS parent ON parent.oid = con.confrelid
JOIN pg_namespace AS upper ON upper.oid = parent.relnamespace
WHERE con.contype = 'f' AND {OID} IN (con.conrelid, con.confrelid) ORDER BY con.conname, con.oid
"""

TRIGGERS = f"""
SELECT pg_get_triggerdef(oid) FROM pg_trigger
WHERE tgrelid = {OID} AND NOT tgisinternal AND NOT starts_with(tgname, '{PREFIX}') ORDER BY tgname
"""

# Sequences that are dropped with the table, and the column that each belongs to.
SEQUENCES = f"""
SELECT quote_ident(space.nspname) || '.' || quote_ident(own.relname) AS sequence,
  quote_ident(attribute.attname) AS owned
FROM pg_depend AS depend JOIN pg_class AS own ON own.oid = depend.objid AND own.relkind = 'S'
JOIN pg_namespace AS space ON space.oid = own.relnamespace
JOIN pg_attribute AS attribute ON attribute.attrelid = depend.refobjid
  AND attribute.attnum = depend.refobjsubid
WHERE depend.classid = 'pg_class'::regclass AND depend.refclassid = 'pg_class'::regclass
  AND depend.refobjid = {OID} AND depend.deptype = 'a' ORDER BY 1
"""

# `{table}` is the copy's name. LIKE takes none of this over.
GRANTS = f"""
WITH class AS (SELECT * FROM pg_class WHERE oid = {OID}), item AS (
  SELECT entry.*, '' AS of_column, class.relowner FROM class, aclexplode(class.relacl) AS entry
  UNION ALL SELECT entry.*, ' (' || quote_ident(attribute.attname) || ')', class.relowner
  FROM class JOIN pg_attribute AS attribute ON attribute.attrelid = class.oid
    AND NOT attribute.attisdropped, aclexplode(attribute.attacl) AS entry
)
SELECT 'GRANT ' || privilege_type || of_column || ' ON {{table}} TO '
  || CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
  || CASE WHEN is_grantable AND grantee <> relowner THEN ' WITH GRANT OPTION' ELSE '' END
FROM item ORDER BY of_column, grantee, privilege_type
"""

OPTIONS = f"""
SELECT 'ALTER TABLE {{table}} SET (' || prefix || split_part(entry, '=', 1) || ' = '
  || quote_literal(substr(entry, strpos(entry, '=') + 1)) || ')'
FROM (
  SELECT '' AS prefix, unnest(class.reloptions) AS entry FROM pg_class AS class
    WHERE class.oid = {OID}
  UNION ALL SELECT 'toast.', unnest(toast.reloptions) FROM pg_class AS class
    JOIN pg_class AS toast ON toast.oid = class.reltoastrelid WHERE class.oid = {OID}
) AS options
UNION ALL SELECT 'ALTER TABLE {{table}} ALTER COLUMN ' || quote_ident(attname)
  || ' SET STATISTICS ' || attstattarget
FROM pg_attribute WHERE attrelid = {OID} AND attnum > 0 AND NOT attisdropped AND attstattarget >= 0
UNION ALL SELECT 'COMMENT ON TABLE {{table}} IS ' || quote_literal(said)
  FROM obj_description({OID}, 'pg_class') AS said WHERE said IS NOT NULL
ORDER BY 1
"""

DEFINITION = f"""
SELECT jsonb_pretty(jsonb_build_object(
  'table', (SELECT jsonb_build_array(pg_get_userbyid(class.relowner), class.relpersistence,
      class.relreplident, class.reltablespace, class.relam, class.reloptions, toast.reloptions,
      class.relrowsecurity, obj_description(class.oid, 'pg_class'),
      (SELECT jsonb_agg(to_jsonb(entry) ORDER BY to_jsonb(entry)::text)
        FROM aclexplode(coalesce(class.relacl, acldefault('r', class.relowner))) AS entry))
    FROM pg_class AS class LEFT JOIN pg_class AS toast ON toast.oid = class.reltoastrelid
    WHERE class.oid = {OID}),
  'columns', (SELECT jsonb_agg(jsonb_build_array(attribute.attname,
      format_type(attribute.atttypid, attribute.atttypmod), attribute.attnotnull,
      attribute.attstorage, attribute.attcompression, attribute.attcollation,
      attribute.attidentity, attribute.attgenerated, nullif(attribute.attstattarget, -1),
      attribute.attacl::text, attribute.attoptions::text,
      pg_get_expr(preset.adbin, preset.adrelid),
      col_description(attribute.attrelid, attribute.attnum)) ORDER BY attribute.attnum)
    FROM pg_attribute AS attribute LEFT JOIN pg_attrdef AS preset
      ON preset.adrelid = attribute.attrelid AND preset.adnum = attribute.attnum
    WHERE attribute.attrelid = {OID} AND attribute.attnum > 0 AND NOT attribute.attisdropped),
  'indexes', (SELECT jsonb_agg(jsonb_build_array(pg_get_indexdef(index.indexrelid),
      index.indisclustered, index.indisreplident, index.indisvalid,
      obj_description(index.indexrelid, 'pg_class')) ORDER BY pg_get_indexdef(index.indexrelid))
    FROM pg_index AS index WHERE index.indrelid = {OID}),
  'constraints', (SELECT jsonb_agg(jsonb_build_array(con.conname, con.conrelid::regclass::text,
      replace(pg_get_constraintdef(con.oid), ' NOT VALID', ''),
      obj_description(con.oid, 'pg_constraint')) ORDER BY con.conrelid::regclass::text, con.conname)
    FROM pg_constraint AS con WHERE {OID} IN (con.conrelid, con.confrelid)),
  'triggers', (SELECT jsonb_agg(jsonb_build_array(pg_get_triggerdef(oid), tgenabled,
      obj_description(oid, 'pg_trigger')) ORDER BY tgname)
    FROM pg_trigger
    WHERE tgrelid = {OID} AND NOT tgisinternal AND NOT starts_with(tgname, '{PREFIX}')),
  'sequences', (SELECT jsonb_agg(jsonb_build_array(own.relname, depend.refobjsubid > 0)
      ORDER BY own.relname)
    FROM pg_depend AS depend JOIN pg_class AS own ON own.oid = depend.objid AND own.relkind = 'S'
    WHERE depend.classid = 'pg_class'::regclass AND depend.refclassid = 'pg_class'::regclass
      AND depend.refobjid = {OID} AND depend.deptype = 'a'),
  'publications', (SELECT count(*) FROM pg_publication_tables WHERE {PUBLISHED}),
  'statistics', (SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = {OID}),
  'views', (SELECT count(*) FROM pg_depend
    WHERE classid = 'pg_rewrite'::regclass AND refclassid = 'pg_class'::regclass
      AND refobjid = {OID})
))
"""
