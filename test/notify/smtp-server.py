# An SMTP server of Debian's python3-aiosmtpd on a free port: prints its port, then each message as a line of JSON.
# Arguments: plain | starttls | tls, and the files of its certificate and key.
import json
import signal
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword


class Mailbox:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "user": session.auth_data,
            "tls": session.ssl is not None or mode == "tls",
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": message.get_content(),
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


def sign_in(server, session, envelope, mechanism, given):
    known = isinstance(given, LoginPassword) and (given.login, given.password) == (b"etl", b"mail-password-17")
    return AuthResult(success=known, handled=known, auth_data="etl" if known else None)


mode, certificate, key = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
asked = {"authenticator": sign_in, "auth_require_tls": mode != "plain"}
if mode == "starttls":
    asked.update(tls_context=context, require_starttls=True)
if mode == "tls":
    # It knows of TLS only what began as plain text.
    asked.update(ssl_context=context, auth_require_tls=False)


class FreePort(Controller):
    """It is started on any free port, and looked up there by whoever waits for it."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = FreePort(Mailbox(), hostname="127.0.0.1", port=0, **asked)
controller.start()
print(controller.port, flush=True)
signal.pause()
