"""Which of several bearers carries the unit's link: their order, falling back, going back, the supply. Pure.

Rules
- The board lists its bearers in order of preference. One carries; the next is switched on beside it when it is wanted, and the
  old one goes off when the new one carries: whichever works first is used (P8).
- The carrier is *lost* when it has no network for 15 s, or for 5 s while a call waits for its receipt (a modem three times as
  long). It is *dead* when it has one and the link finds no broker for 90 s, or for 15 s while a call waits. A call without a
  receipt for 15 s, however well the brokers answer, has the next bearer tried beside; then after 30, 60 ... 240 s.
- Next is one that has a network and was not tried since the link was last up; else the next in order that was not tried.
- A modem takes the route when it is dialled, not before. While a call waits and the carrier has a network and no broker, it has
  to come within 15 s of that, each second time 30 s: so long it waits for PPP itself. Then it goes off, and the carrier has its
  route, and 15 s, before it is dialled again: one that was dead or lost may have healed.
- Where the routes allow it the link goes over before the old bearer goes off (PROVING). Ethernet cannot be proven beside Wi-Fi:
  ESP-IDF gives the Wi-Fi station the route. Nor are these two on together for longer than a change takes: many a board's
  Ethernet has an unsteady clock while the radio is on (ESP32 errata, CLK-3.22). If neither comes they take turns.
- Who was left because it failed, or did not come when asked, is an open fault `path` until the link is up over it (P5).
- Back to a better bearer only in calm: no call, no speech, the link up. First a minute after it was left, and each time that it
  fails again twice as long, up to an hour; one that carried for ten minutes begins anew. It has to be up for 10 s. To switch
  Ethernet on the loop stands still for seconds: that is done in calm, or when nothing else carries.
- On battery Ethernet goes off and another takes over, but not during a call or speech; with nothing else it goes on. It is used
  again when the mains have been back for a minute; and for a call that nobody else carries.

Actions, in their order:
("ON", i), ("OFF", i)           bearer i of the names is switched
("GO_OVER",)                    the link dials beside the connection that it has; JOINED or FAILED is the answer
("STAY",)                       and this calls it off
("CARRY", i, was, why, anew)    i carries from now on; was: who did, None if none ever had; why: lost, dead, supply or back; anew:
                                the link has to dial anew
("FAULT", i, open)              the path over i is at fault, or is no more

Source: DESIGN (timers: next bearer in parallel from 15 s), P4, P5, P8; docs/bearers.md.
"""

from micropython import const

from firmware.core import clock
from firmware.core.bearer import Bearer, better, young

# Numbers: as texts they would be names in a table that is nearly full in such a unit (docs/rom.md).
RESTING = const(0)
CARRYING = const(1)
CHANGING = const(2)
PROVING = const(3)

UP = const(0)
DOWN = const(1)
ONLINE = const(2)
OFFLINE = const(3)
CALLED = const(4)
SERVED = const(5)
BUSY = const(6)
CALM = const(7)
ON_BATTERY = const(8)
ON_MAINS = const(9)
JOINED = const(10)
FAILED = const(11)
RESTED = const(12)
WOKEN = const(13)
TICK = const(14)
DIALLED = const(15)  # the modem, that is: PPP begins

_LOST_MS = const(15000)  # Wi-Fi's own reconnecting takes 1-4 s, a busy access point some more
_LOST_CALLED_MS = const(5000)
_DEAD_MS = const(90000)  # a broker restart takes less
_CALLED_MS = const(15000)  # DESIGN: next bearer in parallel from 15 s
_DOUBLINGS = const(4)  # 15 s to 240 s, while brokers answer and the service does not
_PROVE_MS = const(30000)  # the dialler's own bounds are 20 s
_STEADY_MS = const(10000)
_MAINS_MS = const(60000)  # so long the mains have to be back
_GOOD_MS = const(600000)

_FACTS = {UP: "_came", DOWN: "_went", ONLINE: "_went_online", OFFLINE: "_went_offline", CALLED: "_called", SERVED: "_served",
          BUSY: "_busied", CALM: "_calmed", ON_BATTERY: "_on_battery", ON_MAINS: "_on_mains", JOINED: "_ignore",
          FAILED: "_ignore", RESTED: "_rest", WOKEN: "_ignore", TICK: "_tick", DIALLED: "_dialled"}
_TABLE = {RESTING: dict(_FACTS), CARRYING: _FACTS, CHANGING: _FACTS, PROVING: dict(_FACTS)}
_TABLE[RESTING].update({RESTED: "_ignore", WOKEN: "_wake"})
_TABLE[PROVING].update({JOINED: "_joined", FAILED: "_unproven"})
_JUDGES = {RESTING: "_pass", CARRYING: "_judge", CHANGING: "_judge_coming", PROVING: "_judge_proof"}


class Bearers:
    """`names`: of the bearers, most preferred first: "ethernet", "wifi", "cellular". Begins RESTING: WOKEN starts it.

    `state`; `carrier`: index of who carries, or is to; `coming`: index of who is to take over, or None; `ignored`: events that
    were known and not expected.
    """

    def __init__(self, names):
        self.state = RESTING
        self.carrier = 0
        self.coming = None
        self.ignored = 0
        self._all = [Bearer(name) for name in names]
        self._why = ""
        self._online = self._busy = self._battery = self._used = False
        self._called_ms = None  # since when a call waits for its receipt
        self._ill_ms = None  # since when the carrier has no network or leads nowhere
        self._carried_ms = 0
        self._turned_ms = 0  # when a change last ended, either way
        self._due_ms = 0  # end of the change, or proof, that is under way
        self._dialled_ms = None  # since when who is coming has the carrier's route
        self._back_ms = None  # no better one is tried before
        self._fruitless = 0  # changes since a receipt was awaited

    def handle(self, event, now_ms, *data):
        """Takes one event; UP and DOWN have the bearer's index. TICK about four times a second. Returns actions, () if there are
        none. Unknown events raise ValueError."""
        row = _TABLE[self.state]
        if event not in row:
            raise ValueError("bearers: unknown event %r" % (event,))
        actions = getattr(self, row[event])(now_ms, *data)
        more = getattr(self, _JUDGES[self.state])(now_ms)
        return actions + more if actions and more else actions or more

    # --- what happens

    def _tick(self, now_ms):
        for one in self._all:
            one.up_ms = young(one.up_ms, now_ms)
        self._called_ms = young(self._called_ms, now_ms)
        self._ill_ms = young(self._ill_ms, now_ms)
        self._carried_ms = young(self._carried_ms, now_ms)
        self._turned_ms = young(self._turned_ms, now_ms)
        if clock.reached(now_ms, self._back_ms):
            self._back_ms = None
        return ()

    def _pass(self, now_ms):
        return ()

    def _ignore(self, now_ms):
        self.ignored += 1
        return ()

    def _came(self, now_ms, index):
        if self._all[index].on:  # else a late word of one that was switched off
            self._all[index].up_ms = now_ms
            if index == self.carrier:
                self._ill_ms = None if self._online else now_ms  # it has its time to find a broker
                self._dialled_ms = None  # and the route, by that very event
        return ()

    def _went(self, now_ms, index):
        self._all[index].up_ms = None
        if index == self.carrier:
            self._ill_ms = now_ms
        return ()

    def _dialled(self, now_ms):
        if self._dialled_ms is None:  # dialled once more is no new beginning
            self._dialled_ms = now_ms
        return ()

    def _went_online(self, now_ms):
        self._online = True
        if self._all[self.carrier].up_ms is None:
            return ()
        self._ill_ms = None
        self._used = True
        self._forget()
        return [("FAULT", self.carrier, False)]

    def _went_offline(self, now_ms):
        self._online = False
        if self._ill_ms is None:
            self._ill_ms = now_ms
        return ()

    def _called(self, now_ms):
        self._called_ms = now_ms
        self._fruitless = 0
        return ()

    def _served(self, now_ms):
        self._called_ms = None
        return ()

    def _busied(self, now_ms):
        self._busy = True
        return ()

    def _calmed(self, now_ms):
        self._busy = False
        return ()

    def _on_battery(self, now_ms):
        self._battery = True
        self._back_ms = None
        return ()

    def _on_mains(self, now_ms):
        self._battery = False
        self._back_ms = clock.add(now_ms, _MAINS_MS)
        return ()

    def _rest(self, now_ms):
        actions = [("STAY",)] if self.state == PROVING else []
        self.state = RESTING
        self.coming = None
        for index in range(len(self._all)):
            actions += self._off(index)
        return actions

    def _wake(self, now_ms):
        self.state = CARRYING
        self._fruitless = 0
        self.carrier = 0
        while not self._fed(self.carrier) and self.carrier < len(self._all) - 1:
            self.carrier += 1
        self._carried_ms = self._turned_ms = self._ill_ms = now_ms
        self._back_ms = None
        return self._switch_on(self.carrier)

    # --- CARRYING

    def _judge(self, now_ms):
        why = self._failing(now_ms)
        if why:
            self._all[self.carrier].tried = True
            other = self._next(self.carrier)
            return () if other is None else self._change(other, why, now_ms)
        if self._online and not self._busy and self._called_ms is None and self._back_ms is None:
            if not self._fed(self.carrier):
                other = self._next(self.carrier)
                if other is not None:
                    return self._change(other, "supply", now_ms)
            other = better(self._all, self.carrier, self._battery)
            if other is not None:
                return self._change(other, "back", now_ms)
        return ()

    def _failing(self, now_ms):
        """Why the carrier is to be left: lost, dead, or "" if it is not."""
        one = self._all[self.carrier]
        called = self._called_ms is not None
        why = "dead" if one.up_ms is not None else "lost"
        if self._ill_ms is not None:
            if why == "lost":
                limit_ms = (_LOST_CALLED_MS if called else _LOST_MS) * one.slow
            else:
                limit_ms = _CALLED_MS if called else _DEAD_MS
            if clock.diff(now_ms, self._ill_ms) >= limit_ms:
                return why
        if called:
            since_ms = self._turned_ms if clock.diff(self._turned_ms, self._called_ms) > 0 else self._called_ms
            if clock.diff(now_ms, since_ms) >= _CALLED_MS << (min(self._fruitless, _DOUBLINGS) if self._online else 0):
                return why
        return ""

    def _fed(self, index):
        """False for what the battery is too small for."""
        return not (self._battery and self._all[index].hungry)

    def _next(self, index):
        """Who is tried after `index`; None if there is nobody but the carrier."""
        best = None
        rank = 0
        for _ in self._all:
            index = (index + 1) % len(self._all)
            one = self._all[index]
            if index != self.carrier and (self._fed(index) or self._called_ms is not None):
                its = 1 if one.tried else 2 if one.up_ms is None else 3
                if its > rank:
                    best, rank = index, its
        if rank == 1:  # a new round
            self._forget()
        return best

    def _forget(self):
        for one in self._all:
            one.tried = False

    def _change(self, index, why, now_ms):
        self.state = CHANGING
        self._why = why
        return self._start(index, now_ms)

    def _start(self, index, now_ms):
        self.coming = index
        self._dialled_ms = None
        self._due_ms = clock.add(now_ms, self._all[index].patience_ms)
        return self._switch_on(index)

    # --- CHANGING

    def _judge_coming(self, now_ms):
        index, why = self.coming, self._why
        one = self._all[index]
        if self._unwanted(now_ms):
            return self._give_up(False, now_ms)
        if one.up_ms is not None:
            return () if why == "back" and not one.lasts(_STEADY_MS, now_ms) else self._arrived(now_ms)
        if not clock.reached(now_ms, self._due_ms) and not self._hinders(now_ms):
            return ()
        if why in ("back", "supply"):
            return self._give_up(True, now_ms)
        one.tried = True
        other = self._next(index)
        all_tried = not one.tried  # a new round; and what is on without a network may have the carrier's route
        if other is None or all_tried and self._all[self.carrier].up_ms is not None or other == index and self._both(index):
            return self._give_up(True, now_ms)  # nobody: it was for a call alone, which has its receipt
        actions = [("FAULT", index, True)]
        if other != index:
            actions += self._off(index)
        return actions + self._start(other, now_ms)  # the same one stays on: whoever comes first carries

    def _hinders(self, now_ms):
        """A call waits, and who is coming has kept the route too long from a carrier that has a network."""
        if self._online or self._called_ms is None or self._dialled_ms is None or self._all[self.carrier].up_ms is None:
            return False
        return clock.diff(now_ms, self._dialled_ms) >= _CALLED_MS << (self._fruitless & 1)

    def _unwanted(self, now_ms):
        """True if the carrier has recovered, or the reason of the change is over."""
        if self._why == "back":
            return self._busy or self._called_ms is not None or not self._fed(self.coming)
        if self._why == "supply":
            return not self._battery or self._busy
        return self._recovered(now_ms)

    def _recovered(self, now_ms):
        return self._online and self._all[self.carrier].up_ms is not None and not self._failing(now_ms)

    def _arrived(self, now_ms):
        if not self._online or self._all[self.coming].hungry and self._both(self.coming):
            return self._take(True, now_ms)
        self.state = PROVING
        self._due_ms = clock.add(now_ms, _PROVE_MS)
        return [("GO_OVER",)]

    # --- PROVING

    def _judge_proof(self, now_ms):
        if self._all[self.coming].up_ms is None or clock.reached(now_ms, self._due_ms):
            return [("STAY",)] + self._unproven(now_ms)
        if not self._online or self._all[self.carrier].up_ms is None:
            return [("STAY",)] + self._take(True, now_ms)
        if self._why in ("lost", "dead") and self._recovered(now_ms):
            return [("STAY",)] + self._give_up(False, now_ms)
        return ()

    def _joined(self, now_ms):
        return self._take(False, now_ms)

    def _unproven(self, now_ms):
        return self._give_up(True, now_ms)

    # --- how a change ends

    def _give_up(self, failed, now_ms):
        """Everything stays as it is."""
        index = self.coming
        self.state = CARRYING
        self.coming = None
        self._turned_ms = now_ms  # a call that waits has its 15 s again
        if self._ill_ms is not None:
            self._ill_ms = now_ms
        self._fruitless += 1
        actions = []
        if failed:
            self._all[index].doubt()
            self._back_ms = clock.add(now_ms, self._all[index].hold_ms)
            actions = [("FAULT", index, True)]
        return actions + self._off(index)

    def _take(self, anew, now_ms):
        """The one that was coming carries."""
        was, index, why = self.carrier, self.coming, self._why
        failed = why in ("lost", "dead")
        if clock.diff(now_ms, self._carried_ms) >= _GOOD_MS:
            self._all[was].forgive()
        elif failed:
            self._all[was].doubt()
        self._back_ms = clock.add(now_ms, self._all[was].hold_ms)
        self.state = CARRYING
        self.carrier, self.coming = index, None
        self._carried_ms = self._turned_ms = now_ms
        self._ill_ms = now_ms if anew else None
        self._online = not anew
        self._fruitless += 1
        actions = [("FAULT", was, True)] if failed else []
        if not anew:
            actions.append(("FAULT", index, False))
        actions.append(("CARRY", index, was if self._used else None, why, anew))
        self._used = True
        return actions + self._off(was)

    def _both(self, index):
        """True if that one and the carrier are Ethernet and Wi-Fi."""
        return "cellular" not in (self._all[index].name, self._all[self.carrier].name)

    def _switch_on(self, index):
        return [("ON", index)] if self._all[index].switch(True) else []

    def _off(self, index):
        return [("OFF", index)] if self._all[index].switch(False) else []
