#!/usr/bin/env python3
"""Times of the gallery's requests: contact sheets of 5,000 objects, whole columns of 100,000.

Usage: scripts/bench_gallery.py [PATH-OF-SHIP]. Draws 54 frames of 5 megapixels, runs the standard pipeline over them, and asks a server of
its own; the 100,000 are the objects of that project twenty times over. CPU times are those of the server, all its threads together.
"""
import concurrent.futures, http.client, json, os, pathlib, re, shutil, sqlite3, statistics, subprocess, sys, tempfile, time

SHIP = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else ".build/release/ship")
TOKEN = "benchmark-of-the-gallery"


class Server:
    def __init__(self, root):
        self.process = subprocess.Popen([SHIP, "serve", str(root), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env={**os.environ, "SHIP_TOKEN": TOKEN})
        for line in self.process.stdout:
            if found := re.search(r"localhost:(\d+)/", line):
                self.port = int(found[1])
                return
        sys.exit("bench_gallery: the server did not start")

    def get(self, path, connection=None):
        connection = connection or http.client.HTTPConnection("localhost", self.port)
        connection.request("GET", f"/api/projects/local/{path}", headers={"Authorization": "Bearer " + TOKEN})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            sys.exit(f"bench_gallery: {path[:80]} was answered with {answer.status}: {body[:300]}")
        return body

    def family(self):
        """The server runs below a small parent."""
        pids = [self.process.pid]
        for pid in pids:
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                pids += map(int, task.read_text().split())
        return pids

    def cpu(self):
        fields = [pathlib.Path(f"/proc/{p}/stat").read_text().rsplit(")", 1)[1].split() for p in self.family()]
        return sum(int(f[11]) + int(f[12]) for f in fields) / os.sysconf("SC_CLK_TCK")

    def peak(self):
        return max(int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{p}/status").read_text())[1]) for p in self.family()) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def measured(server, name, work):
    wall, cpu = time.perf_counter(), server.cpu()
    result = work()
    print(f"{name:<66} {time.perf_counter() - wall:7.3f} s   {server.cpu() - cpu:6.2f} CPU s", flush=True)
    return result


def sheets(server, project, ids, size=500, cell=96):
    def sheet(first):
        return len(server.get(f"{project}/objects/atlas?cell={cell}&columns=20&ids={','.join(map(str, ids[first:first + size]))}"))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        return sum(pool.map(sheet, range(0, len(ids), size)))


def multiply(database, times):
    """Every object `times` times, with masks and measurements of its own."""
    db = sqlite3.connect(database)
    db.execute("PRAGMA foreign_keys = OFF")
    def columns(table):
        return [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    step = 10_000_000
    for k in range(1, times):
        shift = k * step
        def copy(table, moved, where="1"):
            values = [f"{c} + {shift}" if c in moved else f"uid || '-{k}'" if c == "uid" else f'"{c}"' for c in columns(table)]
            db.execute(f"INSERT INTO {table} SELECT {', '.join(values)} FROM {table} WHERE {where}")
        copy("mask", {"id", "object_id"}, f"id < {step}")
        copy("measurement", {"mask_id"}, f"mask_id < {step}")
        copy("object", {"id", "mask_id"}, f"id < {step} AND kind = 'region'")
        db.execute(f"INSERT INTO object_box SELECT id + {shift}, image_min, image_max, min_x, max_x, min_y, max_y FROM object_box WHERE id < {step}")
    db.commit()
    db.close()


def main():
    if not shutil.which(SHIP):
        sys.exit(f"bench_gallery: {SHIP} is not a program; build it first (make build)")
    with tempfile.TemporaryDirectory(prefix="ship-bench-") as folder:
        folder = pathlib.Path(folder)
        quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([SHIP, "demo", str(folder / "frames"), "--frames-only", "--frames", "54", "--size", "2592x1944"], **quiet)
        (folder / "pipeline.json").write_bytes(subprocess.run([SHIP, "pipeline"], check=True, capture_output=True).stdout)
        small, large = folder / "root/local/small", folder / "root/local/large"
        small.parent.mkdir(parents=True)
        subprocess.run([SHIP, "run", str(folder / "pipeline.json"), "--input", str(folder / "frames"), "--output", str(small)], **quiet)
        shutil.copytree(small, large)
        multiply(large / "project.sqlite", 20)

        server = Server(folder / "root")
        try:
            table = json.loads(server.get("small/objects/columns?names=area"))
            for image in sorted(set(table["images"])):
                server.get(f"small/blobs/{image}/tiles/0/0/0")  # All pyramids are there.
            ids = table["ids"][:5000]
            by_area = [i for _, i in sorted(zip(table["columns"]["area"], table["ids"]))][:5000]
            print(f"5,000 of {table['count']} objects in 54 frames of 5 megapixels, cells of 96 px, 10 sheets, 4 connections:")
            size = measured(server, "  first time, in the order of the frames", lambda: sheets(server, "small", ids))
            measured(server, "  again", lambda: sheets(server, "small", ids))
            measured(server, "  again, by area", lambda: sheets(server, "small", by_area))
            print(f"  bytes of the sheets: {size / 1e6:.1f} MB; most memory of the server so far: {server.peak():.0f} MB")
            server.stop()
            server = Server(folder / "root")
            server.get("small")
            measured(server, "  first time after a start, by area (each sheet meets all frames)", lambda: sheets(server, "small", by_area))
            measured(server, "  first time, cells of 48 px", lambda: sheets(server, "small", ids, cell=48))
            measured(server, "  first time, cells of 192 px", lambda: sheets(server, "small", ids, cell=192))
            print(f"  most memory of the server: {server.peak():.0f} MB")

            count = json.loads(server.get("large/objects/columns"))["count"]
            print(f"{count:,} objects:")
            for name, query in [
                ("  columns width,height,revision,area", "names=width,height,revision,area"), ("  columns intensity_mean,solidity, sorted by solidity", "names=intensity_mean,solidity&sort=solidity&order=desc"),
                ("  columns area where area>500;intensity_mean<=180", "names=area&where=area%3E500%3Bintensity_mean%3C%3D180"), (f"  columns area, sorted by likeness to one object", f"names=area&sort=similarity:{ids[7]}"),
                ("  first page of the list, sorted by likeness", f"#?limit=200&sort=similarity:{ids[7]}"),
            ]:
                path = "large/objects" + (query[1:] if query[0] == "#" else "/columns?" + query)
                server.get(path)
                times = []
                for _ in range(5):
                    begin = time.perf_counter()
                    server.get(path)
                    times.append(time.perf_counter() - begin)
                print(f"{name:<66} {statistics.median(times):7.3f} s (median of 5)", flush=True)
        finally:
            server.stop()


main()
