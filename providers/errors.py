"""What a provider raises; a stage turns each into an event, so none crosses the mailbox.

- ``ProviderError``: catch this to catch everything below; ``retryable`` tells whether trying the
  same thing again may help.
    - ``ProviderConfigurationError``: unknown provider, unknown or wrong option, missing secret.
    - ``ProviderMissing``: a program, package or model it needs is not on this machine.
    - ``ProviderRefused``: the service said no and will say no again (key, model, request).
    - ``ProviderTimeout``: no answer in time.  Retryable.
    - ``ProviderUnavailable``: the process died, the connection broke, the service is overloaded.
      Retryable.
    - ``ProviderAnswerError``: an answer came, and it is not what the protocol promises.  Retryable.
"""

from __future__ import annotations


class ProviderError(Exception):
    """The root of the tree.

    Attributes:
        retryable: trying the same thing again may help.
    """

    retryable: bool = False


class ProviderConfigurationError(ProviderError):
    """Unknown provider, unknown or wrong option, missing secret."""


class ProviderMissing(ProviderError):
    """A program, package or model it needs is not on this machine."""


class ProviderRefused(ProviderError):
    """The service said no and will say no again: key, model, request."""


class ProviderTimeout(ProviderError):
    """No answer in time."""

    retryable = True


class ProviderUnavailable(ProviderError):
    """The process died, the connection broke, the service is overloaded."""

    retryable = True


class ProviderAnswerError(ProviderError):
    """An answer came, and it is not what the protocol promises."""

    retryable = True
