"""The only SQL: tables, DDL, plans executed, expressions and row policies lowered, the platform.

`database` and `tx` talk to the drivers; `selecting`, `reading`, `writing`, `rolling` and
`refilling` carry out plans; `lower` and `sql/` write expressions; `ddl/` makes tables; `platform/`
keeps versions, people and the companions of records. Only this room imports SQLAlchemy.
"""
