"""The alarm desk: the reference far end of the protocol in docs/protocol.md.

It stores every call in SQLite before it sends the receipt, routes by duty, answers, clears and watches the units.
It is written from the protocol page alone and imports nothing of the firmware. Its own interface: docs/desk-api.md.
"""
