"""Wiring pages of the boards, docs/boards/NAME.md and NAME.svg, made from the board files so that they cannot drift.

    board_configs/NAME.json         what the firmware uses: pins, polarity, resistors of a line
    tools/wiring/products/NAME.json what an installer sees: pads and their names, supply, parts; the unit has no use for it

Which pin goes where is said by the board file alone. `python -m tools.wiring --write | --check [NAME ...]`.
"""
