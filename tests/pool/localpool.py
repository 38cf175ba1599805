# The local user pool as a Python class, for tests: starts it, asks it, steers
# it, ends it. Nothing is left behind even when the test itself is killed.
# SPDX-License-Identifier: MIT
import http.client
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from urllib.parse import urlsplit

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = os.path.join(HERE, "seed.json")
PYTHON = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else sys.executable


class PoolError(Exception):
    pass


class Control:
    """Talks to a running pool through the control address in its pool.json."""

    def __init__(self, state):
        with open(os.path.join(state, "pool.json"), encoding="utf-8") as file:
            self.info = json.load(file)

    def call(self, command, **body):
        connection = http.client.HTTPConnection(urlsplit(self.info["control"]).netloc, timeout=30)
        try:
            connection.request("POST", "/" + command, json.dumps(body).encode())
            answer = connection.getresponse()
            value = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise PoolError(value["error"])
        return value

    @property
    def endpoint(self):
        return self.info["endpoint"]

    @property
    def address(self):
        """The same without a name: not every machine knows localhost."""
        return self.endpoint.replace("localhost", self.info["host"])

    @property
    def port(self):
        return self.info["port"]

    @property
    def ca_file(self):
        return self.info["ca_file"]

    def variant(self, name):
        """The address of a listener that has something wrong with it."""
        scheme = "http" if name == "plain_http" else "https"
        return f"{scheme}://localhost:{self.info['variants'][name]}"

    def requests(self, operation=None):
        found = self.call("requests")["requests"]
        return [r for r in found if operation in (None, r["operation"])]

    def counts(self):
        return self.call("counts")

    def clear(self):
        self.call("clear")

    def reset(self):
        self.call("reset")

    def fault(self, kind, match=None, count=1, **parameters):
        self.call("fault", kind=kind, match=match or {}, count=count, **parameters)

    def script(self, *answers):
        self.call("script", answers=list(answers))

    def token(self, **spoil):
        self.call("token", **spoil)

    def certificate(self, name, count=0):
        self.call("certificate", certificate=name, count=count)

    def clear_rules(self):
        self.call("clear_rules")

    def user(self, username, pool=None, **changes):
        return self.call("user", username=username, pool=pool, set=changes)

    def add_user(self, pool=None, **entry):
        return self.call("add_user", pool=pool, **entry)

    def add_users(self, count, pool=None, **more):
        return self.call("add_users", count=count, pool=pool, **more)["users"]

    def delete_user(self, username, pool=None):
        self.call("delete_user", username=username, pool=pool)

    def set_pool(self, pool=None, **changes):
        return self.call("pool", pool=pool, set=changes)

    def set_client(self, client_id, **changes):
        return self.call("client", client_id=client_id, set=changes)

    def add_client(self, pool=None, **entry):
        self.call("add_client", pool=pool, **entry)

    def access_key(self, **entry):
        """Adds or replaces one: id, secret, [token], [seconds], [actions]."""
        self.call("access_key", **entry)

    def delete_access_key(self, key):
        self.call("delete_access_key", id=key)

    def codes(self, username=None):
        return self.call("codes", username=username)["codes"]

    def last_code(self, username):
        found = self.codes(username)
        return found[-1]["code"] if found else None

    def totp(self, username, steps=0, secret=None, pool=None):
        return self.call("totp", username=username, steps=steps, secret=secret,
                         pool=pool)["code"]

    def forget_totp(self, username, pool=None):
        self.call("forget_totp", username=username, pool=pool)

    def advance(self, seconds):
        return self.call("advance", seconds=seconds)["offset"]

    def pin(self, **values):
        self.call("pin", **values)

    def end(self):
        """Ends a pool that somebody else started."""
        self.call("stop")

    def mint(self, client_id, username, **spoil):
        return self.call("mint", client_id=client_id, username=username, spoil=spoil)


class LocalPool(Control):
    """A pool of one's own. Use start(), or as a context manager."""

    def __init__(self, process, state, own_state):
        super().__init__(state)
        self.process = process
        self.state = state
        self.own_state = own_state

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process.stdin.close()
        if self.own_state:
            shutil.rmtree(self.state, ignore_errors=True)


class Metadata:
    """Endpoints for credentials, see metadata.py. within is a command before it, such as
    that which enters a network namespace, where listen may be 169.254.169.254:80."""

    def __init__(self, listen="127.0.0.1:0", within=(), **answers):
        self.state = tempfile.mkdtemp(prefix="metadata-")
        self.set(**answers)
        self.process = subprocess.Popen(
            [*within, PYTHON, os.path.join(HERE, "metadata.py"), "--state", self.state,
             "--listen", listen], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.endpoint = self.process.stdout.readline().strip()
        if not self.endpoint:
            self.stop()
            raise PoolError("the endpoints for credentials did not start")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def set(self, **answers):
        """All that is answered from now on: imds, role, credentials, authorization, faults."""
        path = os.path.join(self.state, "answers.json")
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump({"imds": "v2", **answers}, file)
        os.replace(path + ".new", path)

    def requests(self):
        try:
            with open(os.path.join(self.state, "requests"), encoding="utf-8") as file:
                return [json.loads(line) for line in file]
        except FileNotFoundError:
            return []

    def stop(self):
        self.process.stdin.close()
        self.process.wait(5)
        self.process.stdout.close()
        shutil.rmtree(self.state, ignore_errors=True)


def start(seed=SEED, state=None, keys=None, listen="127.0.0.1:0", names=(), variants=True):
    """Starts a pool. A seed may be a path or a dict; POOL_KEYS names a key folder."""
    own_state = state is None
    state = state or tempfile.mkdtemp(prefix="pool-")
    os.makedirs(state, exist_ok=True)
    if isinstance(seed, dict):
        path = os.path.join(state, "seed.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(seed, file)
        seed = path
    command = [PYTHON, os.path.join(HERE, "pool.py"), "--stdin-eof", "--seed", seed,
               "--state", state, "--listen", listen]
    keys = keys or os.environ.get("POOL_KEYS")
    if keys:
        command += ["--keys", keys]
    for name in names:
        command += ["--name", name]
    if own_state:
        command.append("--remove-state")
    if not variants:
        command.append("--no-variants")
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    wait_until_ready(process, state)
    return LocalPool(process, state, own_state)


def wait_until_ready(process, state, seconds=30):
    report = os.path.join(state, "pool.json")
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if process.poll() is not None:
            raise PoolError(f"the pool ended with status {process.returncode}")
        if is_report_of(report, process.pid):
            return
        time.sleep(0.01)
    process.kill()
    raise PoolError("the pool did not start in time")


def is_report_of(report, pid):
    """Not a file that an earlier pool left behind."""
    try:
        with open(report, encoding="utf-8") as file:
            return json.load(file)["pid"] == pid
    except (OSError, ValueError):
        return False
