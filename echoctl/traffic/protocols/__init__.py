"""What a connection says of itself, read from the first bytes that pass.

dns       answers: which name an address has
tls       the server name of a ClientHello
quic      the same inside a QUIC Initial
http      the Host of a plain request
tunnels   WireGuard, OpenVPN, IPsec, L2TP
hostname  whether bytes are a host name at all
"""
