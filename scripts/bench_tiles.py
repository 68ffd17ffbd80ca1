#!/usr/bin/env python3
"""Tiles of our server and of nginx as static files: the same tiles, the same client (wrk), the same run.

  scripts/bench_tiles.py [IMAGE] [--seconds N] [--ship PATH]

IMAGE: JPEG, PNG or TIFF; else a frame is drawn. Prints for 1, 8 and 64 connections requests/s, p50 and p99 in ms, CPU microseconds of the
server for a request (from /proc, which holds on a busy machine) and resident MB (sum over its processes; pages of the program file that
both of ours map count twice) with proportional MB beside it. Then CPU seconds and MB of building the pyramid, beside vips where it is there.
nginx and vips are left out where they are not installed; wrk is needed.
"""
import argparse, json, os, re, resource, shutil, socket, subprocess, sys, tempfile, time, urllib.request

arguments = argparse.ArgumentParser()
arguments.add_argument("image", nargs="?")
arguments.add_argument("--seconds", type=float, default=4)
arguments.add_argument("--ship", default=os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".build/release/ship"))
options = arguments.parse_args()
ship = os.path.abspath(options.ship)
if not shutil.which("wrk"):
    sys.exit("wrk is not installed; install it (apt-get install wrk)")
folder = tempfile.mkdtemp(prefix="ship-tiles-")
TOKEN = "tile-benchmark-token"
LUA = """
local urls = {}
for line in io.lines(os.getenv("TILE_URLS")) do urls[#urls + 1] = line end
local threads = 0
function setup(thread) threads = threads + 1; thread:set("number", threads) end
function init(args) math.randomseed(4242 + number * 7919) end
function request() return wrk.format("GET", urls[math.random(#urls)]) end
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def processes(first):
    children = [int(p) for p in subprocess.run(["pgrep", "-P", str(first)], capture_output=True, text=True).stdout.split()]
    return [first] + [q for c in children for q in processes(c)]


def usage(pids):
    """CPU seconds, resident MB, proportional MB."""
    cpu, sizes = 0, {"Rss": 0, "Pss": 0}
    for pid in pids:
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        cpu += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
        for line in open(f"/proc/{pid}/smaps_rollup"):
            name = line.split(":")[0]
            if name in sizes:
                sizes[name] += int(line.split()[1]) / 1024
    return cpu, sizes["Rss"], sizes["Pss"]


def milliseconds(text, share):
    found = re.search(rf"^\s+{share}%\s+([\d.]+)(us|ms|s)", text, re.M)
    return float(found[1]) * {"us": 1e-3, "ms": 1, "s": 1e3}[found[2]] if found else float("nan")


def measure(name, base, paths, pid, headers=()):
    list_file, script = os.path.join(folder, "urls"), os.path.join(folder, "tiles.lua")
    open(list_file, "w").write("\n".join(paths) + "\n")
    open(script, "w").write(LUA)
    results = {}
    for connections in (1, 8, 64):
        before = usage(processes(pid))[0]
        command = ["wrk", "-t", str(min(2, connections)), "-c", str(connections), "-d", f"{options.seconds}s", "--latency", "-s", script]
        for header in headers:
            command += ["-H", header]
        text = subprocess.run(command + [base], env=dict(os.environ, TILE_URLS=list_file), capture_output=True, text=True).stdout
        cpu, resident, proportional = usage(processes(pid))
        count = int(re.search(r"(\d+) requests in", text)[1])
        failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
        results[connections] = (cpu - before) / max(1, count) * 1e6
        print(f"{name:8}{connections:6}{count / options.seconds:12.0f}{milliseconds(text, 50):9.2f}{milliseconds(text, 99):9.2f}"
              f"{results[connections]:12.1f}{resident:10.1f}{proportional:10.1f}   {'failed ' + failed[1] if failed else ''}", flush=True)
    return results


def call(port, method, path, body=None):
    request = urllib.request.Request(f"http://localhost:{port}{path}", method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Authorization", f"Bearer {TOKEN}")
    if body is not None:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request) as answer:
        data = answer.read()
        return data, answer.headers


def timed(command):
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    return end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime, used.ru_maxrss / 1024, status


server = nginx = None
try:
    frames = os.path.join(folder, "frames")
    if options.image:
        os.mkdir(frames)
        shutil.copy(options.image, frames)
    else:
        subprocess.run([ship, "demo", frames, "--frames-only", "--frames", "1", "--size", "8000x6000"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    image = next(os.path.join(d, f) for d, _, files in os.walk(frames) for f in sorted(files) if f.lower().rsplit(".", 1)[-1] in ("jpg", "jpeg", "png", "tif", "tiff"))

    port = free_port()
    server = subprocess.Popen([ship, "serve", os.path.join(folder, "root"), "--port", str(port)], env=dict(os.environ, SHIP_TOKEN=TOKEN),
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            project = call(port, "POST", "/api/projects", {"title": "tiles"})[1]["Location"]
            break
        except OSError:
            time.sleep(0.05)
    call(port, "POST", project + "/imports", {"path": os.path.dirname(image)})
    while True:
        images = json.loads(call(port, "GET", project + "/blobs")[0])["images"]
        if images and images[0]["pyramid"]:
            break
        time.sleep(0.1)
    entry = images[0]
    blob = f"{project}/blobs/{entry['id']}"
    width, height, tiles = entry["width"], entry["height"], []
    sizes = [(width, height)]
    while max(sizes[-1]) > entry["tileSize"]:
        sizes.append(((sizes[-1][0] + 1) // 2, (sizes[-1][1] + 1) // 2))
    for z, (w, h) in enumerate(reversed(sizes)):
        tiles += [(z, x, y) for y in range(-(-h // entry["tileSize"])) for x in range(-(-w // entry["tileSize"]))]
    static = os.path.join(folder, "static")
    total = 0
    for z, x, y in tiles:
        os.makedirs(f"{static}/{z}/{x}", exist_ok=True)
        data = call(port, "GET", f"{blob}/tiles/{z}/{x}/{y}")[0]
        total += len(data)
        open(f"{static}/{z}/{x}/{y}.jpg", "wb").write(data)
    print(f"{os.path.basename(image)}: {width} × {height}, {len(tiles)} tiles of {total / len(tiles) / 1024:.1f} KiB")
    print(f"{'':8}{'conn.':>6}{'requests/s':>12}{'p50 ms':>9}{'p99 ms':>9}{'CPU µs/req':>12}{'RSS MB':>10}{'PSS MB':>10}")
    own = measure("ship", f"http://localhost:{port}", [f"{blob}/tiles/{z}/{x}/{y}?v={entry['uid']}" for z, x, y in tiles], server.pid, [f"Authorization: Bearer {TOKEN}"])
    if shutil.which("nginx") or os.path.exists("/usr/sbin/nginx"):
        other = free_port()
        configuration = os.path.join(folder, "nginx.conf")
        open(configuration, "w").write(
            f"worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; events {{ worker_connections 512; }}\n"
            f"http {{ access_log off; sendfile on; tcp_nopush on; open_file_cache max=20000; types {{ image/jpeg jpg; }}\n"
            f"client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};\n"
            f"server {{ listen 127.0.0.1:{other}; root {static}; }} }}\n")
        os.chmod(folder, 0o755)
        nginx = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(1)
        peer = measure("nginx", f"http://127.0.0.1:{other}", [f"/{z}/{x}/{y}.jpg" for z, x, y in tiles], nginx.pid)
        print("CPU for a request, ship / nginx: " + ", ".join(f"{own[c] / peer[c]:.2f} at {c}" for c in own))
    else:
        print("nginx is not installed: left out")

    print(f"\npyramid of {width * height / 1e6:.0f} megapixels{'':20}CPU s    peak MB")
    commands = [("ship tile", [ship, "tile", image, f"{folder}/a.tif"]), ("ship tile --no-lossless", [ship, "tile", "--no-lossless", image, f"{folder}/b.tif"])]
    if shutil.which("vips"):
        commands.append(("vips tiffsave", ["vips", "tiffsave", image, f"{folder}/c.tif", "--tile", "--tile-width", "512", "--tile-height", "512", "--pyramid",
                                           "--compression", "jpeg", "--Q", "85", "--bigtiff"]))
    else:
        print("vips is not installed: left out")
    for name, command in commands:
        runs = [timed(command) for _ in range(3)]
        print(f"{name:40}{min(r[0] for r in runs):8.2f}{max(r[1] for r in runs):11.1f}   {'failed' if any(r[2] for r in runs) else ''}")
finally:
    for process in (server, nginx):
        if process:
            process.terminate()
            process.wait()
    shutil.rmtree(folder)
