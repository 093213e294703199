"""Programs that are loaded for minutes. MicroPython only, where a module that nobody holds leaves the heap: under pytest it has
no tests."""

import sys

if sys.implementation.name == "micropython":
    import gc

    from firmware import on_demand

    def ours():
        return [name for name in sys.modules if name.split(".")[0] == "firmware"]

    def test_what_is_loaded_works_leaves_no_module_behind_and_gives_its_heap_back():
        def load_all():
            return on_demand.test_program(), on_demand.sender(), on_demand.proofs(), on_demand.audio_loop(), on_demand.service()

        load_all()  # names that are new stay, once
        gc.collect()
        free = [0] * 20
        for i in range(20):
            loaded = load_all()
            assert [one.__name__ for one in loaded] == ["Walk", "Sender", "Proofs", "AudioLoop", "Service"] and ours() == []
            del loaded
            gc.collect()
            free[i] = gc.mem_free()
        assert free[-1] >= free[0], free

    def test_a_heap_that_is_too_full_is_a_memory_error_and_nothing_is_loaded():
        before = ours()
        gc.collect()
        filler = []
        while gc.mem_free() > 20000:
            filler.append(bytearray(8000))
        for load in (on_demand.test_program, on_demand.sender):
            try:
                load()
            except MemoryError:
                pass
            else:
                raise AssertionError("loaded")
        assert ours() == before and filler
        del filler
        gc.collect()
        assert on_demand.sender().__name__ == "Sender"
