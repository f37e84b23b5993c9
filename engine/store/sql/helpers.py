"""Helper functions that lowered expressions call on PostgreSQL.

Made when an environment's schema is made or upgraded: each text is one statement and may be run any
number of times. They give NULL where the language has an error. All names begin with `patron_`.
"""

from __future__ import annotations

_LANGUAGES = {"sql": "sql IMMUTABLE", "plpgsql": "plpgsql IMMUTABLE STRICT"}


def _made(language: str, head: str, returns: str, body: str) -> str:
    return (
        f"CREATE OR REPLACE FUNCTION patron_{head} RETURNS {returns} "
        f"LANGUAGE {_LANGUAGES[language]} PARALLEL SAFE AS $$ {body} $$"
    )


def _sql(head: str, returns: str, body: str) -> str:
    return _made("sql", head, returns, body)


def _plpgsql(head: str, returns: str, body: str) -> str:
    return _made("plpgsql", head, returns, body)


# Letter case in all languages: ICU's rules where there are some, else those PostgreSQL brings.
_CASES = """
DO $do$
DECLARE found text;
BEGIN
  SELECT quote_ident(c.collname) INTO found FROM pg_collation c
  WHERE c.collname IN ('und-x-icu', 'pg_unicode_fast', 'C.utf8', 'default')
  ORDER BY array_position(ARRAY['und-x-icu', 'pg_unicode_fast', 'C.utf8'], c.collname::text)
  LIMIT 1;
  EXECUTE 'CREATE OR REPLACE FUNCTION patron_upper(t text, tongue text) RETURNS text '
    'LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$ SELECT upper((CASE WHEN tongue ~ ''^(tr|az)'' '
    'THEN translate(t, ''iı'', ''İI'') ELSE t END) COLLATE pg_catalog.' || found || ') '
    'COLLATE "C" $f$';
  EXECUTE 'CREATE OR REPLACE FUNCTION patron_lower(t text, tongue text) RETURNS text '
    'LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$ SELECT lower((CASE WHEN tongue ~ ''^(tr|az)'' '
    'THEN translate(t, ''Iİ'', ''ıi'') ELSE t END) COLLATE pg_catalog.' || found || ') '
    'COLLATE "C" $f$';
END $do$
"""

_DOUBLES = tuple(
    _plpgsql(
        f"{name}(x numeric)",
        "numeric",
        f"BEGIN IF {unless} THEN RETURN NULL; END IF; "
        f"RETURN round(({formula})::text::numeric, 39); END",
    )
    for name, unless, formula in (
        ("sqrt", "x < 0", "sqrt(x::double precision)"),
        ("ln", "x <= 0", "ln(x::double precision)"),
        ("log", "x <= 0", "ln(x::double precision) / ln(10::double precision)"),
        ("exp", "x > 230.2585", "CASE WHEN x < -600 THEN 0 ELSE exp(x::double precision) END"),
    )
)

# Whole powers by squaring; 400 places keep every digit that the result shows.
_POWER = """
DECLARE times integer; result numeric := 1; square numeric := base;
BEGIN
  IF abs(exponent) > 1000 OR exponent <> trunc(exponent) THEN RETURN NULL; END IF;
  IF base = 0 AND exponent < 0 THEN RETURN NULL; END IF;
  times := abs(exponent)::integer;
  IF base <> 0 AND times * abs(log(abs(base))) > 200 THEN
    IF (abs(base) > 1) = (exponent > 0) THEN RETURN NULL; END IF;
    RETURN 0;
  END IF;
  WHILE times > 0 LOOP
    IF times % 2 = 1 THEN result := round(result * square, 400); END IF;
    times := times / 2;
    IF times > 0 THEN square := round(square * square, 400); END IF;
  END LOOP;
  IF exponent < 0 THEN result := round(1, 60) / result; END IF;
  IF abs(result) >= 1e100 THEN RETURN NULL; END IF;
  RETURN round(result, 39);
END
"""

_NUMERAL = r"'\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,2})?\Z'"
_NUMBERS = (
    _plpgsql(  # bounded as `decimals.whole` is
        "whole(x numeric)",
        "integer",
        "BEGIN RETURN trunc(round(least(greatest(x, -1000000), 1000000), 30))::integer; END",
    ),
    *_DOUBLES,
    _plpgsql("power(base numeric, exponent numeric)", "numeric", _POWER),
    _plpgsql(
        "ceiling(x numeric)",
        "numeric",
        "BEGIN IF x < 0 THEN RETURN floor(x); END IF; RETURN ceil(x); END",
    ),
    *(
        _sql(
            f"{name}(VARIADIC v numeric[])",
            "numeric",
            "SELECT CASE WHEN array_position(v, NULL) IS NULL "
            f"THEN (SELECT {name}(x) FROM unnest(v) x) END",
        )
        for name in ("max", "min")
    ),
    _sql(
        "is_number(t text)",
        "boolean",
        f'SELECT length(t) <= 60 AND t COLLATE "C" ~ {_NUMERAL}',
    ),
    _plpgsql(
        "value(t text)",
        "numeric",
        "BEGIN IF NOT patron_is_number(t) THEN RETURN NULL; END IF; "
        "RETURN round(t::numeric, 39); END",
    ),
)

_TEXTS = (
    _sql(
        "find(wanted text, t text, start integer)",
        "numeric",
        "SELECT CASE WHEN wanted IS NULL OR t IS NULL OR start < 1 THEN 0 "
        "WHEN strpos(substr(t, coalesce(start, 1)), wanted) = 0 THEN 0 "
        "ELSE strpos(substr(t, coalesce(start, 1)), wanted) + coalesce(start, 1) - 1 END::numeric",
    ),
    _sql(
        "contains(t text, wanted text)",
        "boolean",
        "SELECT CASE WHEN wanted IS NULL THEN TRUE ELSE strpos(t, wanted) > 0 END",
    ),
    _sql(
        "begins(t text, start text)",
        "boolean",
        "SELECT CASE WHEN start IS NULL THEN TRUE ELSE starts_with(t, start) END",
    ),
    _plpgsql(
        "mid(t text, start integer, count integer)",
        "text",
        "BEGIN RETURN nullif(substr(t, greatest(start, 1), greatest(count, 0)), ''); END",
    ),
    _sql(
        "substitute(t text, old text, new text)",
        "text",
        "SELECT CASE WHEN length(t) + (length(t) - length(replace(t, old, ''))) / length(old) "
        "* (length(coalesce(new, '')) - length(old)) <= 30000 "
        "THEN nullif(replace(t, old, coalesce(new, '')), '') END",
    ),
    *(
        _plpgsql(
            f"{name}(t text, width integer, fill text)",
            "text",
            "BEGIN IF width > 30000 THEN RETURN NULL; END IF; "
            f"RETURN nullif({name}(t, greatest(width, 0), fill), ''); END",
        )
        for name in ("lpad", "rpad")
    ),
    _sql(
        "count_values(t text)",
        "numeric",
        "SELECT coalesce(length(t) - length(replace(t, ';', '')) - 1, 0)::numeric",
    ),
)

_FIRST_MS = "-62135596800000"  # the year 1
_LAST_MS = "253402300799999"  # the end of the year 9999

_DATES = (
    _sql(
        "instant(ms numeric)",
        "timestamptz",
        "SELECT TIMESTAMPTZ 'epoch' + ms::double precision * INTERVAL '1 millisecond'",
    ),
    _sql(
        "milliseconds(t timestamptz)",
        "numeric",
        "SELECT floor(extract(epoch FROM t)::numeric * 1000)",
    ),
    _plpgsql(
        "date(y integer, m integer, d integer)",
        "date",
        "BEGIN IF y < 1 OR y > 9999 OR m < 1 OR m > 12 OR d < 1 OR d > 31 THEN RETURN NULL; "
        "END IF; "
        "IF d > 28 AND d > extract(day FROM make_date(y, m, 1) + INTERVAL '1 month - 1 day') "
        "THEN RETURN NULL; END IF; RETURN make_date(y, m, d); END",
    ),
    _plpgsql(
        "add_days(start date, days integer)",
        "date",
        "BEGIN IF (start - DATE '0001-01-01') + days NOT BETWEEN 0 AND 3652058 THEN RETURN NULL; "
        "END IF; RETURN start + days; END",
    ),
    _plpgsql(
        "add_seconds(start timestamptz, seconds numeric)",
        "timestamptz",
        "DECLARE moved numeric := patron_milliseconds(start) + round(seconds) * 1000; "
        f"BEGIN IF moved NOT BETWEEN {_FIRST_MS} AND {_LAST_MS} THEN RETURN NULL; END IF; "
        "RETURN patron_instant(moved); END",
    ),
    _sql(
        "add_time(start timestamptz, days numeric)",
        "timestamptz",
        "SELECT patron_add_seconds(start, days * 86400)",
    ),
    _sql(
        "time_of(ms numeric)",
        "time",
        "SELECT TIME '00:00' + (((trunc(ms)::bigint % 86400000) + 86400000) % 86400000) "
        "* INTERVAL '1 millisecond'",
    ),
    _plpgsql(
        "add_milliseconds(start time, ms numeric)",
        "time",
        "DECLARE whole numeric := trunc(least(greatest(ms, -1e15), 1e15)); "
        "BEGIN RETURN patron_time_of(trunc(extract(epoch FROM start)::numeric * 1000) + whole); "
        "END",
    ),
    _sql(
        "milliseconds_between(a time, b time)",
        "numeric",
        "SELECT mod(trunc(extract(epoch FROM a)::numeric * 1000) "
        "- trunc(extract(epoch FROM b)::numeric * 1000) + 86400000, 86400000)",
    ),
    _sql(
        "time_between(a timestamptz, b timestamptz)",
        "numeric",
        "SELECT round(round(floor(extract(epoch FROM (a - b))::numeric * 1000), 39) "
        "/ 86400000, 39)",
    ),
    _plpgsql(
        "add_months(start date, months integer)",
        "date",
        "DECLARE total integer := extract(year FROM start)::integer * 12 "
        "+ extract(month FROM start)::integer - 1 + months; first date; last date; "
        "BEGIN IF total NOT BETWEEN 12 AND 119999 THEN RETURN NULL; END IF; "
        "first := make_date(total / 12, total % 12 + 1, 1); "
        "last := (first + INTERVAL '1 month - 1 day')::date; "
        "IF extract(month FROM start + 1) <> extract(month FROM start) THEN RETURN last; END IF; "
        "RETURN least(first + extract(day FROM start)::integer - 1, last); END",
    ),
    _plpgsql(
        "add_months_at(start timestamptz, months integer)",
        "timestamptz",
        "DECLARE utc timestamp := start AT TIME ZONE 'UTC'; moved date; "
        "BEGIN moved := patron_add_months(utc::date, months); "
        "RETURN (moved + utc::time) AT TIME ZONE 'UTC'; END",
    ),
    _plpgsql(
        "date_from_text(t text)",
        "date",
        r"DECLARE p text[] := regexp_match(t, '\A([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})\Z'); "
        "BEGIN IF p IS NULL THEN RETURN NULL; END IF; "
        "RETURN patron_date(p[1]::integer, p[2]::integer, p[3]::integer); END",
    ),
    _plpgsql(
        "time_from_text(t text)",
        "time",
        "DECLARE p text[] := regexp_match(t, "
        r"'\A([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:\.([0-9]{1,3}))?\Z'); "
        "BEGIN IF p IS NULL OR p[1]::integer > 23 OR p[2]::integer > 59 OR p[3]::integer > 59 "
        "THEN RETURN NULL; END IF; "
        "RETURN patron_time_of(p[1]::integer * 3600000 + p[2]::integer * 60000 "
        "+ p[3]::integer * 1000 + rpad(coalesce(p[4], '0'), 3, '0')::integer); END",
    ),
    _plpgsql(
        "datetime_from_text(t text)",
        "timestamptz",
        "DECLARE d date := patron_date_from_text(split_part(t, ' ', 1)); "
        "c text := rtrim(substr(t, length(split_part(t, ' ', 1)) + 2)); "
        "BEGIN IF strpos(c, '.') > 0 THEN RETURN NULL; END IF; "
        "RETURN (d + patron_time_from_text(c)) AT TIME ZONE 'UTC'; END",
    ),
)

POSTGRES_FUNCTIONS: tuple[str, ...] = (_CASES, *_NUMBERS, *_TEXTS, *_DATES)
