"""The nap of the loop. MicroPython only: it stands on that asyncio's task queue; under pytest this file has no tests."""

import gc
import sys

if sys.implementation.name == "micropython":
    import asyncio
    import time

    from firmware.nap import Nap

    def run(coroutine):
        return asyncio.run(asyncio.wait_for(coroutine, 10))

    def test_a_nap_ends_early_when_it_is_woken_and_on_time_when_it_is_not():
        async def main():
            nap, slept = Nap(), []

            async def sleeper():
                for ms in (5000, 60):
                    start = time.ticks_ms()
                    await nap.begin(ms)
                    nap.end()
                    slept.append(time.ticks_diff(time.ticks_ms(), start))

            task = asyncio.create_task(sleeper())
            await asyncio.sleep_ms(20)
            nap.wake()
            await task
            assert slept[0] < 2500 and slept[1] >= 60

        run(main())

    def test_a_wake_before_the_nap_is_not_lost():
        async def main():
            nap = Nap()
            nap.wake()
            start = time.ticks_ms()
            await nap.begin(5000)
            nap.end()
            assert time.ticks_diff(time.ticks_ms(), start) < 2500

        run(main())

    def test_waking_many_times_while_others_run_keeps_the_task_queue_whole():
        async def main():
            nap, count = Nap(), [0, 0]

            async def sleeper():
                while True:
                    await nap.begin(1000)
                    nap.end()
                    count[0] += 1

            async def other():
                while True:
                    await asyncio.sleep_ms(1)
                    count[1] += 1

            tasks = [asyncio.create_task(sleeper()), asyncio.create_task(other())]
            for i in range(300):
                nap.wake()
                if i % 3:
                    nap.wake()
                await asyncio.sleep_ms(0)
            before = count[1]
            while count[1] < before + 5:
                await asyncio.sleep_ms(1)
            assert count[0] > 100
            for task in tasks:
                task.cancel()

        run(main())

    def test_napping_allocates_nothing():
        async def main():
            nap = Nap()
            await nap.begin(0)
            nap.end()
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            for _ in range(100):
                await nap.begin(0)
                nap.end()
            used = gc.mem_alloc() - before
            gc.enable()
            assert used < 100, used

        run(main())
