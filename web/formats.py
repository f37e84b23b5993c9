"""Values as people read them: numbers, money, dates and times in a language and a time zone.

`Formats` is made once per language, currency and zone and is called for every cell, so patterns are
looked up once.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal

HOUR = 3600
DAY = 24 * HOUR


class Formats:
    """Formats values for one language, company currency and time zone."""

    def __init__(self, language: str, zone: str, currency: str) -> None:
        self.locale = Locale.parse(language)
        self.zone = ZoneInfo(zone)
        self.currency_code = currency

    def number(self, value: Decimal | int, decimals: int = 0) -> str:
        """Give a number with exactly `decimals` digits after the point."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, format=pattern, locale=self.locale)

    def currency(self, value: Decimal | int, code: str = "", decimals: int = 2) -> str:
        """Give an amount in a currency, the company's unless `code` names another."""
        whole = decimals == 0 or value == int(value)
        return format_currency(
            value,
            code or self.currency_code,
            locale=self.locale,
            currency_digits=False,
            format=_money_pattern(self.locale, 0 if whole else decimals),
        )

    def percent(self, value: Decimal) -> str:
        """Give a fraction as a percentage: 0.18 is 18 %."""
        points = (value * 100).normalize()
        text = format_decimal(points, format="#,##0.####", locale=self.locale)
        return f"{text}\N{NO-BREAK SPACE}%"

    def day(self, value: date) -> str:
        """Give a day, like 30 Nov 2026."""
        return format_date(value, format="d MMM y", locale=self.locale)

    def clock(self, value: time) -> str:
        """Give a time of day with hours and minutes."""
        return format_time(value, format="short", locale=self.locale)

    def moment(self, value: datetime) -> str:
        """Give an instant in the visitor's time zone."""
        local = self.local(value)
        return format_datetime(local, format="d MMM y, HH:mm", locale=self.locale)

    def ago(self, value: datetime, now: datetime) -> str:
        """Give how long ago an instant is: `2 hours ago`; from a week on the day itself."""
        seconds = (now - value).total_seconds()
        if seconds >= 7 * DAY:
            return self.day(self.local(value).date())
        return format_timedelta(-(now - value), add_direction=True, locale=self.locale)

    def local(self, value: datetime) -> datetime:
        """Give an instant in the visitor's time zone; one without a zone is UTC."""
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return aware.astimezone(self.zone)


def _money_pattern(locale: Locale, decimals: int) -> str:
    """Give the currency pattern of a locale with so many digits after the point."""
    pattern = str(locale.currency_formats["standard"].pattern)
    return pattern.replace(".00", "." + "0" * decimals if decimals else "")


@lru_cache(maxsize=256)
def formats(language: str, zone: str, currency: str) -> Formats:
    """Give the formats of a language, zone and company currency, made once."""
    return Formats(language, zone, currency)
