"""What every click model gives, and which there are. `learn.click_model` names the one that is used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

from ltrr_opensearch.learn.clicks.impressions import Floats, Impressions

DEFAULT = "position"


@dataclass(frozen=True, slots=True)
class Fitted:
    """What a log says under a model."""

    attractive: Floats
    """Per pair: probability that it is acted upon once it is looked at."""
    examined: Floats
    """Per impression: how surely it was looked at."""
    examination: Floats
    """Per position: how often it is looked at, relative to the first, never rising."""


ClickModel = Callable[[Impressions], Fitted]

MODULES = {"position": "position_based", "coec": "coec", "cascade": "cascade", "swaps": "swaps"}
"""Values of `learn.click_model`, with the module of each."""


def click_model(name: str) -> ClickModel:
    model: ClickModel = import_module(f"ltrr_opensearch.learn.clicks.{MODULES[name]}").fit
    return model
