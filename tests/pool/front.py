# The pool's front door: serves connections, writes the journal, and puts
# faults and scripted answers between the service and its clients.
# SPDX-License-Identifier: MIT
import json
import os
import ssl
import threading

import faults
from service import TARGET
from wire import read_request


def server_context(folder, leaf, old=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    path = os.path.join(folder, leaf)
    context.load_cert_chain(path + ".pem", path + ".key")
    context.set_alpn_protocols(["http/1.1"])
    return context


class Front:
    def __init__(self, service, folder, listener_name):
        self.service = service
        self.folder = folder
        self.name = listener_name
        self.contexts = {}
        self.lock = threading.Lock()

    def context(self, leaf):
        with self.lock:
            if leaf not in self.contexts:
                self.contexts[leaf] = server_context(self.folder, leaf)
            return self.contexts[leaf]

    def serve(self, connection):
        journal = self.service.journal
        connection.number = journal.connected()
        facts = {"listener": self.name, "connection": connection.number}
        fault = self.take_connect_fault(facts)
        if fault:
            faults.refuse_connection(connection, fault)
            return
        if connection.listener.context:
            self.handshake(connection, facts)
        reader = connection.sock.makefile("rb")
        while connection.open:
            request = read_request(reader, connection)
            if request is None:
                return
            self.exchange(connection, request)
            if request.headers.get("connection", "").lower() == "close":
                return

    def take_connect_fault(self, facts):
        """Only rules about connections are looked at here."""
        rules = self.service.connect_faults
        with self.lock:
            return rules.take(facts)

    def handshake(self, connection, facts):
        with self.lock:
            other = self.service.certificate.take(facts)
        context = self.context(other["certificate"]) if other else connection.listener.context
        try:
            connection.handshake(context)
        except (OSError, ssl.SSLError):
            self.service.journal.handshake(False)
            raise
        self.service.journal.handshake(True)

    def exchange(self, connection, request):
        entry = self.service.journal.begin(self.describe(connection, request))
        with self.lock:
            fault = self.service.faults.take(entry)
            script = None if fault else self.service.scripts.take(entry)
        entry["fault"] = fault["kind"] if fault else ""
        answer = self.answer(request, entry, fault, script)
        entry["scripted"] = script is not None
        entry["bytes_out"] = len(answer.body) if answer else 0
        entry["status"] = answer.status if answer else 0
        entry["error"] = answer.error if answer else ""
        if fault:
            faults.deliver(connection, answer, fault)
        else:
            connection.answer(answer)

    def answer(self, request, entry, fault, script):
        def real():
            answer = self.service.handle(request, entry)
            entry["processed"] = answer.error != "TooManyRequestsException"
            return answer

        if fault:
            if fault.get("processed") and faults.replacement(fault):
                real()
            return faults.replacement(fault) or (
                real() if faults.is_processed(fault) else None)
        return faults.scripted(script, real) if script else real()

    def describe(self, connection, request):
        """What the journal says about a request."""
        body = read_body(request.body)
        parameters = texts(body, "AuthParameters") or texts(body, "ChallengeResponses")
        return {
            "listener": self.name, "connection": connection.number, "method": request.method,
            "path": request.path, "operation": operation_of(request),
            "username": text(body, "Username") or parameters.get("USERNAME", ""),
            "client_id": text(body, "ClientId"), "pool": text(body, "UserPoolId"),
            "flow": text(body, "AuthFlow"),
            "challenge": text(body, "ChallengeName"), "headers": request.headers,
            "body": request.body.decode("utf-8", "replace"), "bytes_in": len(request.body),
            "secret_hash_ok": None, "status": None, "error": None, "processed": False}


def operation_of(request):
    if request.path.endswith("/.well-known/jwks.json"):
        return "jwks"
    if request.path.endswith("/.well-known/openid-configuration"):
        return "openid-configuration"
    target = request.headers.get("x-amz-target", "")
    return target[len(TARGET):] if target.startswith(TARGET) else target


def read_body(raw):
    try:
        body = json.loads(raw or b"{}")
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def text(body, name):
    value = body.get(name)
    return value if isinstance(value, str) else ""


def texts(body, name):
    value = body.get(name)
    return value if isinstance(value, dict) else {}
