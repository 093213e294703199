"""Loads the programs that a unit needs for minutes in a quarter: the test, the sending of its record, the opening of its console.

app.py lets go of all modules after the start, and so does this after each load: what runs holds what it needs, and once that is
over the heap has all of it back, but for names that were new. So what is loaded here must need no module of firmware/ outside
firmware/walk and firmware/core/walk: it would be there a second time. Source: FACTS (heap); docs/testing.md, docs/rom.md.
"""

import gc
import sys

from micropython import const

_TEST_BYTES = const(45000)  # it takes 21 KB of the virtual board; what app.py keeps for a call and speech is left beside it
_SHELF_BYTES = const(25000)
_SERVICE_BYTES = const(12000)
_PROOF_BYTES = const(16000)  # either takes 6 KB; also while a test of the engineer is loaded


def test_program():
    """walk.run.Walk. Raises MemoryError if there is too little room, ImportError if it is not there."""
    _make_room(_TEST_BYTES)
    try:
        from firmware.walk.run import Walk

        return Walk
    finally:
        _let_go()


def sender():
    """walk.sending.Sender, likewise."""
    _make_room(_SHELF_BYTES)
    try:
        from firmware.walk.sending import Sender

        return Sender
    finally:
        _let_go()


def proofs():
    """proofs.Proofs, likewise."""
    _make_room(_PROOF_BYTES)
    try:
        from firmware.proofs import Proofs

        return Proofs
    finally:
        _let_go()


def audio_loop():
    """audio_loop.AudioLoop, likewise."""
    _make_room(_PROOF_BYTES)
    try:
        from firmware.audio_loop import AudioLoop

        return AudioLoop
    finally:
        _let_go()


def service():
    """service.Service, likewise."""
    _make_room(_SERVICE_BYTES)
    try:
        from firmware.service import Service

        return Service
    finally:
        _let_go()


def _make_room(least_bytes):
    gc.collect()
    if gc.mem_free() < least_bytes:
        raise MemoryError


def _let_go():
    kept = {name: sys.modules[name] for name in sys.modules if name.split(".")[0] != "firmware"}
    sys.modules.clear()
    sys.modules.update(kept)
    gc.collect()
