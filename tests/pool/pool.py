#!/usr/bin/python3
# A local user pool: behaves like the service, TLS included, for tests and the
# demo. README.md says how to start it and how to steer it.
# SPDX-License-Identifier: MIT
import argparse
import fcntl
import json
import os
import shutil
import signal
import sys
import threading

import certificates
import rsa_keys
from admin import Admin
from clock import Clock
from front import Front, server_context
from service import Service
from users import load_seed
from wire import Listener

HERE = os.path.dirname(os.path.abspath(__file__))
VARIANTS = ("wrong_name", "no_san", "expired", "not_yet_valid", "other_ca")


def read_arguments():
    parser = argparse.ArgumentParser(description="A local user pool for tests.")
    parser.add_argument("--seed", default=os.path.join(HERE, "seed.json"))
    parser.add_argument("--state", required=True, help="folder for pool.json")
    parser.add_argument("--keys", help="folder that keeps keys between runs (default: --state)")
    parser.add_argument("--listen", default="127.0.0.1:0", help="address:port, 0 = any port")
    parser.add_argument("--control", default="127.0.0.1:0", help="address:port of the control")
    parser.add_argument("--name", action="append", default=[],
                        help="another host name for the certificate")
    parser.add_argument("--no-variants", action="store_true",
                        help="only the right certificate, no further ports")
    parser.add_argument("--stdin-eof", action="store_true",
                        help="end when standard input is closed")
    parser.add_argument("--remove-state", action="store_true",
                        help="delete the --state folder at the end")
    return parser.parse_args()


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def make_keys(folder, pool_ids):
    """Keys and certificates, made once even when several pools start together."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        names = [f"{pool}.{use}" for pool in pool_ids for use in ("id", "access")]
        paths = [os.path.join(folder, name + ".rsa") for name in [*names, "stranger.id"]]
        rsa_keys.make_missing(paths)
    keys = {pool: {use: rsa_keys.RsaKey(os.path.join(folder, f"{pool}.{use}.rsa"))
                   for use in ("id", "access")} for pool in pool_ids}
    keys["stranger"] = {"id": rsa_keys.RsaKey(os.path.join(folder, "stranger.id.rsa"))}
    return keys


def make_certificates(folder, names):
    with open(os.path.join(folder, "lock"), "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        certificates.make_all(folder, names)


def open_listeners(options, service, folder):
    main = Front(service, folder, "main")
    host, port = address(options.listen)
    listeners = [Listener("main", (host, port), main.serve, main.context("good"))]
    if not options.no_variants:
        for name in VARIANTS:
            front = Front(service, folder, name)
            listeners.append(Listener(name, (host, 0), front.serve, front.context(name)))
        old = server_context(folder, "good", old=True)
        listeners.append(Listener("tls10", (host, 0), Front(service, folder, "tls10").serve, old))
        plain = Front(service, folder, "plain_http")
        listeners.append(Listener("plain_http", (host, 0), plain.serve))
    return listeners


def describe(listeners, control, service, folder):
    main = listeners[0]
    host = main.sock.getsockname()[0]
    return {
        "endpoint": f"https://localhost:{main.port}", "host": host, "port": main.port,
        "ca_file": os.path.join(folder, "ca.pem"),
        "other_ca_file": os.path.join(folder, "stranger.pem"),
        "control": f"http://{control.sock.getsockname()[0]}:{control.port}",
        "variants": {listener.name: listener.port for listener in listeners[1:]},
        "pools": [{"id": pool.id, "clients": [
            {"id": client.id, "secret": (client.secrets or [None])[0]}
            for client in pool.clients]} for pool in service.pools.values()],
        "pid": os.getpid()}


def write_atomically(path, value):
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(value, file, indent=1)
        file.write("\n")
    os.replace(path + ".new", path)


def wait_for_eof(stop):
    while os.read(sys.stdin.fileno(), 4096):
        pass
    stop()


def main():
    options = read_arguments()
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    signal.signal(signal.SIGINT, lambda *_: stopping.set())
    state = os.path.abspath(options.state)
    folder = os.path.abspath(options.keys or options.state)
    os.makedirs(state, mode=0o700, exist_ok=True)
    seed = load_seed(options.seed)
    keys = make_keys(folder, [entry["id"] for entry in seed["pools"]])
    make_certificates(folder, options.name)
    service = Service(seed, keys, Clock())
    listeners = open_listeners(options, service, folder)
    control = Listener("control", address(options.control), Admin(service, stopping.set).serve)
    for listener in [*listeners, control]:
        listener.start()
    report = os.path.join(state, "pool.json")
    write_atomically(report, describe(listeners, control, service, folder))
    if options.stdin_eof:
        threading.Thread(target=wait_for_eof, args=(stopping.set,), daemon=True).start()
    stopping.wait()
    os.unlink(report)
    if options.remove_state:
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    main()
