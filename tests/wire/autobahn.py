"""The cases of the Autobahn test suite by their public numbers, written anew over raw sockets, for both sides of a connection.
A case sends frames, good and bad, and says what must come back: the echoed messages, the pongs, and the code of the close.

    autobahn.py ECHO       ECHO is the program of echo.c; every case against its server and against its client. Speaks TAP.

Left out: 12 and 13 (compression is not offered; that is a case of ours), 9.1.5, 9.1.6 and so on (4 MiB to 16 MiB: the bound of a
message is 1 MiB, and one byte more is refused). test_conformance.py takes the same cases to the dashboard and to the simulator.
"""
import base64
import hashlib
import itertools
import os
import socket
import struct
import subprocess
import sys

CONT, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10
PATIENCE_S = 20
BOUND = 1 << 20
CASES = []


class Frame:
    """chop: the bytes of the frame are written in pieces so long."""

    def __init__(self, opcode, payload=b"", fin=True, rsv=0, chop=None):
        self.opcode, self.payload, self.fin, self.rsv, self.chop = opcode, payload, fin, rsv, chop

    def bytes(self, mask):
        n = len(self.payload)
        short = n if n < 126 else 126 if n < 65536 else 127
        head = bytes([self.fin << 7 | self.rsv << 4 | self.opcode, (128 if mask else 0) | short])
        head += b"" if n < 126 else struct.pack(">H" if n < 65536 else ">Q", n)
        return head + mask + masked(self.payload, mask) if mask else head + self.payload


def masked(data, mask):
    if not data:
        return data
    key = int.from_bytes(mask * (len(data) // 4 + 1), "big") >> 8 * (4 - len(data) % 4)
    return (int.from_bytes(data, "big") ^ key).to_bytes(len(data), "big")


def case(number, frames, back=(), code=1000, hasty=False):
    """back: the frames that come back, as (opcode, payload). code: of the peer's close; 1000 means that we close and the peer
    answers; a tuple: one of them. hasty: the peer must close before the last frame is sent."""
    CASES.append((number, frames, list(back), code, hasty))


def pieces(opcode, parts, chop=None):
    return [Frame(opcode if i == 0 else CONT, part, i == len(parts) - 1, chop=chop) for i, part in enumerate(parts)]


def close_payload(code, reason=b""):
    return struct.pack(">H", code) + reason


# ---- 1: messages of all lengths; 2: pings and pongs ----

for kind, opcode, byte in ((1, TEXT, b"*"), (2, BINARY, b"\xfe")):
    for i, (n, chop) in enumerate(((0, None), (125, None), (126, None), (127, None), (128, None), (65535, None), (65536, None), (65536, 997)), 1):
        case(f"1.{kind}.{i}", [Frame(opcode, byte * n, chop=chop)], [(opcode, byte * n)])
ODD = b"\x00\xff\xfe\xfd\xfc\xfb\x00\xff"
case("2.1", [Frame(PING)], [(PONG, b"")])
case("2.2", [Frame(PING, b"Hello, world!")], [(PONG, b"Hello, world!")])
case("2.3", [Frame(PING, ODD)], [(PONG, ODD)])
case("2.4", [Frame(PING, b"\xfe" * 125)], [(PONG, b"\xfe" * 125)])
case("2.5", [Frame(PING, b"\xfe" * 126)], code=1002)
case("2.6", [Frame(PING, b"\xfe" * 125, chop=1)], [(PONG, b"\xfe" * 125)])
case("2.7", [Frame(PONG)])
case("2.8", [Frame(PONG, b"unsolicited pong payload")])
case("2.9", [Frame(PONG, b"unsolicited pong payload"), Frame(PING, b"ping payload")], [(PONG, b"ping payload")])
TEN = [b"payload-%d" % i for i in range(10)]
case("2.10", [Frame(PING, p) for p in TEN], [(PONG, p) for p in TEN])
case("2.11", [Frame(PING, p, chop=1) for p in TEN], [(PONG, p) for p in TEN])

# ---- 3: reserved bits; 4: opcodes that are not ----

HELLO, ECHOED = Frame(TEXT, b"Hello, world!"), (TEXT, b"Hello, world!")
case("3.1", [Frame(TEXT, b"Hello, world!", rsv=1)], code=1002)
for number, rsv, chop in (("3.2", 2, None), ("3.3", 3, None), ("3.4", 4, 1)):
    case(number, [HELLO, Frame(TEXT, b"Hello, world!", rsv=rsv, chop=chop), Frame(PING)], [ECHOED], 1002)
case("3.5", [Frame(BINARY, ODD, rsv=5)], code=1002)
case("3.6", [Frame(PING, b"Hello, world!", rsv=6)], code=1002)
case("3.7", [Frame(CLOSE, rsv=7)], code=1002)
for part, first in (("4.1", 3), ("4.2", 11)):
    case(f"{part}.1", [Frame(first)], code=1002)
    case(f"{part}.2", [Frame(first + 1, b"reserved opcode payload")], code=1002)
    case(f"{part}.3", [HELLO, Frame(first + 2), Frame(PING)], [ECHOED], 1002)
    case(f"{part}.4", [HELLO, Frame(first + 3, b"reserved opcode payload"), Frame(PING)], [ECHOED], 1002)
    case(f"{part}.5", [HELLO, Frame(first + 4, b"reserved opcode payload", chop=1), Frame(PING)], [ECHOED], 1002)

# ---- 5: fragments ----

case("5.1", [Frame(PING, b"fragment1", fin=False), Frame(CONT, b"fragment2")], code=1002)
case("5.2", [Frame(PONG, b"fragment1", fin=False), Frame(CONT, b"fragment2")], code=1002)
for number, chop in (("5.3", None), ("5.4", 5), ("5.5", 1)):
    case(number, pieces(TEXT, [b"fragment1", b"fragment2"], chop), [(TEXT, b"fragment1fragment2")])
for number, chop in (("5.6", None), ("5.7", 5), ("5.8", 1)):
    case(number, [Frame(TEXT, b"fragment1", False, chop=chop), Frame(PING, b"ping payload", chop=chop), Frame(CONT, b"fragment2", chop=chop)],
         [(PONG, b"ping payload"), (TEXT, b"fragment1fragment2")])
for first, fin in ((9, True), (12, False)):
    for i, chop in enumerate((None, 5, 1)):
        case(f"5.{first + i}", [Frame(CONT, b"non-continuation payload", fin, chop=chop), Frame(TEXT, b"Hello, world!", chop=chop)], code=1002)
case("5.15", pieces(TEXT, [b"fragment1", b"fragment2"]) + [Frame(CONT, b"fragment3", False), Frame(TEXT, b"fragment4")], [(TEXT, b"fragment1fragment2")], 1002)
for number, fin in (("5.16", False), ("5.17", True)):
    case(number, [Frame(CONT, b"fragment1", fin), Frame(TEXT, b"fragment2", False), Frame(CONT, b"fragment3")] * 2, code=1002)
case("5.18", [Frame(TEXT, b"fragment1", False), Frame(TEXT, b"fragment2")], code=1002)
for number, chop in (("5.19", None), ("5.20", 1)):
    parts = [Frame(TEXT if i == 0 else CONT, b"fragment%d" % (i + 1), i == 4, chop=chop) for i in range(5)]
    case(number, parts[:2] + [Frame(PING, b"pongme 1!", chop=chop)] + parts[2:4] + [Frame(PING, b"pongme 2!", chop=chop), parts[4]],
         [(PONG, b"pongme 1!"), (PONG, b"pongme 2!"), (TEXT, b"fragment1fragment2fragment3fragment4fragment5")])

# ---- 6: UTF-8 ----

KOSME = "κόσμε".encode()
NICE = "Hello-µ@ßöäüàá-UTF-8!!".encode()
BAD = KOSME + b"\xed\xa0\x80" + b"edited"  # a surrogate
single = [bytes([b]) for b in range(256)]
case("6.1.1", [Frame(TEXT)], [(TEXT, b"")])
case("6.1.2", pieces(TEXT, [b"", b"", b""]), [(TEXT, b"")])
case("6.1.3", pieces(TEXT, [b"", b"middle frame payload", b""]), [(TEXT, b"middle frame payload")])
case("6.2.1", [Frame(TEXT, NICE)], [(TEXT, NICE)])
case("6.2.2", pieces(TEXT, [NICE[:12], NICE[12:]]), [(TEXT, NICE)])
case("6.2.3", pieces(TEXT, [single[b] for b in NICE]), [(TEXT, NICE)])
case("6.2.4", pieces(TEXT, [single[b] for b in KOSME]), [(TEXT, KOSME)])
case("6.3.1", [Frame(TEXT, BAD)], code=1007)
case("6.3.2", pieces(TEXT, [single[b] for b in BAD]), code=1007)
case("6.4.1", pieces(TEXT, [KOSME, b"\xf4\x90\x80\x80", b"edited"]), code=1007, hasty=True)
case("6.4.2", pieces(TEXT, [KOSME + b"\xf4", b"\x90", b"\x80\x80edited"]), code=1007, hasty=True)
case("6.4.3", pieces(TEXT, [KOSME + b"\xf4\x90\x80\x80", b"edited"]), code=1007, hasty=True)
case("6.4.4", pieces(TEXT, [KOSME + b"\xf4\x90", b"\x80\x80edited"]), code=1007, hasty=True)


def group(part, texts, valid):
    for i, text in enumerate(texts, 1):
        case(f"6.{part}.{i}", [Frame(TEXT, text)], [(TEXT, text)] if valid else [], 1000 if valid else 1007)


def raw(code, length):
    """The bit pattern of a code in so many bytes, whether or not that is allowed."""
    out = []
    for _ in range(length - 1):
        out.insert(0, 0x80 | code & 0x3F)
        code >>= 6
    return bytes([(0xFF << 8 - length & 0xFF if length > 1 else 0) | code, *out])


for i in range(len(KOSME) + 1):  # every cut of a word: whole characters are valid, halves are not
    valid = i in (0, 2, 4, 6, 8, 10)
    if 0 < i < len(KOSME):
        case(f"6.{5 if valid else 6}.{i}", [Frame(TEXT, KOSME[:i])], [(TEXT, KOSME[:i])] if valid else [], 1000 if valid else 1007)
group(7, [raw(0, 1), raw(0x80, 2), raw(0x800, 3), raw(0x10000, 4)], True)  # the first of each length
group(8, [raw(0x200000, 5), raw(0x4000000, 6)], False)
group(9, [raw(0x7F, 1), raw(0x7FF, 2), raw(0xFFFF, 3), raw(0x10FFFF, 4)], True)  # the last
group(10, [raw(0x1FFFFF, 4), raw(0x3FFFFFF, 5), raw(0x7FFFFFFF, 6)], False)
group(11, [raw(0xD7FF, 3), raw(0xE000, 3), raw(0xFFFD, 3), raw(0x10FFFF, 4)], True)
case("6.11.5", [Frame(TEXT, raw(0x110000, 4))], code=1007)
group(12, [b"\x80", b"\xbf", *(b"\x80\xbf" * (n // 2) + b"\x80" * (n % 2) for n in range(2, 7)), bytes(range(0x80, 0xC0))], False)
group(13, [b" ".join(bytes([b]) for b in r) + b" " for r in (range(0xC0, 0xE0), range(0xE0, 0xF0), range(0xF0, 0xF8), range(0xF8, 0xFC), (0xFC,))], False)
HALVES = [b"\xc0", b"\xe0\x80", b"\xf0\x80\x80", b"\xf8\x80\x80\x80", b"\xfc\x80\x80\x80\x80", b"\xdf", b"\xef\xbf", b"\xf7\xbf\xbf", b"\xfb\xbf\xbf\xbf", b"\xfd\xbf\xbf\xbf\xbf"]
group(14, HALVES, False)
group(15, [b"".join(HALVES)], False)
group(16, [b"\xfe", b"\xff", b"\xfe\xfe\xff\xff"], False)
group(17, [raw(0x2F, n) for n in range(2, 7)], False)  # longer than need be
group(18, [raw(0x7F, 2), raw(0x7FF, 3), raw(0xFFFF, 4), raw(0x1FFFFF, 5), raw(0x3FFFFFF, 6)], False)
group(19, [raw(0, n) for n in range(2, 7)], False)
LONE = (0xD800, 0xDB7F, 0xDB80, 0xDBFF, 0xDC00, 0xDF80, 0xDFFF)
group(20, [raw(s, 3) for s in LONE], False)
group(21, [raw(a, 3) + raw(b, 3) for a, b in itertools.product((0xD800, 0xDB7F, 0xDB80, 0xDBFF), (0xDC00, 0xDFFF))], False)
group(22, [raw(0xFFFE, 3), raw(0xFFFF, 3)] + [raw(plane << 16 | 0xFFFE | low, 4) for plane in range(1, 17) for low in (0, 1)], True)  # no characters, and allowed
group(23, [raw(c, 3) for c in range(0xFFF9, 0x10000)], True)

# ---- 7: closing ----

BYE = Frame(CLOSE, close_payload(1000))
case("7.1.1", [HELLO, BYE], [ECHOED], (1000,))
case("7.1.2", [BYE, BYE], code=(1000,))
case("7.1.3", [BYE, Frame(PING)], code=(1000,))
case("7.1.4", [BYE, HELLO], code=(1000,))
case("7.1.5", [Frame(TEXT, b"fragment1", False), BYE, Frame(CONT, b"fragment2")], code=(1000,))
case("7.1.6", [Frame(TEXT, b"BAsd7&jh23" * 26214), HELLO, BYE, Frame(PING)], [(TEXT, b"BAsd7&jh23" * 26214), ECHOED], (1000,))
case("7.3.1", [Frame(CLOSE)], code=(1005, 1000))
case("7.3.2", [Frame(CLOSE, b"a")], code=1002)
case("7.3.3", [BYE], code=(1000,))
case("7.3.4", [Frame(CLOSE, close_payload(1000, b"Hello World!"))], code=(1000,))
case("7.3.5", [Frame(CLOSE, close_payload(1000, b"*" * 123))], code=(1000,))
case("7.3.6", [Frame(CLOSE, close_payload(1000, b"*" * 124))], code=1002)
case("7.5.1", [Frame(CLOSE, close_payload(1000, BAD))], code=1007)
for i, code in enumerate((1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999), 1):
    case(f"7.7.{i}", [Frame(CLOSE, close_payload(code, b"good"))], code=(code,))
for i, code in enumerate((0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999), 1):
    case(f"7.9.{i}", [Frame(CLOSE, close_payload(code, b"bad"))], code=1002)
for i, code in enumerate((5000, 65535), 1):
    case(f"7.13.{i}", [Frame(CLOSE, close_payload(code))], code=1002)

# ---- 9: up to the bound, and over it; 10: fragments chosen by the sender ----

for kind, opcode in ((1, TEXT), (2, BINARY)):
    for i, n in enumerate((65536, 262144, BOUND), 1):
        case(f"9.{kind}.{i}", [Frame(opcode, b"*" * n)], [(opcode, b"*" * n)])
    case(f"9.{kind}.4", [Frame(opcode, b"*" * (BOUND + 1))], code=1009)
    for i, part in enumerate((1024, 4096, 65536, 262144), 1):
        case(f"9.{kind + 2}.{i}", pieces(opcode, [b"*" * part] * (BOUND // part)), [(opcode, b"*" * BOUND)])
    case(f"9.{kind + 2}.9", pieces(opcode, [b"*" * 65536] * 17), code=1009)
    for i, chop in enumerate((512, 1024, 2048), 1):
        case(f"9.{kind + 4}.{i}", [Frame(opcode, b"*" * (BOUND // 4), chop=chop)], [(opcode, b"*" * (BOUND // 4))])
    for i, n in enumerate((0, 16, 64, 256, 1024, 4096), 1):
        case(f"9.{kind + 6}.{i}", [Frame(opcode, b"*" * n)] * 200, [(opcode, b"*" * n)] * 200)
case("10.1.1", pieces(TEXT, [b"*" * 1300] * 50 + [b"*" * 536]), [(TEXT, b"*" * 65536)])

# ---- ours: what the suite does not ask ----

case("x.1, a length in more bytes than need be", [b"\x81\x7e\x00\x05hello"], code=1002)
case("x.2, a length in 64 bits where 16 do", [b"\x81\x7f\x00\x00\x00\x00\x00\x00\x00\x05hello"], code=1002)
case("x.3, a length with the top bit", [b"\x81\x7f\x80\x00\x00\x00\x00\x00\x00\x05hello"], code=(1002, 1009))
case("x.4, a compressed frame where no compression was agreed", [Frame(TEXT, b"\xf2\x48\xcd\xc9\xc9\x07\x00", rsv=4)], code=1002)
case("x.5, masked wrongly for its role", [Frame], code=1002)


class Peer:
    """Our end of one connection: the frames it sends, and a strict reading of what comes back."""

    def __init__(self, sock, we_are_client, rest=b""):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(PATIENCE_S)
        self.sock, self.client, self.rest = sock, we_are_client, rest

    def send(self, frame):
        mask = os.urandom(4) if self.client else b""
        if isinstance(frame, bytes):  # written by hand
            data = frame if not mask else self.with_mask(frame, mask)
        elif frame is Frame:
            data = Frame(TEXT, b"hello").bytes(b"" if mask else b"abcd")
        else:
            data = frame.bytes(mask)
        step = getattr(frame, "chop", None) or max(1, len(data))
        for at in range(0, len(data), step):
            try:
                self.sock.sendall(data[at:at + step])
            except OSError:
                return False  # hung up on us already: what it said is to be read
        return True

    @staticmethod
    def with_mask(frame, mask):
        head = {126: 4, 127: 10}[frame[1] & 127]
        return bytes([frame[0], frame[1] | 128]) + frame[2:head] + mask + masked(frame[head:], mask)

    def take(self, n):
        while len(self.rest) < n:
            try:
                more = self.sock.recv(1 << 18)
            except ConnectionResetError:
                more = b""
            if not more:
                return None
            self.rest += more
        taken, self.rest = self.rest[:n], self.rest[n:]
        return taken

    def frame(self):
        """(opcode, payload) of the next frame, None at the end."""
        head = self.take(2)
        if head is None:
            return None
        assert head[0] & 0x70 == 0, "reserved bits"
        assert (head[1] & 128 == 0) == self.client, "masked wrongly for its role"
        n = head[1] & 127
        if n > 125:
            long = int.from_bytes(self.take(2 if n == 126 else 8), "big")
            assert long >= (126 if n == 126 else 65536), "a length that is not minimal"
            n = long
        assert head[0] & 128, "a fragment"
        mask = b"" if self.client else self.take(4)
        payload = self.take(n)
        assert payload is not None, "half a frame"
        return head[0] & 15, masked(payload, mask) if mask else payload

    def converse(self, frames, back, code, hasty):
        """Sends, closes where that is our part, and returns (frames that came, code of the close)."""
        came = []
        last = len(frames) - 1
        for i, frame in enumerate(frames):
            if hasty and i == last:
                break
            if not self.send(frame):
                break
            if len(frames) == len(back) > 50:
                came.append(self.frame())  # one by one, so that neither side's socket fills
        if code == 1000:
            self.send(BYE)
        while (f := self.frame()) is not None:
            if f[0] == CLOSE:
                if not isinstance(code, tuple) and code != 1000:
                    self.send(Frame(CLOSE, f[1][:2]))
                if not self.client:  # the server is the one that hangs up
                    self.sock.close()
                    return came, f[1]
                assert self.frame() is None, "frames behind the close"
                return came, f[1]
            came.append(f)
        return came, None


def code_of(payload):
    return None if payload is None else struct.unpack(">H", payload[:2])[0] if payload else 1005


def judge(peer, case_, echoes=True):
    """None, or what was wrong. echoes: the peer sends messages back; otherwise only its control frames are looked at."""
    number, frames, back, code, hasty = case_
    try:
        came, said = peer.converse(frames, back if echoes else [], code, hasty)
    except (AssertionError, OSError) as e:
        return f"{type(e).__name__} {e}"
    finally:
        peer.sock.close()
    strip = (lambda f: f[1]) if not peer.client and echoes else (lambda f: f)  # our client tells no binary from text
    if not peer.client:
        back = [(op, payload if len(payload) < BOUND // 2 else b"%d bytes" % len(payload)) for op, payload in back]  # see echo.c
    if not echoes:
        came, back = ([f for f in fs if f[0] in (PING, PONG)] for fs in (came, back))
    if [strip(f) for f in came] != [strip(f) for f in back]:
        return f"came back {str(came)[:200]}, wanted {str(back)[:200]}"
    if code_of(said) not in (code if isinstance(code, tuple) else (code,)):
        return f"closed with {code_of(said)}, wanted {code}"
    return None


GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key + GUID).digest())


def dial(port, path="/", headers=""):
    """Connects as a browser does; offers compression, which must not be taken."""
    sock = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
    key = base64.b64encode(os.urandom(16))
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                 f"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n{headers}Sec-WebSocket-Key: {key.decode()}\r\n\r\n".encode())
    answer = b""
    while b"\r\n\r\n" not in answer:
        more = sock.recv(65536)
        assert more, f"no upgrade: {answer[:200]}"
        answer += more
    head, rest = answer.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 101"), head[:200]
    assert accept_of(key) in head and b"extensions" not in head.lower(), head
    return Peer(sock, True, rest)


def answer(listener):
    """Takes a call of the client."""
    listener.settimeout(PATIENCE_S)
    sock, _ = listener.accept()
    sock.settimeout(PATIENCE_S)
    request = b""
    while b"\r\n\r\n" not in request:
        more = sock.recv(65536)
        assert more, "no request"
        request += more
    key = next(line.split(b":", 1)[1].strip() for line in request.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key:"))
    sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept_of(key) + b"\r\n\r\n")
    return Peer(sock, False)


def main(echo):
    """Both sides, as two TAP cases: the numbers that failed are told."""
    failed = 0

    def report(number, name, faults):
        nonlocal failed
        failed += bool(faults)
        print(f"{'not ok' if faults else 'ok'} {number} - {name}, {len(CASES) - len(faults)} of {len(CASES)} cases", flush=True)
        for fault in faults:
            print(f"# {fault}", flush=True)
    print("1..2")
    server = subprocess.Popen([echo, "server"], stdout=subprocess.PIPE)
    port = int(server.stdout.readline())
    faults = [f"{c[0]}: {fault}" for c in CASES if (fault := judge(dial(port), c))]
    dial(port).send(Frame(TEXT, b"the end"))
    faults += [] if server.wait(PATIENCE_S) == 0 else ["the server ended badly"]
    report(1, "our server", faults)
    listener = socket.create_server(("127.0.0.1", 0))
    client = subprocess.Popen([echo, "client", str(listener.getsockname()[1])])
    faults = [f"{c[0]}: {fault}" for c in CASES if (fault := judge(answer(listener), c))]
    answer(listener).send(Frame(TEXT, b"the end"))
    faults += [] if client.wait(PATIENCE_S) == 0 else ["the client ended badly"]
    report(2, "our client", faults)
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
