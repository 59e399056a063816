"""Creates the roles and the database on a server, whoever started that server."""

from __future__ import annotations

import psycopg
from psycopg import sql

OWNER = "hanoi"


def create_owner(superuser_url: str, password: str, dbname: str = OWNER) -> None:
    """Create the owner's role and its database with TimescaleDB, unless they are there."""
    _create_role(superuser_url, OWNER, "LOGIN CREATEROLE CREATEDB", password)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_database WHERE datname = %s"
        if connection.execute(query, (dbname,)).fetchone() is None:
            statement = sql.SQL("CREATE DATABASE {} OWNER {}")
            connection.execute(statement.format(sql.Identifier(dbname), sql.Identifier(OWNER)))
    with psycopg.connect(superuser_url, dbname=dbname, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")


def create_login(superuser_url: str, name: str, password: str, *, member_of: str) -> None:
    """Create a login role that has the rights of another role and none of its own."""
    _create_role(superuser_url, name, "LOGIN NOCREATEROLE NOCREATEDB INHERIT", password)
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        grant = sql.SQL("GRANT {} TO {}")
        connection.execute(grant.format(sql.Identifier(member_of), sql.Identifier(name)))


def _create_role(superuser_url: str, name: str, attributes: str, password: str) -> None:
    """Create a role, or alter it so that it has this password."""
    with psycopg.connect(superuser_url, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_roles WHERE rolname = %s"
        known = connection.execute(query, (name,)).fetchone() is not None
        statement = sql.SQL("{} ROLE {} {} PASSWORD {}").format(
            sql.SQL("ALTER" if known else "CREATE"),
            sql.Identifier(name),
            sql.SQL(attributes),
            sql.Literal(password),
        )
        connection.execute(statement)
