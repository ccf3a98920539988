"""The port to a payment gateway: Vipps MobilePay, Swish, a wallet's acquirer, a gift card's issuer.

An implementation calls the provider's service; it is given to the hub by hub/service.py. The attempt is the idempotency
key of the provider: the same order twice moves money once.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from appliance.core.gateway import Order, Standing


class GatewayDown(Exception):
    """The provider does not answer. Whether the order reached it is not known: it is looked for again."""


class PaymentGateway(Protocol):
    """What the hub needs of a provider. One thread calls; a call blocks for a few seconds at most. GatewayDown."""

    def take(self, order: Order) -> Standing:
        """Begin to take the money of an order, or refund its original. `order.code` is kept nowhere."""
        ...

    def find(self, attempt: UUID) -> Standing | None:
        """Say where an order stands; None if the provider does not know it."""
        ...

    def cancel(self, attempt: UUID) -> Standing:
        """Stop an order if that is still possible. One that the provider does not know will never be carried out."""
        ...

    def capture(self, attempt: UUID) -> Standing:
        """Take the money that the customer has agreed to."""
        ...
