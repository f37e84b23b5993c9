"""Names of indexes are stable and fit."""

from __future__ import annotations

from engine.store.naming import index_name, unique_name


def test_names_say_what_they_index():
    """Whoever reads a plan of the database sees table and columns."""
    assert index_name("opportunity", ["owner", "amount desc"]).startswith(
        "ix_opportunity_owner_amount_desc_"
    )
    assert unique_name("contact", ["email"]).startswith("ux_contact_email_")


def test_names_that_read_alike_stay_different():
    """A column `a_b` and the columns `a`, `b` are two indexes, as are a table `t_a` and `t`."""
    names = {
        index_name("t", ["a_b"]),
        index_name("t", ["a", "b"]),
        index_name("t_a", ["b"]),
        unique_name("t", ["a_b"]),
    }

    assert len(names) == 4


def test_long_names_fit_and_stay_different():
    """PostgreSQL would cut after 63 bytes and mix two indexes up."""
    one = index_name("o" * 40, ["a" * 40, "b"])
    two = index_name("o" * 40, ["a" * 40, "c"])

    assert len(one) == len(two) == 63
    assert one != two
    assert one == index_name("o" * 40, ["a" * 40, "b"])
