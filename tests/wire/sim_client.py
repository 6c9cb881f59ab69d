"""What the simulator's Python tests share: starting it, asking it over HTTP, signing, running tests as TAP."""
import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

try:
    import websockets
except ImportError:  # another Python came first on the path: Debian's own has the package
    if sys.executable == "/usr/bin/python3":
        raise
    os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

# the simulator is the first argument, or lies in the build folder of the program that GRIDSCOPE names
SIM = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(os.environ["GRIDSCOPE"]), "sim/gridscope-sim")
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../data")
KEY, SECRET, BOT_KEY = "test-key", "test-secret", "bot-key"
TESTS = []


def test(fn):
    TESTS.append(fn)
    return fn


class Sim:
    def __init__(self, *flags):
        args = [SIM, "--key", KEY, "--secret", SECRET, "--bot-key", BOT_KEY, *flags]
        self.process = subprocess.Popen(args, stdout=subprocess.PIPE, text=True)
        self.at = json.loads(self.process.stdout.readline())

    def close(self):
        self.process.terminate()
        code = self.process.wait(10)
        self.process.stdout.close()
        return code

    def http(self, url, method="GET", headers=None, body=None, timeout=10):
        request = urllib.request.Request(url, method=method, headers=headers or {}, data=body)
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, dict(answer.headers), answer.read()
        except urllib.error.HTTPError as answer:
            return answer.code, dict(answer.headers), answer.read()

    def rest(self, path, headers=None, method="GET", timeout=10):
        return self.http(self.at["rest_url"] + path, method, headers, timeout=timeout)

    def get(self, path):
        status, _, body = self.rest(path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def signed(self, path, secret=SECRET, key=KEY, stamp=None, **params):
        params["timestamp"] = stamp if stamp is not None else int(time.time() * 1000)
        query = urllib.parse.urlencode(params)
        signature = hmac.new(secret.encode(), query.encode(), hashlib.sha256).hexdigest()
        return self.rest(f"{path}?{query}&signature={signature}", {"X-MBX-APIKEY": key} if key else {})

    def account(self, path, **params):
        status, _, body = self.signed(path, **params)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def bot(self, path, key=BOT_KEY):
        return self.http(self.at["bot_url"] + path, headers={"X-API-Key": key} if key else {})

    def control(self, path, /, base="rest_url", **body):
        status, _, answer = self.http(self.at[base] + path, "POST", body=json.dumps(body).encode())
        assert status == 200, (path, status, answer)
        return json.loads(answer)


async def ask(ws, **message):
    await ws.send(json.dumps(message))
    while True:
        reply = json.loads(await asyncio.wait_for(ws.recv(), 10))
        if "id" in reply and reply["id"] == message.get("id"):
            return reply


def ws_sign(params, secret=SECRET):
    text = "&".join(f"{k}={params[k]}" for k in sorted(params))
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def ws_params(**params):
    params = {"apiKey": KEY, "timestamp": int(time.time() * 1000), **params}
    params["signature"] = ws_sign(params)
    return params


async def subscribe_user(ws, request_id=1):
    return await ask(ws, id=request_id, method="userDataStream.subscribe.signature", params=ws_params())


def run(sim):
    """Runs every test against one simulator, then ends it; the exit code."""
    failed = 0
    print(f"1..{len(TESTS) + 1}", flush=True)
    for number, fn in enumerate(TESTS, 1):
        try:
            result = fn(sim)
            if asyncio.iscoroutine(result):
                asyncio.run(result)
            print(f"ok {number} - {fn.__name__}", flush=True)
        except Exception as e:  # a failed test must not end the others
            failed += 1
            print(f"not ok {number} - {fn.__name__}: {type(e).__name__} {e}", flush=True)
    code = sim.close()
    print(f"{'ok' if code == 0 else 'not ok'} {len(TESTS) + 1} - stops cleanly on SIGTERM")
    return 1 if failed or code else 0
