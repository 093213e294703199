"""What one can buy and touch: pads and their printed names, what is on the board already, supply and parts. Data, host only."""

import json
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "products"
FIELDS = ("product", "faces", "connectors", "rails", "on_board", "beside", "supply", "network", "parts", "notes")
_CONNECTOR = {"name", "side", "first_row", "pins", "printed", "source", "verified"}
_OPTIONAL = {"numbered", "last_first"}
_ON_BOARD = {"power.mains", "power.battery"}


class WiringError(Exception):
    """These pages cannot be made; the text names file and remedy."""


def load(name, folder=FOLDER):
    """The product of a board, with what it inherits. Raises WiringError."""
    whole, seen = {}, []
    while name is not None:
        if name in seen:
            raise WiringError(f"{name}.json: inherits from itself by way of {', '.join(seen)}")
        seen.append(name)
        own = _read(Path(folder) / f"{name}.json")
        whole = own | whole
        name = own.get("inherits")
    whole.pop("inherits", None)
    complain = complaints(whole)
    if complain:
        raise WiringError(f"{seen[0]}.json: " + "; ".join(complain))
    return whole


def _read(file):
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WiringError(f"{file}: missing; a board needs one with its pads (docs/boards.md)") from None
    except ValueError as error:
        raise WiringError(f"{file}: no JSON: {error}") from None


def complaints(product):
    """What is wrong with a product; a list of texts."""
    found = [f"{field}: missing" for field in FIELDS if field not in product]
    found += [f"{field}: unknown" for field in sorted(product) if field not in FIELDS]
    for connector in product.get("connectors", ()):
        name = connector.get("name", "?")
        found += [f"connector {name}: {field} missing" for field in sorted(_CONNECTOR - set(connector))]
        found += [f"connector {name}: {field} unknown" for field in sorted(set(connector) - _CONNECTOR - _OPTIONAL)]
        if connector.get("side") not in ("left", "right"):
            found.append(f"connector {name}: side left or right wanted")
        own = {str(pin) for pin in connector.get("pins", ())}
        strange = [pin for pin in connector.get("printed", ()) if pin not in own]
        found += [f"connector {name}: printed names {pin}, which it has not" for pin in strange]
    places = [pin for connector in product.get("connectors", ()) for pin in connector.get("pins", ()) if isinstance(pin, int)]
    found += [f"GPIO {pin} is led out twice" for pin in sorted(set(places)) if places.count(pin) > 1]
    found += [f"rails: {rail} missing" for rail in ("logic", "amplifier", "reset") if rail not in product.get("rails", {})]
    found += [f"on_board: {field} unknown" for field in product.get("on_board", ()) if field not in _ON_BOARD]
    return found
