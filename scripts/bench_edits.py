#!/usr/bin/env python3
"""Times edits over HTTP in a project with very many objects on one frame. Usage: bench_edits.py SHIP [OBJECTS [EDITS]] (needs numpy)

Draws a frame of 3,000 pixels an object with one dark disc in each cell, lets `ship run` find them, and sends edits of all kinds, one after the
other, over one connection. Figures: milliseconds as the client sees them, and CPU milliseconds of the server.
"""
import http.client, json, math, os, pathlib, random, shutil, signal, struct, subprocess, sys, tempfile, time

import numpy as np

ship = str(pathlib.Path(sys.argv[1]).resolve())
objects = int(sys.argv[2]) if len(sys.argv) > 2 else 100_000
edits = int(sys.argv[3]) if len(sys.argv) > 3 else 1000
folder = pathlib.Path(tempfile.mkdtemp(prefix="ship-bench-edits-"))
CELL = (50, 60)
dice = random.Random(7)


def draw(path):
    """A gray TIFF, because it is written in no time."""
    columns = max(1, round(math.sqrt(objects * CELL[1] / CELL[0] * 4 / 3)))
    rows = math.ceil(objects / columns)
    width, height = columns * CELL[0], rows * CELL[1]
    frame = np.full((height, width), 215, np.uint8)
    y, x = np.ogrid[:CELL[1], :CELL[0]]
    # Pairs that touch, so that there is something to cut, split and separate.
    stamps = [((x - 16) ** 2 + (y - 30) ** 2 <= r * r) | ((x - 16 - 2 * r + 2) ** 2 + (y - 30) ** 2 <= r * r) for r in range(4, 11)]
    for index in range(objects):
        top, left = index // columns * CELL[1], index % columns * CELL[0]
        frame[top:top + CELL[1], left:left + CELL[0]][stamps[index % len(stamps)]] = 60 + index % 40
    frame += np.arange(height * width, dtype=np.uint32).reshape(height, width).view(np.uint8)[:, ::4] & 7
    entries = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8 + 2 + 12 * 9 + 4), (277, 3, 1, 1),
               (278, 4, 1, height), (279, 4, 1, width * height)]
    with open(path, "wb") as file:
        file.write(b"II*\0" + struct.pack("<IH", 8, len(entries)))
        for tag, kind, count, value in entries:
            file.write(struct.pack("<HHI", tag, kind, count) + (struct.pack("<HH", value, 0) if kind == 3 else struct.pack("<I", value)))
        file.write(struct.pack("<I", 0))
        frame.tofile(file)
    return width, height


class Server:
    def __init__(self, root):
        token = "a-token-of-the-benchmark"
        self.headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
        self.process = subprocess.Popen(
            [ship, "serve", str(root), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=dict(os.environ, SHIP_TOKEN=token))
        line = ""
        while "Open http" not in line:
            line = self.process.stdout.readline()
        port = int(line.split("localhost:")[1].split("/")[0])
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, method, path, body=None):
        """(status, answer, milliseconds)"""
        data = None if body is None else json.dumps(body)
        start = time.perf_counter()
        self.connection.request(method, "/api/projects/local/bench" + path, data, self.headers)
        answer = self.connection.getresponse()
        bytes = answer.read()
        return answer.status, json.loads(bytes or b"null"), (time.perf_counter() - start) * 1000

    def cpu(self):
        """Seconds of the server and its child so far."""
        pids = [self.process.pid]
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            pids += [int(pid) for pid in (task / "children").read_text().split()]
        ticks = 0
        for pid in pids:
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=60)


def feature(kind, coordinates, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def collection(*features):
    return {"type": "FeatureCollection", "features": list(features)}


def line(name, times, cpu=None):
    times = sorted(times)
    at = lambda share: times[min(len(times) - 1, int(len(times) * share))]
    print(f"{name:<34} {len(times):5} × median {at(.5):7.2f}  p90 {at(.9):7.2f}  p99 {at(.99):7.2f}  most {times[-1]:7.2f} ms"
          + (f"  CPU {cpu * 1000 / len(times):.2f} ms each" if cpu is not None else ""), flush=True)


try:
    (folder / "frames").mkdir()
    size = draw(folder / "frames/frame.tif")
    root = folder / "root/local/bench"
    root.parent.mkdir(parents=True)
    graph = json.loads(subprocess.run([ship, "pipeline"], capture_output=True, text=True, check=True).stdout)
    for node in graph["nodes"]:
        if node["name"] == "objects":
            node["config"]["minSize"] = 0
    (folder / "pipeline.json").write_text(json.dumps(graph))
    subprocess.run([ship, "run", folder / "pipeline.json", "--input", folder / "frames", "--output", root], check=True, capture_output=True)
    server = Server(folder / "root")
    image = server.call("GET", "/blobs")[1]["images"][0]
    print(f"{image['objects']} objects on {size[0]} × {size[1]} pixels")
    image = image["id"]

    def edit(operation, objects=(), *features, **more):
        return server.call("POST", "/edits", {"operation": operation, "image": image, "objects": list(objects), "annotations": collection(*features), **more})

    def some():
        """Two neighbours anywhere, as they are now."""
        while True:
            x, y = dice.randrange(size[0] - 200), dice.randrange(size[1] - 200)
            found = server.call("GET", f"/objects?blob={image}&box={x},{y},110,50&limit=10")[1]["objects"]
            if len(found) >= 2:
                return found[:2]

    line("the first edit, image not yet read", [edit("delete", [some()[0]["id"]])[2]])
    times, kinds, cpu = [], {}, 0.0
    operations = ["draw", "add", "erase", "smooth", "merge", "split", "cut", "delete", "replace", "undo", "redo"]
    for number in range(edits):
        kind = operations[number % len(operations)]
        one, two = some()
        box = one["box"]
        x, y, right, bottom = box["x"], box["y"], box["x"] + box["width"], box["y"] + box["height"]
        middle = [(x + right) / 2, (y + bottom) / 2]
        before = server.cpu()
        if kind == "draw":
            answer = edit("draw", [], feature("Polygon", [[[middle[0] + 12 * math.cos(a / 5), middle[1] + 12 * math.sin(a / 5)] for a in range(32)]]))
        elif kind in ("add", "erase"):
            # From the middle outwards, so that something is left.
            answer = edit(kind, [one["id"]], feature("LineString", [[right - 2, y], [right + 2, bottom]], width=3))
        elif kind == "smooth":
            answer = edit(kind, [one["id"]], parameters={"radius": 3})
        elif kind == "merge":
            answer = edit(kind, [one["id"], two["id"]])
        elif kind == "split":
            answer = edit(kind, [one["id"]], feature("Point", [x, middle[1]]), feature("Point", [right, middle[1]]))
        elif kind == "cut":
            answer = edit(kind, [one["id"]], feature("LineString", [[middle[0], y - 3], [middle[0], bottom + 3]]))
        elif kind == "delete":
            answer = edit(kind, [one["id"]])
        elif kind == "replace":
            answer = edit(kind, [one["id"]], feature("Polygon", [[[x, y], [right, y], [right, bottom], [x, bottom]]]))
        else:
            answer = server.call("POST", "/edits/" + kind, {"image": image})
        if answer[0] not in (200, 201):
            continue
        cpu += server.cpu() - before
        times.append(answer[2])
        kinds.setdefault(kind, []).append(answer[2])
    for kind in operations:
        line("  " + kind, kinds.get(kind, [0]))
    line("edits of all kinds", times, cpu)

    big = edit("draw", [], feature("Point", [size[0] // 2, size[1] // 2], width=1129))[1]["created"][0]
    place = lambda: [dice.randint(big["box"]["x"], big["box"]["x"] + 1128), dice.randint(big["box"]["y"], big["box"]["y"] + 1128)]
    for name, features in (("2 points", 2), ("30 points", 30), ("10 skeletons of 6 points", 10)):
        shapes = [feature("Point", place()) if "points" in name[:9] else feature("LineString", [place() for _ in range(6)], role="skeleton") for _ in range(features)]
        split, before = [], server.cpu()
        for _ in range(10):
            status, answer, took = edit("split", [big["id"]], *shapes)
            assert status == 201, answer
            split.append(took)
            server.call("POST", "/edits/undo", {"image": image})
        # With the undo after each.
        line(f"split of {big['area'] / 1e6:.2f} megapixels, {name}", split, server.cpu() - before)
    separate = [server.call("POST", "/edits/preview", {"operation": "separate", "image": image, "objects": [big["id"]]})[2] for _ in range(3)]
    line("separate it, preview", separate)
    server.stop()
finally:
    shutil.rmtree(folder, ignore_errors=True)
