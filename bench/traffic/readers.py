"""One reader over one capture: prints CPU seconds and peak MB, its children's included, and packets (import_.py)."""

import os
import resource
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path

_Key = tuple[bytes, bytes, int, bool]


def bare(path: str) -> int:
    """A loop over `struct`: Ethernet and IPv4 only, private addresses are devices, nothing is kept but the sums."""
    sums: dict[_Key, int] = {}
    header = struct.Struct("<IIII").unpack
    packets = 0
    with open(path, "rb", buffering=1 << 20) as file:
        file.read(24)
        while len(head := file.read(16)) == 16:
            seconds, _, kept, _ = header(head)
            frame = file.read(kept)
            packets += 1
            if frame[12:14] != b"\x08\x00":
                continue
            at = 14 + (frame[14] & 15) * 4
            proto = frame[23]
            if proto == 6:
                size = (frame[16] << 8 | frame[17]) + 14 - at - (frame[at + 12] >> 4) * 4
            elif proto == 17:
                size = (frame[16] << 8 | frame[17]) + 6 - at
            else:
                continue
            if size > 0:
                source, target = frame[26:30], frame[30:34]
                up = source[0] == 192 and source[1] == 168
                key = (source, target, seconds, up) if up else (target, source, seconds, up)
                sums[key] = sums.get(key, 0) + size
    return packets


def dpkt_objects(path: str) -> int:
    """dpkt, each packet as Ethernet, IP and TCP or UDP objects."""
    import dpkt

    sums: dict[_Key, int] = {}
    packets = 0
    with open(path, "rb", buffering=1 << 20) as file:
        for at, frame in dpkt.pcap.Reader(file):
            packets += 1
            ip = dpkt.ethernet.Ethernet(frame).data
            if isinstance(ip, dpkt.ip.IP) and isinstance(ip.data, dpkt.tcp.TCP | dpkt.udp.UDP) and ip.data.data:
                up = ip.src[0] == 192 and ip.src[1] == 168
                key = (ip.src, ip.dst, int(at), up) if up else (ip.dst, ip.src, int(at), up)
                sums[key] = sums.get(key, 0) + len(ip.data.data)
    return packets


def dpkt_slices(path: str) -> int:
    """dpkt's reader, headers taken apart by slices."""
    import dpkt

    sums: dict[_Key, int] = {}
    packets = 0
    with open(path, "rb", buffering=1 << 20) as file:
        for seconds, frame in dpkt.pcap.Reader(file):
            packets += 1
            if frame[12:14] == b"\x08\x00":
                source, target = frame[26:30], frame[30:34]
                up = source[0] == 192 and source[1] == 168
                key = (source, target, int(seconds), up) if up else (target, source, int(seconds), up)
                sums[key] = sums.get(key, 0) + (frame[16] << 8 | frame[17])
    return packets


def scapy_objects(path: str) -> int:
    """scapy's PcapReader."""
    from scapy.layers.inet import IP, TCP, UDP
    from scapy.utils import PcapReader

    sums: dict[tuple[str, str, int], int] = {}
    packets = 0
    with PcapReader(path) as reader:
        for packet in reader:
            packets += 1
            if packet.haslayer(IP) and (packet.haslayer(TCP) or packet.haslayer(UDP)):
                key = (packet[IP].src, packet[IP].dst, int(packet.time))
                sums[key] = sums.get(key, 0) + len(packet[IP].payload.payload)
    return packets


def scapy_raw(path: str) -> int:
    """scapy's RawPcapReader: frames, not taken apart."""
    from scapy.utils import RawPcapReader

    return sum(1 for _ in RawPcapReader(path))


def meter_only(path: str) -> int:
    """echoctl's reader and meter alone."""
    from echoctl.traffic.endpoint_names import EndpointNames
    from echoctl.traffic.meter import Meter
    from echoctl.traffic.pcap import PcapReader

    meter = Meter(EndpointNames())
    with open(path, "rb") as file:
        for block in PcapReader(file).blocks():
            meter.feed(block)
            meter.take()
    meter.finish()
    return meter.packets


def everything(path: str) -> int:
    """What `echoctl traffic import` does, the store included."""
    from echoctl.services.traffic import importer

    return importer.import_file(path, time.time_ns() // 1_000_000).capture.packets


READERS: dict[str, Callable[[str], int]] = {
    "bare struct loop": bare,
    "echoctl, everything on": everything,
    "echoctl, reader and meter": meter_only,
    "dpkt, whole objects": dpkt_objects,
    "dpkt, slices": dpkt_slices,
    "scapy PcapReader": scapy_objects,
    "scapy RawPcapReader": scapy_raw,
}

PROGRAMS = {
    "tcpdump -w /dev/null": ["tcpdump", "-w", "/dev/null", "-r"],
    "tcpdump -n -q": ["tcpdump", "-n", "-q", "-r"],
    "tshark -T fields": [
        *("tshark", "-n", "-T", "fields", "-e", "frame.time_epoch", "-e", "ip.src", "-e", "ip.dst"),
        *("-e", "tcp.len", "-e", "udp.length"),
        # as little as it can do: made-up contents on port 443 would keep it looking for TLS, and made-up
        # acknowledgements have it remember every packet
        *("-o", "tcp.desegment_tcp_streams:FALSE", "-o", "tcp.analyze_sequence_numbers:FALSE"),
        *("--disable-protocol", "tls", "-r"),
    ],
}


def peak_mb() -> int:
    """The most memory that this process has held."""
    try:
        status = Path("/proc/self/status").read_text()
    except FileNotFoundError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 20  # macOS counts in bytes
    # not ru_maxrss, which a process inherits from the one that started it
    return int(status.split("VmHWM:")[1].split()[0]) >> 10


def main() -> None:
    name, path = sys.argv[1:]
    reader = READERS[name]
    if name.startswith("echoctl"):  # imports are start-up, which bench/startup.py measures
        import sqlite_utils  # noqa: F401

        import echoctl.services.traffic.importer  # noqa: F401
    before = os.times()
    packets = reader(path)
    after = os.times()
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(sum(after[:4]) - sum(before[:4]), packets, peak_mb() + children)


if __name__ == "__main__":
    main()
