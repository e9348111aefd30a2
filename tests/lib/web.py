"""A web server for PAC files: says what it is told, remembers who has asked."""
import http.server
import ssl
import threading


class Web:
    """Serves pages: {path: body or (status, headers, body)}; {} is all 404.
    With a certificate (certs.Signed) over TLS."""

    def __init__(self, pages, cert=None, port=0, host="127.0.0.1"):
        self.pages, self.asked = dict(pages), []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append((self.headers["Host"], self.path))
                page = web.pages.get(self.path.split("?")[0], (404, {}, ""))
                if not isinstance(page, tuple):
                    page = (200, {"Content-Type":
                                  "application/x-ns-proxy-autoconfig"}, page)
                status, headers, body = page
                body = body if isinstance(body, bytes) else body.encode()
                self.send_response(status)
                for h in headers.items():
                    self.send_header(*h)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer((host, port), Handler)
        self.port = self.server.server_address[1]
        if cert:
            ctx = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ctx.load_cert_chain(cert.cert, cert.key)
            self.server.socket = ctx.wrap_socket(self.server.socket,
                                                 server_side=True)
        self.scheme = "https" if cert else "http"
        threading.Thread(target=self.server.serve_forever,
                         daemon=True).start()

    def url(self, path="/proxy.pac", host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def main():
    """web.py ADDRESS PORT PATH=FILE... - for network namespaces."""
    import sys
    pages = {}
    for a in sys.argv[3:]:
        path, file = a.split("=", 1)
        with open(file, "rb") as f:
            pages[path] = f.read()
    web = Web(pages, host=sys.argv[1], port=int(sys.argv[2]))
    print(f"listening {web.port}", flush=True)
    threading.Event().wait()


if __name__ == "__main__":
    main()
