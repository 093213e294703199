"""SDP (RFC 4566) to the protocol's `media` object and back: what a phone says, and what our flat says."""

_SUITE = "AES_CM_128_HMAC_SHA1_80"


def media_of(text):
    """The `media` of an SDP text with one audio stream. Raises ValueError for one that has none."""
    media = {"address": None, "port": 0, "rtcp": None, "profile": "", "formats": [], "ptime": 20, "direction": "sendrecv",
             "crypto": None}
    names = {"0": "PCMU", "8": "PCMA"}
    types = []
    for line in text.replace("\r", "").split("\n"):
        kind, _, value = line.partition("=")
        if kind == "c":
            media["address"] = value.split()[2]
        elif kind == "m" and value.startswith("audio "):
            _, port, media["profile"], *types = value.split()
            media["port"] = int(port)
        elif kind == "a":
            _take_attribute(media, names, *value.partition(":")[::2])
    if not media["port"]:
        raise ValueError("no audio in this SDP: %r" % text)
    media["rtcp"] = media["rtcp"] or media["port"] + 1
    media["formats"] = [{"pt": int(pt), "name": names[pt]} for pt in types if pt in names]
    if media["profile"] == "RTP/AVP":
        media["crypto"] = None
    return media


def _take_attribute(media, names, name, value):
    if name == "rtpmap":
        pt, _, codec = value.partition(" ")
        names[pt] = codec.split("/")[0]
    elif name == "crypto" and media["crypto"] is None:
        tag, suite, key = value.split()[:3]
        if suite == _SUITE:
            media["crypto"] = {"tag": int(tag), "suite": suite, "key": key.partition(":")[2].split("|")[0]}
    elif name == "rtcp-mux":
        media["rtcp"] = media["port"]
    elif name == "rtcp" and media["rtcp"] is None:
        media["rtcp"] = int(value.split()[0])
    elif name in ("sendrecv", "inactive"):
        media["direction"] = name


def sdp_of(media):
    """The SDP text of a `media` object."""
    types = " ".join(str(one["pt"]) for one in media["formats"])
    lines = ["v=0", "o=- 1 1 IN IP4 %s" % media["address"], "s=-", "c=IN IP4 %s" % media["address"], "t=0 0",
             "m=audio %d %s %s" % (media["port"], media["profile"], types)]
    lines += ["a=rtpmap:%d %s/8000" % (one["pt"], one["name"]) for one in media["formats"]]
    lines += ["a=fmtp:%d 0-15" % one["pt"] for one in media["formats"] if one["name"] == "telephone-event"]
    lines.append("a=rtcp-mux" if media["rtcp"] == media["port"] else "a=rtcp:%d" % media["rtcp"])
    if media["crypto"]:
        lines.append("a=crypto:%(tag)d %(suite)s inline:%(key)s" % media["crypto"])
    return "\r\n".join([*lines, "a=ptime:%d" % media["ptime"], "a=" + media["direction"], ""])
