#!/usr/bin/python3
"""Two targets of notices for tests: an HTTP server that checks the signature, and a real SMTP server (aiosmtpd).

Usage: notice-targets.py FOLDER SECRET CERTIFICATE KEY SMTP-PORT

Writes FOLDER/ports ("HTTP SMTP") when both listen. Each webhook that is taken becomes a line of FOLDER/webhook, the JSON
with "signed" beside it; each mail a line of FOLDER/mail, {"from", "to", "text"}. While FOLDER/refuse is there the webhook
answers 503; while FOLDER/slow is there it takes notices and answers later. The mail server wants STARTTLS and the login ops, hush.."""
import hashlib
import hmac
import json
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

folder, secret, certificate, key = sys.argv[1:5]


def record(name, value):
    with open(os.path.join(folder, name), "a", encoding="utf-8") as file:
        file.write(json.dumps(value) + "\n")


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        expected = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        refuses = os.path.exists(os.path.join(folder, "refuse"))
        if not refuses:
            signed = hmac.compare_digest(expected, self.headers.get("X-Felucca-Signature", ""))
            record("webhook", dict(json.loads(body), signed=signed))
        while os.path.exists(os.path.join(folder, "slow")):
            time.sleep(0.02)
        self.send_response(503 if refuses else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


class Mailbox:
    async def handle_DATA(self, server, session, envelope):
        text = envelope.content.decode("utf-8")
        record("mail", {"from": envelope.mail_from, "to": envelope.rcpt_tos, "text": text})
        return "250 queued as 7"


def login(server, session, envelope, mechanism, data):
    good = isinstance(data, LoginPassword) and data.login == b"ops" and data.password == b"hush"
    return AuthResult(success=good, handled=good)


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
web = ThreadingHTTPServer(("127.0.0.1", 0), Webhook)
threading.Thread(target=web.serve_forever, daemon=True).start()
mail = Controller(Mailbox(), hostname="127.0.0.1", port=int(sys.argv[5]), tls_context=context, require_starttls=True,
                  authenticator=login, auth_required=True)
mail.start()
with open(os.path.join(folder, "ports.part"), "w", encoding="utf-8") as ports:
    ports.write(f"{web.server_address[1]} {mail.port}\n")
os.rename(os.path.join(folder, "ports.part"), os.path.join(folder, "ports"))
threading.Event().wait()
