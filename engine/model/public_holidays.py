"""The public holidays of countries and their parts, by year.

The only place that knows the library of holidays. It is loaded when a calendar is first asked, not
with the product: it weighs as much as everything else that a start loads.
"""

from __future__ import annotations

import importlib
from datetime import date
from functools import cache
from typing import Any

# Countries that the library knows, two letters each (ISO 3166); a test compares.
_CODES = (
    "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCI"
    "CKCLCMCNCOCRCUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQ"
    "GRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISITJEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLS"
    "LTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZOMPAPEPFPG"
    "PHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTK"
    "TLTMTNTOTRTTTVTWTZUAUGUKUMUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW"
)
COUNTRIES = frozenset(_CODES[place : place + 2] for place in range(0, len(_CODES), 2))


def days_off(place: str, year: int) -> frozenset[date]:
    """Give the public holidays of a year in a country or a part of one (`FR`, `DE-BY`)."""
    return _days_off(place, year)


def parts_of(country: str) -> frozenset[str]:
    """Give the parts of a country that have holidays of their own, as `DE-BY` ends."""
    known = _library().list_supported_countries().get(country, ())
    return frozenset(map(str, known))


@cache
def _days_off(place: str, year: int) -> frozenset[date]:
    country, _, part = place.partition("-")
    found = _library().country_holidays(country, subdiv=part or None, years=year)
    return frozenset(day for day in found if day.year == year)


@cache
def _library() -> Any:
    """Load the library. Any: it is loaded by name, when it is needed."""
    return importlib.import_module("holidays")
