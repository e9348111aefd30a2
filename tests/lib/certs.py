"""Certificates of the tests, made by the openssl program."""
import subprocess


class Cert:
    def __init__(self, cert, key):
        self.cert, self.key = cert, key


def _openssl(*args):
    subprocess.run(["openssl", *args], check=True, capture_output=True)


class Authority:
    """A CA and what it signs."""

    def __init__(self, box, name="ca"):
        self.box, self.name = box, name
        self.cert, self._key = box.path(f"{name}.pem"), box.path(f"{name}.key")
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt",
                 "ec_paramgen_curve:P-256", "-nodes", "-subj",
                 f"/CN=alpacon test {name}", "-days", "30",
                 "-addext", "keyUsage=critical,keyCertSign",
                 "-keyout", self._key, "-out", self.cert)

    def sign(self, name, names=("localhost",), ips=("127.0.0.1",), days=30,
             usage="serverAuth"):
        """days below 0: expired that long ago."""
        b = self.box
        cert, key, req = (b.path(f"{name}.{x}") for x in ("pem", "key", "csr"))
        _openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                 "-nodes", "-subj", f"/CN={names[0]}", "-keyout", key,
                 "-out", req)
        san = ",".join([f"DNS:{n}" for n in names] + [f"IP:{i}" for i in ips])
        ext = b.write(f"{name}.ext", f"subjectAltName={san}\n"
                      f"extendedKeyUsage={usage}\n")
        when = ["-days", str(days)]
        if days < 0:
            db = b.write(f"{name}.db", "")
            conf = b.write(f"{name}.caconf", f"""[ca]
default_ca = d
[d]
database = {db}
new_certs_dir = {b.dir}
default_md = sha256
policy = p
rand_serial = yes
[p]
commonName = supplied
""")
            _openssl("ca", "-batch", "-notext", "-config", conf,
                     "-cert", self.cert, "-keyfile", self._key, "-in", req,
                     "-extfile", ext, "-out", cert,
                     "-startdate", "20200101000000Z",
                     "-enddate", "20200201000000Z")
        else:
            _openssl("x509", "-req", "-in", req, "-CA", self.cert,
                     "-CAkey", self._key, "-CAcreateserial", "-extfile", ext,
                     "-out", cert, *when)
        return Cert(cert, key)
