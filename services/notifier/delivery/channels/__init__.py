"""The channels that messages go by."""

from __future__ import annotations

from infra.runtime.settings import Settings
from services.notifier.delivery.channels.channel import Channel
from services.notifier.delivery.channels.mail import Mail, sender_of


def channels_of(settings: Settings) -> tuple[Channel, ...]:
    """Every channel, ready to be used. Errors: ``SenderProblem``."""
    return (Mail(settings.smtp, sender_of(settings.smtp)),)
