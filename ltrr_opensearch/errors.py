"""Errors are a map; a message says what failed, on which value, and what to do.

LtrrError
├── SettingsError        a configuration file, a key, a value
├── ClusterError         the cluster could not do what was asked
│   ├── Unreachable      no connection, or no answer in time
│   ├── TooOld           a version that is not supported
│   ├── MissingPlugin    k-NN, LTR ... needed but not installed
│   └── Conflict         a mapping or template that contradicts ours
├── NodeError            the local node: no JDK, trimmed JDK, no Maven, does not start
├── DataError            a file or a record: place, value, what is expected
├── ModelError           a published part that is damaged, of another shape, or fails its checks
│   └── PartError        which part, so that the others can serve without it
├── EncoderError         a model that cannot be loaded, a vector of the wrong length
└── MissingExtra         an optional dependency, with the command that installs it

A lost plan is no error but an `Outcome`; a lost engine is a counted fall-back to the cluster's own answer.
"""

from __future__ import annotations


class LtrrError(Exception):
    """Root of all that we raise on purpose; the CLI prints its message without a trace and exits with 1."""


class SettingsError(LtrrError):
    pass


class ClusterError(LtrrError):
    pass


class Unreachable(ClusterError):
    pass


class TooOld(ClusterError):
    pass


class MissingPlugin(ClusterError):
    pass


class Conflict(ClusterError):
    pass


class NodeError(LtrrError):
    pass


class DataError(LtrrError):
    pass


class ModelError(LtrrError):
    pass


class PartError(ModelError):
    def __init__(self, kind: str, version: str, index: str, fault: str, remedy: str) -> None:
        super().__init__(f"{kind} {version} of index {index!r}: {fault}; {remedy}")
        self.kind = kind
        self.version = version


class EncoderError(LtrrError):
    pass


class MissingExtra(LtrrError):
    def __init__(self, module: str, extra: str) -> None:
        super().__init__(f"{module} is not installed; install it with: pip install 'ltrr-opensearch[{extra}]'")
