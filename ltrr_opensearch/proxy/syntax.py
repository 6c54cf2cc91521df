"""Whether a query_string or simple_query_string is plain words, or uses the operators of its little language.

An operator may exclude or require (`-used`, `+new`, `brand:acme`); a plan that only knows the words would then show
what the person had ruled out. So anything but plain words is left to the cluster.
"""

from __future__ import annotations

import re

_QUERY_STRING = re.compile(r'[!():^\[\]{}"~*?\\/<>]|&&|\|\||(?:^|\s)[+-]|\b(?:AND|OR|NOT)\b')
"""The operators of Lucene's classic query parser, with OpenSearch's `field:>10`."""

_SIMPLE_QUERY_STRING = re.compile(r'["|+()*~\\]|(?:^|\s)-')


def plain_query_string(text: str) -> bool:
    return _QUERY_STRING.search(text) is None


def plain_simple_query_string(text: str) -> bool:
    return _SIMPLE_QUERY_STRING.search(text) is None
