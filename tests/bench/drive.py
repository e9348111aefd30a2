#!/usr/bin/env python3
"""Run the port-forward tests of pfbench against one forward and print or store the results.

As a program (the forward is already up; the target was started with `pfbench target`):

    BENCH_BIN=build/tests/bench ./drive.py --port LOCAL --stats FILE --pids 12:client,34:gateway \\
        --plan bulk|lat|verify|idle|wan|deep|stall [--reps 3]

As a library: PLANS, run_test(), Target, medians().
Each result is pfbench's JSON line plus "roles" (pid -> role) and "loadavg".
"""
import argparse, json, os, resource, socket, statistics, subprocess, sys, time

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("BENCH_BIN", HERE)       # where pfbench and floor were built
PFBENCH = os.path.join(BIN, "pfbench")

# name -> pfbench arguments.  Each plan is run on a fresh tunnel: what a tunnel allocated in one test would blur the next one's memory figures.
PLANS = {
    "bulk": {
        "up1": "bulk --dir up --streams 1",
        "down1": "bulk --dir down --streams 1",
        "up64": "bulk --dir up --streams 64",
        "down64": "bulk --dir down --streams 64",
        "conn32": "conns --conc 32 --secs 1",
    },
    "lat": {                                  # with spin: latency without vCPU wake-ups
        "lat128": "lat --size 128 --secs 0.7",
        "lat128_up": "lat --size 128 --load up --interval-us 1000 --secs 1.5 --warm 0.5",
        "lat128_down": "lat --size 128 --load down --interval-us 1000 --secs 1.5 --warm 0.5",
    },
    "verify": {
        "v_up": "bulk --dir up --streams 4 --verify --secs 0.6",
        "v_down": "bulk --dir down --streams 4 --verify --secs 0.6",
    },
    "idle": {
        "idle0": "idle --n 0 --secs 1",
        # 9500, not 10000: a tunnel with two descriptors a channel must fit in a hard limit of 20000
        "idle9500": "idle --n 9500 --secs 2",
    },
    "wan": {                                  # over a slow road: what the tunnel's own buffers add
        "wan_up": "lat --size 128 --load up --interval-us 5000 --secs 4 --warm 3",
        "wan_down": "lat --size 128 --load down --interval-us 5000 --secs 4 --warm 3",
    },
    "jitter": {                               # ... one whose delay varies: after the first look at it is forgotten
        "jitter_up": "lat --size 128 --load up --interval-us 5000 --secs 6 --warm 15",
        "jitter_down": "lat --size 128 --load down --interval-us 5000 --secs 6 --warm 15",
    },
    "deep": {                                 # a slower one, behind a proxy that takes all it gets
        "deep_up": "lat --size 128 --load up --interval-us 5000 --secs 4 --warm 3",
        "deep_down": "lat --size 128 --load down --interval-us 5000 --secs 4 --warm 3",
    },
    "stall": {
        "stall0": "lat --size 128 --interval-us 1000 --secs 1",
        "stall1000": "stall --dir up --stalled 1000 --secs 2 --limit 2147483648",
    },
}


def raise_nofile(n=200000):
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (n, n))
    except (ValueError, OSError):
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def wait_port(port, secs=10, addr="127.0.0.1"):
    end = time.time() + secs
    while time.time() < end:
        with socket.socket() as s:
            s.settimeout(1)
            if s.connect_ex((addr, port)) == 0:
                return True
        time.sleep(0.05)
    return False


class Target:
    """The far end; .stats is the counters file that every test needs, enter
    what comes before a command to run it in another network namespace."""

    def __init__(self, port, stats, enter=()):
        self.port, self.stats = port, stats
        cmd = [PFBENCH, "target", "--port", str(port), "--stats", stats]
        self.proc = subprocess.Popen([*enter, *cmd])
        if not enter and not wait_port(port):
            raise RuntimeError("target did not start")

    def stop(self):
        self.proc.terminate()
        self.proc.wait()


def run_test(args, port, stats, roles, timeout=120, enter=()):
    """roles: {pid: role}. Returns the result as a dict."""
    cmd = [*enter, PFBENCH, *args.split(), "--port", str(port), "--stats", stats,
           "--pids", ",".join(map(str, roles))]
    try:
        p = subprocess.run(cmd, capture_output=True, text=True, timeout=timeout)
        r = json.loads(p.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        r = {"ok": False, "why": "timeout"}
    except (IndexError, ValueError):
        r = {"ok": False, "why": "no result: " + (p.stderr or p.stdout)[-200:]}
    r["roles"] = {str(k): v for k, v in roles.items()}
    r["loadavg"] = os.getloadavg()[0]
    return r


def run_plan(plan, port, stats, roles, out, enter=()):
    for name, args in PLANS[plan].items():
        r = run_test(args, port, stats, roles, enter=enter)
        r["name"] = name
        out(r)
        time.sleep(0.15)


def medians(results, key):
    v = [r[key] for r in results if r.get("ok") and key in r]
    return statistics.median(v) if v else None


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--port", type=int, required=True)
    ap.add_argument("--stats", required=True)
    ap.add_argument("--pids", default="", help="pid[:role],...")
    ap.add_argument("--plan", default="bulk", choices=sorted(PLANS))
    ap.add_argument("--reps", type=int, default=1)
    a = ap.parse_args()
    raise_nofile()
    roles = {int(x.split(":")[0]): x.split(":")[-1] for x in a.pids.split(",") if x}
    for _ in range(a.reps):
        run_plan(a.plan, a.port, a.stats, roles, lambda r: print(json.dumps(r), flush=True))


if __name__ == "__main__":
    sys.exit(main())
