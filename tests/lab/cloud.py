"""The far side of the lab's network: a name server, and a TLS server that answers a tiny framed protocol.

    python -m tests.lab.cloud FOLDER

A frame from the speaker: one letter, the length of what follows, the length of the wanted answer. K keeps alive, U is
part of an upload and not answered, E ends an upload, D downloads. FOLDER holds cert.pem and key.pem; `ready` appears
in it once both servers listen, and `cloud.ndjson` tells per connection what was counted.
"""

import json
import socket
import ssl
import struct
import sys
import threading
from pathlib import Path

NAME_SERVER = 53

NAMES = {
    "avs-alexa-4-na.amazon.com": 10,
    "device-metrics-us.amazon.com": 11,
    "softwareupdates.amazon.com": 12,
}
"""Name -> the last number of its address. They resolve in the lab only."""

MOST = 1 << 21
FRAME = struct.Struct(">cII")


def main() -> None:
    folder = Path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    # One socket per address: an answer must come from the address that was asked.
    for family, address in ((socket.AF_INET, "203.0.113."), (socket.AF_INET6, "2001:db8:77::")):
        names = socket.socket(family, socket.SOCK_DGRAM)
        names.bind((f"{address}{NAME_SERVER}", 53))
        threading.Thread(target=answer_names, args=(names,), daemon=True).start()
    server = socket.create_server(("::", 443), family=socket.AF_INET6, dualstack_ipv6=True, backlog=64)
    (folder / "ready").touch()
    lock = threading.Lock()
    with (folder / "cloud.ndjson").open("a") as log:
        while True:
            connection, peer = server.accept()
            threading.Thread(target=serve, args=(connection, peer, context, log, lock), daemon=True).start()


def serve(connection: socket.socket, peer: tuple, context: ssl.SSLContext, log: object, lock: threading.Lock) -> None:
    received = sent = 0
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with context.wrap_socket(connection, server_side=True) as tls, tls.makefile("rb") as stream:
            while len(head := stream.read(FRAME.size)) == FRAME.size:
                kind, length, wanted = FRAME.unpack(head)
                if length > MOST or wanted > MOST or len(stream.read(length)) < length:
                    break
                received += FRAME.size + length
                if kind != b"U":
                    tls.sendall(struct.pack(">I", wanted) + bytes(wanted))
                    sent += 4 + wanted
    except OSError:
        pass
    with lock:
        print(json.dumps({"peer": peer[0], "port": peer[1], "rx": received, "tx": sent}), file=log, flush=True)


def answer_names(names: socket.socket) -> None:
    while True:
        question, peer = names.recvfrom(512)
        labels, at = [], 12
        while question[at]:
            labels.append(question[at + 1 : at + 1 + question[at]].decode())
            at += 1 + question[at]
        kind = struct.unpack_from(">H", question, at + 1)[0]
        host = NAMES.get(".".join(labels))
        address = b""
        if host and kind in (1, 28):
            form = (socket.AF_INET, f"203.0.113.{host}") if kind == 1 else (socket.AF_INET6, f"2001:db8:77::{host}")
            address = socket.inet_pton(*form)
        reply = question[:2] + struct.pack(">HHHHH", 0x8180, 1, bool(address), 0, 0) + question[12 : at + 5]
        if address:
            reply += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 60, len(address)) + address
        names.sendto(reply, peer)


if __name__ == "__main__":
    main()
