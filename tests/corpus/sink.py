"""sink - a plain STOW-RS server that takes everything and remembers the hash of each data set."""
import hashlib
import http.server
import json
import re
import struct
import threading

import part10


class Sink:
    def __init__(self):
        self.hashes, self.broken = set(), []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *arguments):
                pass

            def read_body(self):
                if self.headers.get('Transfer-Encoding') != 'chunked':
                    return self.rfile.read(int(self.headers.get('Content-Length') or 0))
                body = b''
                while True:
                    size = int(self.rfile.readline(), 16)
                    body += self.rfile.read(size)
                    self.rfile.readline()
                    if size == 0:
                        return body

            def do_POST(self):
                answer = json.dumps(sink.take(self.headers['Content-Type'], self.read_body())).encode()
                self.send_response(200)
                self.send_header('Content-Type', 'application/dicom+json')
                self.send_header('Content-Length', str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def do_GET(self):
                self.send_response(204)
                self.send_header('Content-Length', '0')
                self.end_headers()

        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def take(self, content_type, body):
        boundary = re.search('boundary="?([^";]+)', content_type).group(1).encode()
        listed = []
        for part in body.split(b'--' + boundary)[1:]:
            if part.startswith(b'--'):
                break
            file = part[part.index(b'\r\n\r\n') + 4:-2]
            meta, data_set = part10.read(file)
            if meta is None:
                self.broken.append('a part of a request is no Part 10 file')
                continue
            self.hashes.add(hashlib.sha256(data_set).hexdigest())
            listed.append({'00081150': {'vr': 'UI', 'Value': [meta['class']]},
                           '00081155': {'vr': 'UI', 'Value': [meta['instance']]}})
        return {'00081199': {'vr': 'SQ', 'Value': listed}}
