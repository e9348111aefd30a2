#!/usr/bin/env python3
"""The table of what we hold ourselves to, measured now, beside ssh and the floor.

    make bench                             from a build folder (about 5 minutes)
    make bench BENCH_FLAGS="--reps 1 --only bulk,lat"

Systems take turns within each repetition, each freshly started, so that a
drift of the machine touches all alike.  Two hops: local port -> alpacon-tunnel
-> alpacon-gatewayd -> alpacon-connectord -> target, everything on 127.0.0.1.
"""
import argparse
import collections
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))

import alpacon                                          # noqa: E402
import drive                                            # noqa: E402
import proc                                             # noqa: E402
import netns                                            # noqa: E402
import servers                                          # noqa: E402
import wan                                              # noqa: E402

A256, A128 = "aes256-gcm@openssh.com", "aes128-gcm@openssh.com"
MIB = 1 << 20
# What the road is, and whether a proxy stands in front of it.
ROADS = {
    "wan": (("rate 100mbit", "delay 10ms", "queue 256kib"), False),
    "jitter": (("rate 100mbit", "delay 10ms", "jitter 5ms", "queue 256kib"),
               False),
    "deep": (("rate 20mbit", "queue 4mib"), True),
}
OF_PACKETS = 1500 / 1448            # what a full packet is to what it carries


class Bench:
    def __init__(self, box):
        self.box = box
        self.target = None
        self.road = None        # wan.Wan: the client's end is its site
        self.proxy = None       # in front of the road, or none
        self.results = collections.defaultdict(list)

    def new_box(self):
        b = proc.Box(tempfile.mkdtemp(prefix="run-", dir=self.box.dir))
        self.run_box = b
        return b

    def build_road(self, kind):
        settings, has_proxy = ROADS[kind]
        self.road = wan.Wan(self.run_box)
        self.road.link.set(*settings)
        if has_proxy:
            port, site = proc.free_port(), self.road.site
            self.proxy = servers.squid(self.run_box, port=port, net=site)
            site.wait_port(self.proxy.proc, port)

    @property
    def here(self):
        return self.road.site if self.road else None

    @property
    def there(self):
        return self.road.world if self.road else None

    def listening(self, p, port, net, host="127.0.0.1"):
        if net:
            net.wait_port(p, port, host)
        else:
            p.wait_port(port)
        return p

    # --- systems: (local port, {pid: role}) ------------------------------
    def _sshd(self):
        host = netns.WORLD if self.road else "127.0.0.1"
        sshd = servers.Sshd(self.run_box, net=self.there, host=host)
        self.listening(sshd.proc, sshd.port, self.there, host)
        return sshd

    def _ssh(self, sshd, cipher, flag, spec, net):
        argv = ["ssh", *sshd.options, "-N", "-o", f"Ciphers={cipher}", "-p",
                str(sshd.port), "-o", "ExitOnForwardFailure=yes", flag, spec]
        if net and net is self.here and self.proxy:
            argv += ["-o", "ProxyCommand=nc -X connect -x "
                     f"127.0.0.1:{self.proxy.port} %h %p"]
        argv += [f"{sshd.user}@{sshd.host}"]
        return (net.start(self.run_box, argv) if net else
                self.run_box.start(argv))

    def ssh_l(self, cipher):
        sshd, port = self._sshd(), proc.free_port()
        c = self._ssh(sshd, cipher, "-L",
                      f"127.0.0.1:{port}:127.0.0.1:{self.target.port}",
                      self.here)
        self.listening(c, port, self.here)
        return port, {sshd.proc.pid: "sshd", c.pid: "ssh"}

    def ssh_l_aes256(self):
        return self.ssh_l(A256)

    def ssh_l_aes128(self):
        return self.ssh_l(A128)

    def ssh_2hop_aes256(self):
        """Agent: ssh -R to the gateway's sshd; client: ssh -L to that."""
        sshd = self._sshd()
        middle, port = proc.free_port(), proc.free_port()
        a = self._ssh(sshd, A256, "-R",
                      f"127.0.0.1:{middle}:127.0.0.1:{self.target.port}",
                      self.there)
        self.listening(a, middle, self.there)
        c = self._ssh(sshd, A256, "-L",
                      f"127.0.0.1:{port}:127.0.0.1:{middle}", self.here)
        self.listening(c, port, self.here)
        return port, {sshd.proc.pid: "sshd", a.pid: "agent", c.pid: "client"}

    def _alpacon(self, extra=""):
        gw = (self.road.gateway(extra=extra) if self.road else
              alpacon.Gateway(self.run_box, extra=extra))
        c = alpacon.Connector(gw.start(), net=self.there).start()
        op = alpacon.Operator(
            gw, net=self.here,
            proxies=[self.proxy.url()] if self.proxy else ["direct"])
        t, port = op.forward(self.target.port)
        return port, {gw.proc.pid: "gateway", c.proc.pid: "connector",
                      t.pid: "tunnel"}

    def alpacon_aes256(self):
        return self._alpacon()

    def alpacon_aes128(self):
        return self._alpacon("tls_ciphers = TLS_AES_128_GCM_SHA256")

    # --- running ----------------------------------------------------------
    def keep(self, system, name, result):
        self.results[system, name].append(result)
        with open(os.path.join(self.box.dir, "results.jsonl"), "a") as f:
            f.write(json.dumps(dict(result, system=system, name=name)) + "\n")
        if not result.get("ok", True):
            print(f"  {system} {name}: {result.get('why', 'failed')}",
                  file=sys.stderr)

    def measure(self, system, plan, spin=False):
        print(f"  {plan}: {system}", file=sys.stderr, flush=True)
        self.new_box()
        self.road = self.proxy = self.target = None
        try:
            if plan in ROADS:
                self.build_road(plan)
            self.target = drive.Target(
                proc.free_port(), os.path.join(self.box.dir, "stats"),
                self.there.enter if self.road else ())
            port, roles = getattr(self, system)()
            if spin:
                self.run_box.start([drive.PFBENCH, "spin"])
            with RoadQueue(self.road) as q:
                drive.run_plan(plan, port, self.target.stats, roles,
                               lambda r: self.keep(system, r["name"],
                                                   dict(r, **q.take())),
                               self.here.enter if self.road else ())
        except (AssertionError, OSError) as e:
            self.keep(system, plan, {"ok": False, "why": str(e)})
        finally:
            self.run_box.close()
            if self.target:
                self.target.stop()

    def floor(self, mib):
        """The lower bounds of the same two hops on this machine, now."""
        b = self.new_box()
        ca = alpacon.certs.Authority(b)
        c = ca.sign("floor")
        tool = os.path.join(drive.BIN, "floor")
        try:
            for name, args in (
                    ("chain", ["chain", "sslbatch", 2, "aes256", 1, mib]),
                    ("rtt", ["rtt", "ssl", 2, "aes256", 128])):
                spin = (b.start([drive.PFBENCH, "spin"]) if name == "rtt"
                        else None)
                p = subprocess.run([tool, *map(str, args), c.cert, c.key],
                                   capture_output=True, text=True, timeout=120)
                if spin:
                    spin.kill()
                self.keep("floor", name, json.loads(p.stdout))
        finally:
            b.close()

    def idle_connectors(self, n):
        """What a connector that does nothing costs the gateway."""
        print(f"  idle: {n} connectors", file=sys.stderr, flush=True)
        b = self.new_box()
        try:
            gw = alpacon.Gateway(b)
            cs = [alpacon.Connector(gw, f"c{i}") for i in range(n)]
            gw.start()
            cs[0].start()
            before = _anon_kib(gw.proc.pid)
            for c in cs[1:]:
                c.start()
            self.keep("alpacon_aes256", "connectors", {
                "kib": (_anon_kib(gw.proc.pid) - before) / (n - 1)})
        except (AssertionError, OSError) as e:
            self.keep("alpacon_aes256", "connectors",
                      {"ok": False, "why": str(e)})
        finally:
            b.close()

    # --- the table ----------------------------------------------------------
    def med(self, system, name, key):
        v = [r[key] for r in self.results[system, name]
             if r.get("ok", True) and r.get(key) is not None]
        return statistics.median(v) if v else None

    def mean(self, system, names, key):
        v = [self.med(system, n, key) for n in names]
        return None if None in v else sum(v) / len(v)

    def idle_kib(self, system, role):
        for r in self.results[system, "idle9500"]:
            zero = self.results[system, "idle0"][0]
            if not r.get("ok") or "after" not in zero:
                return None
            z = {m["pid"]: m["pss"] for m in zero["after"]}
            for m in r["after"]:
                if r["roles"][str(m["pid"])] == role:
                    return (m["pss"] - z[m["pid"]]) / 1024 / 9500
        return None

    def base_mib(self, system, role):
        for r in self.results[system, "idle0"]:
            for m in r.get("after", ()):
                if r["roles"][str(m["pid"])] == role:
                    return m["rss"] / MIB
        return None


class RoadQueue:
    """How long the road's queue is while something is measured."""

    def __init__(self, road):
        self.road, self.seen, self.over = road, [], threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)

    def _look(self):
        while not self.over.wait(0.02):
            s = self.road.link.stats()
            self.seen.append(max(s["up_queued"], s["down_queued"]))

    def take(self):
        seen, self.seen = self.seen, []
        return {"road_kib": statistics.median(seen) / 1024} if seen else {}

    def __enter__(self):
        if self.road:
            self.thread.start()
        return self

    def __exit__(self, *why):
        self.over.set()
        if self.road:
            self.thread.join()


def _anon_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        for line in f:
            if line.startswith("Anonymous:"):
                return int(line.split()[1])
    return 0


ONE, MANY = ("up1", "down1"), ("up64", "down64")
US = "alpacon_aes256"
OTHERS = ("alpacon_aes128", "ssh_l_aes256", "ssh_l_aes128", "ssh_2hop_aes256")


def rows(b):
    """(metric, goal in words, our value, hit or not, {system: value})"""
    def bulk(key, names):
        return {s: b.mean(s, names, key) for s in (US, *OTHERS)}

    def lat(name, key):
        return {s: b.med(s, name, key) for s in (US, *OTHERS)}

    def ratio(x, y):
        return None if not x or not y else x / y

    cpu1, cpu64 = bulk("cpu_s_per_gib", ONE), bulk("cpu_s_per_gib", MANY)
    rate = bulk("gib_s", ONE)
    floor_cpu = b.med("floor", "chain", "cpu_s_per_gib")
    floor_rate = b.med("floor", "chain", "gib_s")
    floor_rtt = b.med("floor", "rtt", "p50_us")
    us, hop2 = cpu1[US], cpu1["ssh_2hop_aes256"]
    yield ("CPU-s/GiB", "<= 3.8 and under ssh two-hop; stretch 1.15 x floor",
           us, None if us is None else
           us <= 3.8 and (hop2 is None or us < hop2), dict(cpu1, floor=floor_cpu))
    r = ratio(us, floor_cpu)
    yield "  x floor", "stretch <= 1.15", r, None, {}
    r = ratio(cpu64[US], us)
    yield ("CPU-s/GiB, 64 streams", "<= 1.15 x own single stream", cpu64[US],
           r and r <= 1.15, cpu64)
    us, hop2 = rate[US], rate["ssh_2hop_aes256"]
    yield ("bulk GiB/s", ">= 0.40 and above ssh two-hop; stretch 0.48", us,
           us and us >= 0.40 and (hop2 is None or us > hop2),
           dict(rate, floor=floor_rate))
    idle = lat("lat128", "p50_us")
    r = ratio(idle[US], floor_rtt)
    yield ("128 B round trip us", "<= 1.5 x floor; stretch 1.25 x", idle[US],
           r and r <= 1.5, dict(idle, floor=floor_rtt))
    yield "  x floor", "<= 1.5; stretch 1.25", r, None, {}
    for q, goal in (("p50_us", 500), ("p99_us", 3000)):
        v = {s: b.mean(s, ("lat128_up", "lat128_down"), q)
             for s in (US, *OTHERS)}
        yield (f"  under bulk, {q[:3]} us", f"<= {goal}", v[US],
               v[US] and v[US] <= goal, v)
    yield from road_rows(b, "wan", 95, {"p50": 30, "p99": 45})
    yield from road_rows(b, "jitter", 75, {"p50": 40})
    yield from road_rows(b, "deep", 19, {"p50": 25})
    conns = lat("conn32", "per_s")
    yield ("connections/s, 32 at once", ">= 4500; stretch 5500", conns[US],
           conns[US] and conns[US] >= 4500, conns)
    for role, goal in (("tunnel", 1), ("connector", 1), ("gateway", 0.5)):
        x = b.idle_kib(US, role)
        yield (f"KiB per idle channel, {role}", f"<= {goal}", x,
               None if x is None else x <= goal, {})
    for role in ("tunnel", "connector", "gateway"):
        x = b.base_mib(US, role)
        yield (f"base RSS MiB, {role}", "<= 6; stretch 4", x, x and x <= 6, {})
    x = b.med(US, "connectors", "kib")
    yield ("KiB per idle connector at the gateway", "<= 40; stretch 25", x,
           None if x is None else x <= 40, {})
    x = ratio(b.med(US, "stall1000", "ping_p99_us"),
              b.med(US, "stall0", "p99_us"))
    stuck = b.med(US, "stall1000", "other_ping_stuck")
    yield ("1000 stalled readers: p99 x idle", "<= 1.3, nothing frozen", x,
           x and x <= 1.3 and not stuck, {})
    x = b.med(US, "stall1000", "accepted_bytes")
    yield ("  KiB taken for each", "<= 1024 (one window) + sockets",
           x and x / 1024 / 1000, None, {})
    x = b.med(US, "idle9500", "cpu_s")
    yield ("CPU s in 2 s with 9,500 idle channels", "0", x,
           None if x is None else x <= 0.01, {})


def road_rows(b, plan, mbit, goals):
    """A slow road: each way for itself, as their queues differ."""
    for name in drive.PLANS[plan]:
        def of(key, times):
            v = {s: b.med(s, name, key) for s in (US, *OTHERS)}
            return {s: x and x * times for s, x in v.items()}
        for q, goal in goals.items():
            v = of(f"{q}_us", 0.001)
            yield (f"{name}: 128 B beside bulk, {q} ms", f"<= {goal}", v[US],
                   v[US] and v[US] <= goal, v)
        v = of("load_gib_s", 8 * 1073.741824 * OF_PACKETS)
        yield (f"{name}: bulk Mbit/s with headers", f">= {mbit}", v[US],
               v[US] and v[US] >= mbit, v)
        v = of("road_kib", 1)
        yield f"{name}: KiB queued on the road", "", v[US], None, v


def print_table(b):
    def num(x):
        if x is None or x is False:
            return "-"
        return f"{x:.0f}" if abs(x) >= 100 else f"{x:.2f}"
    heads = (US, *OTHERS, "floor")
    print("| metric | goal | | " + " | ".join(heads) + " |")
    print("|---" * (3 + len(heads)) + "|")
    for metric, goal, ours, hit, all_ in rows(b):
        mark = "-" if ours is None else "" if hit is None else (
            "hit" if hit else "MISS")
        cells = [num(all_.get(s)) if s in all_ else "" for s in heads]
        cells[0] = num(ours)
        print(f"| {metric} | {goal} | {mark} | " + " | ".join(cells) + " |")
    failures = collections.Counter(
        (s, n, r.get("why", "not ok")[:100]) for (s, n), rs in
        b.results.items() for r in rs if not r.get("ok", True) or r.get("bad"))
    for (s, n, why), k in failures.items():
        print(f"failed {k} x: {s} {n}: {why}")
    return 1 if failures else 0


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--reps", type=int, default=3)
    ap.add_argument("--only", default="bulk,lat,verify,idle,stall,wan,jitter,deep")
    ap.add_argument("--systems", default=",".join((US, *OTHERS)))
    ap.add_argument("--mib", type=int, default=1024, help="through the floor")
    ap.add_argument("--keep", metavar="DIR", help="raw results are kept there")
    a = ap.parse_args()
    drive.raise_nofile()
    plans = a.only.split(",")
    where = a.keep or tempfile.mkdtemp(prefix="alpacon-bench-")
    b = Bench(proc.Box(where))
    everyone = a.systems.split(",")
    if why := wan.why_not():
        print(f"no slow roads: {why}", file=sys.stderr)
        plans = [p for p in plans if p not in ROADS]
    for rep in range(a.reps):
        print(f"repetition {rep + 1} of {a.reps}", file=sys.stderr)
        if "bulk" in plans or "lat" in plans:
            b.floor(a.mib)
        for s in everyone:
            if "bulk" in plans:
                b.measure(s, "bulk")
            if "lat" in plans:
                b.measure(s, "lat", spin=True)
        if "verify" in plans:
            b.measure(US, "verify")
        for road in (p for p in ROADS if p in plans):
            for s in everyone:
                b.measure(s, road)
        if "stall" in plans:
            b.measure(US, "stall", spin=True)
    if "idle" in plans:
        b.measure(US, "idle")
        b.idle_connectors(20)
    return print_table(b)


if __name__ == "__main__":
    sys.exit(main())
