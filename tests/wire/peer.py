#!/usr/bin/env python3
"""An independent WebSocket peer (python3-websockets) for test_peers.c.

peer.py server            serves on a free port, prints it, echoes; "close 4321 why" closes so; "ping" pings; ends with stdin
peer.py client PORT       talks to our server on PORT and prints "passed" when everything held
"""
import asyncio
import sys

import websockets


async def echo(socket):
    async for message in socket:
        if isinstance(message, str) and message.startswith("close "):
            _, code, reason = message.split(" ", 2)
            await socket.close(int(code), reason)
            return
        elif message == "ping":
            await (await socket.ping(b"payload"))
            await socket.send("ponged")
        elif message == "fragments":
            await socket.send(["frag", "men", "ted ", "\u00e4\u20ac\U0001f600"])
        else:
            await socket.send(message)


async def server():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=4 << 20, compression=None) as it:
        print(it.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


async def client(port):
    uri = f"ws://127.0.0.1:{port}/ws"
    async with websockets.connect(uri, max_size=4 << 20) as socket:  # offers permessage-deflate, which we do not take
        for length in (0, 1, 125, 126, 127, 65535, 65536, 300000):
            text = "\u00e4b" * (length // 2) + "c" * (length % 2)
            await socket.send(text)
            assert await socket.recv() == text, length
        await socket.send(["frag", "men", "ted"])
        assert await socket.recv() == "fragmented"
        await (await socket.ping(b"payload"))
        await socket.close(4002, "done")
    assert socket.close_code == 4002, socket.close_code
    async with websockets.connect(uri) as socket:
        await socket.send("close me")
        try:
            await socket.recv()
            raise AssertionError("not closed")
        except websockets.ConnectionClosed:
            pass
    assert (socket.close_code, socket.close_reason) == (4003, "as asked"), (socket.close_code, socket.close_reason)
    sockets = [await websockets.connect(uri) for _ in range(20)]
    for each in sockets:
        await each.send("hello")
    assert [await each.recv() for each in sockets] == ["hello"] * 20
    for each in sockets:
        await each.close()
    print("passed", flush=True)


if sys.argv[1] == "server":
    asyncio.run(server())
else:
    asyncio.run(client(int(sys.argv[2])))
