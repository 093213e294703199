"""Service mode of a unit: its console is opened with its claim code, over a serial line (docs/service-mode.md)."""

from tools.service.line import Console, ServiceError

__all__ = ["Console", "ServiceError"]
