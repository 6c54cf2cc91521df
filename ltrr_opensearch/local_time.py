"""When it is where the person is: by the time zone that the application says, else by the locale's country.

A country with several times of day says nothing, nor does a language alone; then UTC must do.
"""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from ltrr_opensearch.types import Asker

_CAPITALS = (
    ("Africa", "EG:Cairo GH:Accra KE:Nairobi MA:Casablanca NG:Lagos TN:Tunis ZA:Johannesburg"),
    ("America", "AR:Argentina/Buenos_Aires CO:Bogota CR:Costa_Rica PE:Lima UY:Montevideo VE:Caracas"),
    (
        "Asia",
        "AE:Dubai BD:Dhaka CN:Shanghai HK:Hong_Kong IL:Jerusalem IN:Kolkata JP:Tokyo KR:Seoul LK:Colombo "
        "MY:Kuala_Lumpur PH:Manila PK:Karachi QA:Qatar SA:Riyadh SG:Singapore TH:Bangkok TW:Taipei VN:Ho_Chi_Minh",
    ),
    (
        "Europe",
        "AL:Tirane AT:Vienna BA:Sarajevo BE:Brussels BG:Sofia CH:Zurich CZ:Prague DE:Berlin DK:Copenhagen EE:Tallinn "
        "FI:Helsinki FR:Paris GB:London GR:Athens HR:Zagreb HU:Budapest IE:Dublin IT:Rome LT:Vilnius LU:Luxembourg "
        "LV:Riga MK:Skopje MT:Malta NL:Amsterdam NO:Oslo PL:Warsaw RO:Bucharest RS:Belgrade SE:Stockholm SI:Ljubljana "
        "SK:Bratislava TR:Istanbul UA:Kyiv",
    ),
)
_ZONE_OF = {one[:2]: f"{continent}/{one[3:]}" for continent, countries in _CAPITALS for one in countries.split()}
"""ISO 3166 country with one civil time (overseas parts aside) -> its IANA zone."""


def local_time(at: datetime, asker: Asker) -> tuple[datetime, bool]:
    """The time on the person's clock, and whether it is known; UTC where not."""
    zone = _zone(asker.time_zone, asker.locale)
    return (at, False) if zone is None else (at.astimezone(zone), True)


@lru_cache(maxsize=512)
def country_of(locale: str | None) -> str:
    """The country of a locale like `de-AT`, `de_AT.UTF-8` or `zh-Hant-TW`; empty where it names none."""
    parts = (locale or "").split(".")[0].split("@")[0].replace("_", "-").split("-")[1:]
    return next((p.upper() for p in parts if len(p) == 2 and p.isascii() and p.isalpha()), "")


@lru_cache(maxsize=512)
def _zone(time_zone: str | None, locale: str | None) -> tzinfo | None:
    for name in (time_zone, _ZONE_OF.get(country_of(locale))):
        try:
            if name:
                return ZoneInfo(name)
        except (KeyError, OSError, ValueError):  # no such zone, or nothing that could be the name of one
            continue
    return None
