#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An API server that misbehaves as its paths say, and proxies, for kube/client.bats.

Speaks HTTP/1.1 by hand, so that an answer can be cut at any byte. Prints "PORT name" a listener and
"ready"; ends when its standard input does.
"""
import collections
import gzip
import json
import os
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse

DIR = sys.argv[1]
lock = threading.Lock()
counts = collections.Counter()
connections = 0
N_ITEMS = 1200


def context(client_ca=False, name="server"):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(f"{DIR}/{name}.crt", f"{DIR}/{name}.key")
    if client_ca:
        c.load_verify_locations(f"{DIR}/ca.crt")
        c.verify_mode = ssl.CERT_OPTIONAL
    return c


def reset(sock):
    """Close with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    fd = sock.detach()
    socket.close(fd)


def count(key):
    with lock:
        counts[key] += 1
        return counts[key]


class Client:
    def __init__(self, sock):
        self.sock = sock
        self.f = sock.makefile("rb")
        self.served = 0

    def send(self, status, body=b"", headers=(), kind="application/json"):
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        head = f"HTTP/1.1 {status} x\r\nContent-Length: {len(body)}\r\n"
        if body:
            head += f"Content-Type: {kind}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in headers)
        self.sock.sendall(head.encode() + b"\r\n" + body)

    def chunks(self, pieces):
        self.sock.sendall(b"HTTP/1.1 200 x\r\nContent-Type: application/json\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n")
        for p in pieces:
            self.sock.sendall(b"%x\r\n%s\r\n" % (len(p), p))
        self.sock.sendall(b"0\r\n\r\n")

    def serve(self):
        while True:
            if self.f.peek(1)[:1] == b"\x16":
                return self.send(400, b"Client sent an HTTPS request to an HTTP server.\n")
            line = self.f.readline().decode()
            if not line:
                return
            self.method, target, _ = line.split()
            url = urllib.parse.urlsplit(target)
            self.q = dict(urllib.parse.parse_qsl(url.query))
            self.headers = collections.OrderedDict()
            while (h := self.f.readline().decode().rstrip()):
                k, v = h.split(": ", 1)
                self.headers[k.lower()] = self.headers[k.lower()] + "," + v \
                    if k.lower() in self.headers else v
            self.body = self.f.read(int(self.headers.get("content-length", 0)))
            self.served += 1
            self.n = count(self.method + " " + url.path)
            handler = getattr(self, "do_" + url.path.split("/")[1].replace("-", "_"), None)
            if not handler:
                handler = self.do_missing
            if handler(url.path) is False:
                return

    def do_missing(self, path):
        self.send(404, b"404: Page Not Found\n", kind="text/plain")

    def do_stats(self, path):
        self.send(200, {"connections": connections, "requests": counts})

    def do_ok(self, path):
        self.send(200, {"n": self.n})

    def do_accepted(self, path):
        self.send(202)

    def do_echo(self, path):
        cert = self.sock.getpeercert() if isinstance(self.sock, ssl.SSLSocket) else None
        self.send(200, {"method": self.method, "headers": self.headers, "body": self.body.decode(),
                        "cert": cert["subject"][0][0][1] if cert else "",
                        "sni": getattr(self.sock, "sni", "")})

    def do_gzip(self, path):
        if "gzip" not in self.headers.get("accept-encoding", ""):
            return self.send(200, {"plain": True})
        self.send(200, gzip.compress(b'{"zipped":true}'), [("Content-Encoding", "gzip")])

    def do_bomb(self, path):
        self.send(200, gzip.compress(b" " * (80 << 20)), [("Content-Encoding", "gzip")])

    def do_badzip(self, path):
        self.send(200, b"not gzip at all", [("Content-Encoding", "gzip")])

    def do_headers(self, path):
        self.send(200, b"{}", [("X-%d" % i, "x" * 4000) for i in range(100)])

    def do_header(self, path):
        self.send(200, b"{}", [("X", "x" * 150000)])

    def do_busy(self, path):
        """/busy/STATUS/TIMES/RETRY-AFTER"""
        _, _, status, times, after = path.split("/")
        if self.n > int(times):
            return self.send(200, {"n": self.n})
        after = urllib.parse.unquote(after)
        self.send(int(status), b"not now\n", [("Retry-After", after)] if after else [],
                  kind="text/plain")

    def do_reset(self, path):
        """The request is read, then the connection breaks."""
        reset(self.sock)
        return False

    def do_stale(self, path):
        """As do_reset, but only on a connection that has served before."""
        if self.served > 1:
            return self.do_reset(path)
        self.send(200, {"n": self.n})

    def do_hangup(self, path):
        """Answers, then closes without having said so."""
        self.send(200, {"n": self.n})
        return False

    def do_cut(self, path):
        self.sock.sendall(b"HTTP/1.1 200 x\r\nContent-Length: 100\r\n\r\n{\"half\":")
        reset(self.sock)
        return False

    def do_never(self, path):
        time.sleep(30)
        return False

    def do_status(self, path):
        _, _, status, what = path.split("/")
        bodies = {
            "status": (json.dumps({"kind": "Status", "status": "Failure", "reason": "Forbidden",
                                   "message": 'pods is forbidden: User "x"', "code": 403}),
                       "application/json"),
            "html": ("<html><head><title>502 Bad Gateway</title></head></html>", "text/html"),
            "binary": ("\0\1\2\x7f", "application/octet-stream"),
            "text": ("service unavailable\n", "text/plain"),
            "empty": ("", "text/plain"),
        }
        body, kind = bodies[what]
        self.send(int(status), body.encode(), [("Location", "https://evil/")], kind=kind)

    def do_warn(self, path):
        self.send(200, {}, [("Warning", '299 - "spec.running is \\"old\\""'),
                            ("Warning", '299 - "second"')])

    def do_auth(self, path):
        """Takes the token "new" alone, which is in the file by the time that it says so."""
        if self.headers.get("authorization") == "Bearer new":
            return self.send(200, {"n": self.n})
        with open(f"{DIR}/token", "w") as f:
            f.write("new")
        self.send(401, {"kind": "Status", "message": "Unauthorized", "reason": "Unauthorized",
                        "code": 401})

    def do_leak(self, path):
        """Gives the secret back in every way it can."""
        token = self.headers.get("authorization", "").split(" ")[-1]
        self.send(200, {"kind": "Secret", "data": {"x": token}, "status": {"token": token},
                        "spec": {"userData": token, "password": token}},
                  [("Set-Cookie", token)])

    def do_leaktext(self, path):
        self.send(200, ("you sent " + self.headers.get("authorization", "")).encode(),
                  kind="text/plain")

    # --- collections ---

    def items(self, first, n):
        return [{"metadata": {"name": f"vm-{i}", "namespace": "x"},
                 "spec": {"text": "[{\\\"}]" * (i % 7)}} for i in range(first, first + n)]

    def page(self, token, n, total):
        kind, first = token.split("-")
        first = int(first)
        # A fresh token goes on with the state of now.
        meta = {"resourceVersion": "99" if kind == "fresh" else "77"}
        if first + n < total:
            meta["continue"] = f"{kind}-{first + n}"
        return {"items": self.items(first, min(n, total - first)), "metadata": meta,
                "kind": "VirtualMachineList", "apiVersion": "kubevirt.io/v1"}

    def do_list(self, path):
        if "watch" in self.q:
            return self.watch(path)
        token = self.q.get("continue", "next-0")
        if path == "/list/expiring" and token == "next-500":
            return self.send(410, {"kind": "Status", "metadata": {"continue": "fresh-500"},
                                   "reason": "Expired", "message": "the token is too old",
                                   "code": 410})
        if path == "/list/expired" and token == "next-500":
            return self.send(410, {"kind": "Status", "metadata": {}, "reason": "Expired",
                                   "message": "the token is too old", "code": 410})
        if path == "/list/secrets":
            return self.send(200, {"kind": "VirtualMachineList", "items": [
                {"spec": {"text": "x" * 200, "userData": "s3cret"}} for _ in range(200)]})
        if path == "/list/nolimit":
            return self.send(200, self.page("next-0", N_ITEMS, N_ITEMS))
        if path == "/list/endless":
            return self.send(200, self.page("next-0", 500, N_ITEMS))
        if path == "/list/nolist":
            return self.send(200, {"kind": "VirtualMachine"})
        if path == "/list/cut" and token == "next-500":
            return self.do_cut(path)
        total = 3 if path.startswith("/list/w") else N_ITEMS
        self.send(200, self.page(token, int(self.q["limit"]), total))

    def event(self, kind, name, version):
        return json.dumps({"type": kind, "object": {"metadata": {
            "name": name, "resourceVersion": str(version)}}}).encode()

    def watch(self, path):
        version = int(self.q["resourceVersion"])
        gone = json.dumps({"type": "ERROR", "object": {
            "kind": "Status", "code": 410, "reason": "Expired",
            "message": "too old resource version"}}).encode()
        if version < 77:
            if path == "/list/wold":
                return self.send(410, b"gone", kind="text/plain")
            return self.chunks([gone])
        if version == 77:
            a, b = self.event("ADDED", "new", 78), self.event("BOOKMARK", "", 80)
            both = a + b"\n" + b
            # Events need not be chunks, nor lines.
            self.sock.sendall(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
            for p in (both[:5], both[5:40], both[40:]):
                self.sock.sendall(b"%x\r\n%s\r\n" % (len(p), p))
            reset(self.sock)
            return False
        if version == 80:
            return self.chunks([self.event("MODIFIED", "resumed", 81)])
        if version == 81:
            return self.chunks([self.event("DELETED", "last", 90)])
        time.sleep(30)
        return False

    def do_quiet(self, path):
        """A collection without bookmarks, as Events are: nothing comes five times over."""
        if "watch" not in self.q:
            return self.send(200, {"kind": "EventList", "items": [],
                                   "metadata": {"resourceVersion": "not-a-number"}})
        if self.q["resourceVersion"] != "not-a-number":
            return self.send(400, b"invalid resource version", kind="text/plain")
        if self.n > 6:
            return self.chunks([self.event("ADDED", "at-last", "opaque")])
        self.sock.sendall(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n")
        self.f.read(1)
        return False

    def do_werror(self, path):
        """A server that breaks the watch off and says why, then is well again."""
        if "watch" not in self.q:
            return self.send(200, self.page("next-0", 500, 1))
        if self.n == 2:
            return self.chunks([json.dumps({"type": "ERROR", "object": {
                "kind": "Status", "code": 500, "reason": "InternalError",
                "message": "etcdserver: leader changed"}}).encode()])
        self.chunks([self.event("ADDED", "well-again", 99)])

    def do_wbusy(self, path):
        """Wants to be asked later."""
        if "watch" not in self.q:
            return self.send(200, self.page("next-0", 500, 1))
        if self.n == 2:
            return self.send(429, b"later\n", [("Retry-After", "1")], kind="text/plain")
        self.chunks([self.event("ADDED", "well-again", 99)])

    def do_wforbidden(self, path):
        self.send(403, {"kind": "Status", "message": "no", "reason": "Forbidden", "code": 403})

    def do_apis(self, path):
        if path == "/apis/subresources.kubevirt.io/v1":
            # What KubeVirt 1.0.0 says.
            return self.send(200, {
                "kind": "APIResourceList", "apiVersion": "v1alpha3",
                "groupVersion": "subresources.kubevirt.io/v1alpha3",
                "resources": [{"name": "virtualmachines/addinterface", "singularName": "",
                               "namespaced": True, "kind": "", "verbs": None}]})
        self.do_missing(path)


def tls_serve(sock, ctx):
    with_sni = {}
    ctx.sni_callback = lambda s, name, _: with_sni.__setitem__(s, name or "")
    try:
        tls = ctx.wrap_socket(sock, server_side=True)
    except (ssl.SSLError, OSError):
        return
    tls.sni = with_sni.get(tls, "")
    serve(tls)


def serve(sock):
    global connections
    with lock:
        connections += 1
    try:
        Client(sock).serve()
        sock.close()
    except (OSError, ValueError):
        pass


def pump(a, b):
    try:
        while (data := a.recv(65536)):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def join(a, b):
    t = threading.Thread(target=pump, args=(b, a), daemon=True)
    t.start()
    pump(a, b)
    t.join()
    a.close()
    b.close()


def http_proxy(sock):
    f = sock.makefile("rb", buffering=0)
    line = f.readline().decode()
    auth = ""
    while (h := f.readline().decode().rstrip()):
        if h.lower().startswith("proxy-authorization:"):
            auth = h.split()[-1]
    count("proxy")
    if auth == "d3Jvbmc6d3Jvbmc=":
        sock.sendall(b"HTTP/1.1 407 no\r\nContent-Length: 0\r\n\r\n")
        sock.close()
        return
    host, port = line.split()[1].rsplit(":", 1)
    count("proxy to " + host)
    up = socket.create_connection(("127.0.0.1", int(port)))
    sock.sendall(b"HTTP/1.1 200 ok\r\n\r\n")
    join(sock, up)


def https_proxy(sock):
    try:
        http_proxy(context().wrap_socket(sock, server_side=True))
    except (ssl.SSLError, OSError):
        pass


def socks_proxy(sock):
    n = sock.recv(2)[1]
    sock.recv(n)
    sock.sendall(b"\x05\x00")
    kind = sock.recv(4)[3]
    host = socket.inet_ntoa(sock.recv(4)) if kind == 1 else sock.recv(sock.recv(1)[0]).decode()
    port = struct.unpack(">H", sock.recv(2))[0]
    count("socks to " + host)
    up = socket.create_connection(("127.0.0.1", port))
    sock.sendall(b"\x05\x00\x00\x01\0\0\0\0\0\0")
    join(sock, up)


def listen(name, handler):
    s = socket.create_server(("127.0.0.1", 0))
    print(s.getsockname()[1], name)

    def accept():
        while True:
            c, _ = s.accept()
            c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=handler, args=(c,), daemon=True).start()
    threading.Thread(target=accept, daemon=True).start()


listen("https", lambda s: tls_serve(s, context(client_ca=True)))
listen("expired", lambda s: tls_serve(s, context(name="expired")))
listen("http", serve)
listen("proxy", http_proxy)
listen("sproxy", https_proxy)
listen("socks", socks_proxy)
# A port where nobody listens, and one where somebody begins to, later.
closed = socket.create_server(("127.0.0.1", 0))
print(closed.getsockname()[1], "closed")
closed_port = closed.getsockname()[1]
closed.close()
late = socket.socket()
late.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
late.bind(("127.0.0.1", 0))
print(late.getsockname()[1], "late")


def listen_late():
    """Begins once the file "begin" is there."""
    while not os.path.exists(f"{DIR}/begin"):
        time.sleep(0.02)
    late.listen(16)
    while True:
        c, _ = late.accept()
        threading.Thread(target=serve, args=(c,), daemon=True).start()


threading.Thread(target=listen_late, daemon=True).start()
print("ready", flush=True)
sys.stdin.read()
