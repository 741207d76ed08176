"""HTTP/3 on aioquic, for `npm run quic`: tells what it knows of a connection, sends bytes, updates keys.

server.py CHAIN KEY ask|no: `ask` asks for a certificate of the client. It prints where it listens.
"""

import asyncio
import json
import sys

import aioquic.tls
from aioquic.asyncio import QuicConnectionProtocol, serve
from aioquic.h3.connection import H3_ALPN, H3Connection
from aioquic.h3.events import HeadersReceived
from aioquic.quic.configuration import QuicConfiguration
from aioquic.quic.events import ConnectionTerminated, ProtocolNegotiated

CHAIN, KEY, ASK = sys.argv[1:4]
TICKETS = {}
# Error codes with which connections ended, by the client's port, for /closed/PORT.
CLOSED = {}

if ASK == "ask":
    # There is no public option for it.
    make_context = aioquic.tls.Context.__init__

    def asking(self, *args, **kwargs):
        make_context(self, *args, **kwargs)
        self._request_client_certificate = True

    aioquic.tls.Context.__init__ = asking


class Server(QuicConnectionProtocol):
    http = None
    port = None

    def datagram_received(self, data, addr):
        self.port = addr[1]
        super().datagram_received(data, addr)

    def quic_event_received(self, event):
        if isinstance(event, ConnectionTerminated):
            CLOSED[self.port] = event.error_code
        if isinstance(event, ProtocolNegotiated):
            self.http = H3Connection(self._quic)
        if self.http is None:
            return
        for happened in self.http.handle_event(event):
            if isinstance(happened, HeadersReceived):
                fields = dict(happened.headers)
                self.answer(happened.stream_id, fields[b":path"].decode(), fields[b":authority"].decode())

    def answer(self, stream, path, authority):
        status, body = 200, b""
        if path == "/about":
            tls = self._quic.tls
            certificate = getattr(tls, "_peer_certificate", None)
            body = json.dumps({
                "authority": authority,
                "alpn": tls.alpn_negotiated,
                "cipherSuite": int(tls.key_schedule.cipher_suite),
                "resumed": tls.session_resumed,
                "earlyData": tls.early_data_accepted,
                "client": certificate and certificate.subject.rfc4514_string(),
            }).encode()
        elif path.startswith("/bytes/"):
            body = bytes(i * 7 % 256 for i in range(int(path[7:])))
        elif path == "/update":
            self._quic.request_key_update()
        elif path.startswith("/closed/"):
            body = json.dumps(CLOSED.pop(int(path[8:]), None)).encode()
        else:
            status = 404
        self.http.send_headers(stream, [(b":status", str(status).encode()), (b"x-server", b"aioquic")], end_stream=False)
        self.http.send_data(stream, body, end_stream=True)
        self.transmit()


async def main():
    configuration = QuicConfiguration(alpn_protocols=H3_ALPN, is_client=False)
    configuration.load_cert_chain(CHAIN, KEY)
    server = await serve(
        "127.0.0.1",
        0,
        configuration=configuration,
        create_protocol=Server,
        session_ticket_fetcher=TICKETS.get,
        session_ticket_handler=lambda ticket: TICKETS.__setitem__(ticket.ticket, ticket),
    )
    print("listening on", server._transport.get_extra_info("sockname")[1], flush=True)
    await asyncio.Future()


asyncio.run(main())
