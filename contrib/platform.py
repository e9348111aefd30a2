"""platform.py PORT CERT KEY FOLDER - the demo's platform: files over HTTPS."""
import functools
import http.server
import ssl
import sys


def main():
    port, cert, key, folder = sys.argv[1:]
    handler = functools.partial(http.server.SimpleHTTPRequestHandler,
                                directory=folder)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
