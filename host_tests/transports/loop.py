"""What MicroPython's asyncio has and CPython's lacks, so that one test runs in both: import this before the code under test."""

import asyncio

if not hasattr(asyncio, "sleep_ms"):
    asyncio.sleep_ms = lambda ms: asyncio.sleep(ms / 1000)
