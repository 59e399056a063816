"""Devices that speak in a name of their own, and the Things that an operator said they are."""

from collections.abc import Mapping

from storage import db


def all_claims(conn: db.Connection) -> Mapping[tuple[str, str], str]:
    """(source, device) → Thing."""
    rows = conn.execute(db.statements("claims")["all_claims"]).fetchall()
    return {(row["source"], row["device"]): row["thing_id"] for row in rows}
