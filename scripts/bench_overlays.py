#!/usr/bin/env python3
"""Overlays of 100,000 objects on one frame of 20,000 × 15,000 pixels: what tiles, hits, lists and edits cost the server.
Usage: bench_overlays.py SHIP [FOLDER]

Draws the frame (numpy), makes the project with `ship run`, serves it, and asks as a viewer does. FOLDER keeps the project for the
next time. Milliseconds: median and slowest as the client waits for them, on one connection unless said otherwise, and CPU time of the
server per request.
"""
import http.client, json, os, random, statistics, subprocess, sys, tempfile, threading, time
import numpy as np

WIDTH, HEIGHT, COLUMNS, ROWS = 20_000, 15_000, 400, 250
TOKEN = "token-of-the-overlay-benchmark"


def draw(path):
    """One animal a cell: a body of 15 to 25 pixels with legs of one and two pixels, and a speck that is dropped."""
    dice = np.random.default_rng(1)
    y, x = np.mgrid[0:60, 0:50]
    stamps = []
    for _ in range(64):
        (cx, cy), (a, b), turn = dice.uniform((20, 25), (30, 35)), dice.uniform((8, 7), (13, 11)), dice.uniform(0, np.pi)
        u, v = (x - cx) * np.cos(turn) + (y - cy) * np.sin(turn), (y - cy) * np.cos(turn) - (x - cx) * np.sin(turn)
        animal = (u / a) ** 2 + (v / b) ** 2 <= 1
        for leg in range(5):
            angle, width = dice.uniform(0, 2 * np.pi), 1 + leg % 2
            for step in np.arange(0, 24, 0.5):
                px, py = int(cx + step * np.cos(angle)), int(cy + step * np.sin(angle))
                animal[max(1, min(58, py)):, :][:width, max(1, min(47, px)):][:, :width] = True
        animal[[0, -1], :] = False
        animal[:, [0, -1]] = False
        stamps.append(np.where(animal, 60, 220).astype(np.uint8))
    frame = np.full((HEIGHT, WIDTH), 220, np.uint8)
    for row in range(ROWS):
        for column in range(COLUMNS):
            frame[row * 60:(row + 1) * 60, column * 50:(column + 1) * 50] = stamps[dice.integers(64)]
    frame[dice.integers(0, HEIGHT, 20_000), dice.integers(0, WIDTH, 20_000)] = 60
    entries = [(256, 4, WIDTH), (257, 4, HEIGHT), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 4, HEIGHT), (279, 4, WIDTH * HEIGHT)]
    with open(path, "wb") as file:  # An uncompressed TIFF.
        file.write(b"II*\0" + (8 + WIDTH * HEIGHT).to_bytes(4, "little"))
        frame.tofile(file)
        file.write(len(entries).to_bytes(2, "little"))
        for tag, kind, value in entries:
            file.write(tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + (1).to_bytes(4, "little") + value.to_bytes(4, "little"))
        file.write(bytes(4))


def pipeline(ship):
    graph = json.loads(subprocess.check_output([ship, "pipeline"]))
    for node in graph["nodes"]:
        if node["kind"] == "segment.threshold": node["config"].update(method="fixed", level=128)
        if node["kind"] == "regions.extract": node["config"].update(minSize=8)
        if node["kind"] == "correct.vignetting": node["config"]["on"] = False
    graph["nodes"] = [node for node in graph["nodes"] if node["kind"] not in ("export.ecotaxa", "measure.gray")]
    names = {node["name"] for node in graph["nodes"]}
    graph["edges"] = [edge for edge in graph["edges"] if all(end.split(".")[0] in names for end in edge.values())]
    return graph


class Server:
    def __init__(self, ship, root):
        self.process = subprocess.Popen(
            [ship, "serve", root, "--port", "0", "--unwatched"], env={**os.environ, "SHIP_TOKEN": TOKEN}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in self.process.stdout:
            if "localhost:" in line:
                self.port = int(line.split("localhost:")[1].split("/")[0])
                break
        threading.Thread(target=self.process.stdout.read, daemon=True).start()
        self.local = threading.local()

    def send(self, method, path, body=None):
        if not hasattr(self.local, "connection"):
            self.local.connection = http.client.HTTPConnection("localhost", self.port)
        headers = {"Authorization": "Bearer " + TOKEN}
        if body is not None:
            body = json.dumps(body)
            headers["Content-Type"] = "application/json"
        start = time.perf_counter()
        self.local.connection.request(method, path, body, headers)
        answer = self.local.connection.getresponse()
        data = answer.read()
        taken = (time.perf_counter() - start) * 1000
        if answer.status >= 300:
            raise SystemExit(f"{method} {path}: {answer.status} {data[:300]}")
        return data, taken

    def cpu(self):
        fields = open(f"/proc/{self.process.pid}/stat").read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")

    def memory(self):
        status = dict(line.split(":", 1) for line in open(f"/proc/{self.process.pid}/status"))
        return int(status["VmRSS"].split()[0]) // 1024, int(status["VmHWM"].split()[0]) // 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


slowest = (0, "")


def row(name, server, requests):
    """Times (method, path, body) one after the other."""
    global slowest
    before, times = server.cpu(), []
    for method, path, body in requests:
        times.append(server.send(method, path, body)[1])
        slowest = max(slowest, (times[-1], name))
    cpu = (server.cpu() - before) / len(times)
    print(f"{name:52}{len(times):6}{statistics.median(times):10.2f}{max(times):10.1f}{cpu:10.2f}", flush=True)


def main():
    ship = os.path.abspath(sys.argv[1])
    temporary = None if len(sys.argv) > 2 else tempfile.TemporaryDirectory()
    folder = sys.argv[2] if temporary is None else temporary.name
    project = os.path.join(folder, "root/bench/frame")
    if not os.path.exists(project):
        os.makedirs(os.path.join(folder, "images"), exist_ok=True)
        os.makedirs(os.path.dirname(project), exist_ok=True)
        draw(os.path.join(folder, "images/frame.tif"))
        with open(os.path.join(folder, "pipeline.json"), "w") as file:
            json.dump(pipeline(ship), file)
        start = os.times()
        subprocess.run([ship, "run", os.path.join(folder, "pipeline.json"), "--input", os.path.join(folder, "images"), "--output", project], check=True, stdout=subprocess.DEVNULL)
        end = os.times()
        print(f"ship run: {end.children_user + end.children_system - start.children_user - start.children_system:.1f} CPU s, {end.elapsed - start.elapsed:.1f} s")
    server = Server(ship, os.path.join(folder, "root"))
    try:
        measure(server)
    finally:
        server.stop()
    # As everybody finds it after the first time: the derived file is there.
    server = Server(ship, os.path.join(folder, "root"))
    try:
        server.send("GET", "/healthz")
        data, taken = server.send("GET", "/api/projects/bench/frame/blobs")
        image = json.loads(data)["images"][0]["id"]
        data, first = server.send("GET", f"/api/projects/bench/frame/blobs/{image}/overlay/0/0/0.png?style=outline")
        print(f"opened again: project {taken:.1f} ms, first overlay tile {first:.1f} ms; resident {server.memory()[0]} MB")
    finally:
        server.stop()


def measure(server):
    dice = random.Random(1)
    base = "/api/projects/bench/frame"
    image = json.loads(server.send("GET", base + "/blobs")[0])["images"][0]
    blob = f"{base}/blobs/{image['id']}"
    _, taken = server.send("GET", f"{blob}/overlay/0/0/0.png")
    print(f"{image['objects']} objects on {image['width']} × {image['height']}; first overlay tile after opening {taken:.1f} ms")
    print(f"{'milliseconds':52}{'times':>6}{'median':>10}{'slowest':>10}{'CPU':>10}")
    for style in ("fill", "outline", "outline&width=2"):
        for z in range(image["levels"]):
            side = 512 << image["levels"] - 1 - z
            places = [(x, y) for x in range(-(-image["width"] // side)) for y in range(-(-image["height"] // side))]
            dice.shuffle(places)
            # Another colour each time, so that none comes from memory.
            requests = [("GET", f"{blob}/overlay/{z}/{x}/{y}.png?style={style}&color={dice.randrange(1 << 24):06X}", None) for x, y in places[:60]]
            while len(requests) < 12:
                x, y = dice.choice(places)
                requests.append(("GET", f"{blob}/overlay/{z}/{x}/{y}.png?style={style}&color={dice.randrange(1 << 24):06X}", None))
            row(f"tile z {z} {style}", server, requests)

    def point():
        return dice.randrange(image["width"]), dice.randrange(image["height"])

    row("hit test", server, [("GET", "{}/objects/at?blob={}&x={}&y={}".format(base, image["id"], *point()), None) for _ in range(200)])
    row("list, box of a screen, a page of 200", server, [("GET", "{}/objects?blob={}&box={},{},1500,900".format(base, image["id"], *point()), None) for _ in range(30)])

    def within(radius):
        x, y = point()
        ring = [[x + radius * dx, y + radius * dy] for dx, dy in ((-1, 0), (-0.6, -0.8), (0, -1), (0.8, -0.6), (1, 0), (0, 1), (-1, 0))]
        return ("POST", base + "/objects/within", {"image": image["id"], "geometry": {"type": "Polygon", "coordinates": [ring]}, "touching": False})

    row("within a lasso, 600 px", server, [within(300) for _ in range(50)])
    row("within a lasso, the whole frame", server, [within(20_000) for _ in range(5)])

    # An edit, and at once every tile that a screen shows around it.
    edits, tiles = [], []
    for number in range(40):
        x, y = dice.randrange(200, image["width"] - 200), dice.randrange(200, image["height"] - 200)
        ring = [[x, y], [x + 30, y], [x + 30, y + 20], [x, y]]
        body = {"operation": "draw", "image": image["id"], "objects": [], "annotations": {"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}]}}
        data, taken = server.send("POST", base + "/edits", body)
        edits.append(taken)
        revision = json.loads(data)["revision"]
        for z in range(image["levels"]):
            side = 512 << image["levels"] - 1 - z
            tiles.append(server.send("GET", f"{blob}/overlay/{z}/{x // side}/{y // side}.png?style=outline&revision={revision}&v={image['uid']}")[1])
    print(f"{'draw':52}{len(edits):6}{statistics.median(edits):10.2f}{max(edits):10.1f}")
    print(f"{'the tile of each level right after it':52}{len(tiles):6}{statistics.median(tiles):10.2f}{max(tiles):10.1f}")
    for _ in edits:
        server.send("POST", base + "/edits/undo", {"image": image["id"]})

    # Panning: six connections fetch what comes into view, at every zoom.
    pan = []
    for z in range(2, image["levels"]):
        side = 512 << image["levels"] - 1 - z
        (columns, rows), y = (-(-image["width"] // side), -(-image["height"] // side)), 0
        wanted = [f"{blob}/overlay/{z}/{x}/{y % rows}.png?style=outline&color={z:06X}" for x in range(min(columns, 12)) for y in range(min(rows, 4))]
        lock = threading.Lock()

        def fetch():
            while True:
                with lock:
                    if not wanted:
                        return
                    path = wanted.pop(0)
                taken = server.send("GET", path)[1]
                with lock:
                    pan.append(taken)

        threads = [threading.Thread(target=fetch) for _ in range(6)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
    print(f"{'panning, six connections':52}{len(pan):6}{statistics.median(pan):10.2f}{max(pan):10.1f}")
    print(f"slowest single request {max(slowest[0], max(pan), max(tiles)):.1f} ms; resident {server.memory()[0]} MB, at most {server.memory()[1]} MB")


main()
