"""What parent and child of a virtual board say to each other. A private matter of this package, not an interface. This is the
parent's copy; the child's is in board_world.py.

Every frame starts with 8 bytes, little-endian: operation, index, payload length (16 bits), value (signed 32 bits). To the child
only samples carry a payload, which fills a buffer that is there: its reader thread must take a frame without allocating.
"""

HEAD_BYTES = 8
HEAD = "<BBHi"

# From the child. In brackets: index; value; payload.
HELLO = 1  # (-; token)
OUT = 2  # (GPIO; level the firmware drives, -1 when it lets go)
WATCHDOG = 3  # (-; timeout in ms)
FEED = 4
RESTART = 5  # (cause as in machine.reset_cause)
SOUND_OPEN = 6  # (port; rate in Hz; SOUND_FACTS: bits, channels, room in bytes, 1 if it receives, session)
SOUND_DATA = 7  # (port; session; samples to be sent)
SOUND_CLOSE = 8
RTC = 9  # (-; offset in s between the host's monotonic clock and seconds since 2000)
RTC_MEMORY = 10  # (-; -; contents)
FLASH = 11  # (1 program, 2 erase; operations so far)
CUT = 12  # (-; operation at which the power goes): the child stands still and waits for its end
ENDED = 13  # (0 main.py ended, 1 boot.py failed, 2 main.py failed)
RADIO = 14  # (1 interface on, 0 off)
LOST = 15  # (-; interrupts lost to a full queue so far)
SOUND_ASK = 16  # (port; bytes of a buffer to be filled)
SOUND_LOST = 17  # (port; buffers that the driver dropped, as one was in transit)
POWER = 18  # (power-save mode of the Wi-Fi, as WLAN.PM_...; MHz of the processor)
BEARER = 19  # (index of routes.HOSTS; 1 it has an address, 0 no longer): of Ethernet and PPP
MODEM_STATE = 20  # (0 takes commands, 1 in data mode, 2 switched off by a command)

# From the parent.
LEVEL = 1  # (GPIO; 0, 1, or 2 for an open contact)
MILLIVOLTS = 2  # (GPIO; uV at the pin, or a negative fault number)
WIFI = 3  # (index into WIFI_MODES; joining time in ms)
RSSI = 4  # (-; dBm)
SOUND_DONE = 5  # (port; session; the samples that were asked for, nothing for samples that were sent)
ARM_CUT = 6  # (index into nor.CUT_KINDS; flash operations to go, 0 disarms)
START = 7  # everything above has been told once: run
UDP_FAULT = 9  # (index into esp32_socket.FAULTS)
ETHERNET = 10  # (index into network_lan.MODES; ms from the link to an address)
MODEM = 11  # (index into modem.MODES; ms from its power to its first answer)
MODEM_POWER = 12  # (0 off, 1 on, 2 on and in data mode; ms since then)

SOUND_FACTS = "<BBIBB"

WIFI_MODES = ("ok", "no_ap", "auth_fail", "no_ip", "dead_path")
ADC_FAULTS = {"no_value": -1, "nan": -2, "jump": -3}
OPEN = 2
