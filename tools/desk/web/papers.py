"""What the page gives to print and to keep: a record of test as PDF, the scheme as CSV. Drawn beside the desk's loop."""

import asyncio
import datetime

from starlette.responses import PlainTextResponse, Response


class Papers:
    """`desk()`: the desk, once it is asked."""

    def __init__(self, desk):
        self._desk = desk

    async def record(self, request):
        """`?record=N`: the record of test N."""
        number = request.query_params.get("record", "")
        desk = self._desk()
        entry = desk.tests.store.record(int(number)) if number.isascii() and number.isdigit() and len(number) < 16 else None
        if entry is None:
            return PlainTextResponse("There is no such record of test.", 404)
        unit = desk.config.units.get(entry["unit"])
        try:
            data = await asyncio.to_thread(_drawn, entry, unit)
        except ValueError as error:
            return PlainTextResponse(f"Record {number}: {error}.", 404)
        return _file(data, "application/pdf", f"record-of-test-{entry['n']}.pdf")

    async def table(self, request):
        from tools.records.table import table  # here, as below

        desk = self._desk()
        units = {address: unit.label for address, unit in desk.config.units.items()}
        text = table(desk.tests.store, units, datetime.date.fromtimestamp(desk.wall_ms() / 1000))
        return _file(text.encode("utf-8-sig"), "text/csv; charset=utf-8", "tests.csv")


def _drawn(entry, unit):
    from tools.records import page  # here: a desk that prints nothing does not load it
    from tools.records.sheet import sheet

    return page.pdf(sheet(entry, unit.label if unit else "", unit.locations if unit else None))


def _file(data, kind, name):
    return Response(data, media_type=kind, headers={"content-disposition": f'attachment; filename="{name}"'})
