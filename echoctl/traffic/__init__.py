"""Packets of the devices in the house: reading captures, who talks to whom, and what shape an upload has.

No payload is kept. `sources` bring a pcap stream, `pcap` and `dissector` read it, `meter` counts it in windows of 200
ms, `endpoint_names` say who the other side is.
"""
