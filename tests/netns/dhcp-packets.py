#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Send DHCP messages that must not be answered, then one that must be: the only replies are to that.

usage: dhcp-packets.py IFACE GOOD BAD...

GOOD and BAD are files with the payload of a datagram, as in tests/fuzz/corpus/dhcp4. Each transaction
gets an id of its own. Prints one line for each reply: its message type and address.
"""
import socket
import struct
import sys
import time

MAC = bytes.fromhex("02000000000a")
COOKIE_AT, OPTIONS_AT = 236, 240


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def datagram(payload):
    udp_len = 8 + len(payload)
    source, to = b"\0" * 4, b"\xff" * 4
    udp = struct.pack("!HHHH", 68, 67, udp_len, 0) + payload
    pseudo = source + to + struct.pack("!HH", 17, udp_len)
    udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + udp_len, 0, 0, 64, 17, 0) + source + to
    header = header[:10] + struct.pack("!H", checksum(header)) + header[12:]
    return b"\xff" * 6 + MAC + b"\x08\x00" + header + udp


def with_xid(payload, xid):
    return payload[:4] + struct.pack("!I", xid) + payload[8:] if len(payload) >= 8 else payload


def reply_of(frame):
    """The DHCP message in a frame from the server, or None"""
    ip = frame[14:]
    if len(ip) < 28 or frame[12:14] != b"\x08\x00" or ip[9] != 17:
        return None
    header = (ip[0] & 15) * 4
    source, to = struct.unpack("!HH", ip[header:header + 4])
    if (source, to) != (67, 68):
        return None
    if checksum(ip[:header]) != 0:
        sys.exit("a reply with a wrong checksum")
    udp = ip[header:header + struct.unpack("!H", ip[header + 4:header + 6])[0]]
    if checksum(ip[12:20] + struct.pack("!HH", 17, len(udp)) + udp) != 0:
        sys.exit("a reply with a wrong UDP checksum")
    return udp[8:]


def option(message, code):
    at = OPTIONS_AT
    while message[at] != 255:
        if message[at] == 0:
            at += 1
            continue
        if message[at] == code:
            return message[at + 2:at + 2 + message[at + 1]]
        at += 2 + message[at + 1]
    return None


def main():
    iface, good, *bad = sys.argv[1:]
    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    link.bind((iface, 0))
    for xid, name in enumerate(bad, 1):
        with open(name, "rb") as f:
            link.send(datagram(with_xid(f.read(), xid)))
    with open(good, "rb") as f:
        link.send(datagram(with_xid(f.read(), 0x600D)))
    end = time.monotonic() + 10
    while time.monotonic() < end:
        link.settimeout(max(end - time.monotonic(), 0.01))
        frame, address = link.recvfrom(2048)
        message = reply_of(frame) if address[2] != socket.PACKET_OUTGOING else None
        if not message:
            continue
        xid = struct.unpack("!I", message[4:8])[0]
        if xid != 0x600D:
            sys.exit("answered: " + bad[xid - 1])
        print(option(message, 53)[0], socket.inet_ntoa(message[16:20]))
        return
    sys.exit("no answer to the good one")


main()
