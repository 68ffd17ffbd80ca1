#!/usr/bin/env python3
"""The program from outside: every verb, exit codes, sentences, kills. Usage: run.py PATH-OF-SHIP (standard library only)."""
import hashlib, json, os, pathlib, random, shutil, signal, sqlite3, subprocess, sys, tempfile, time, urllib.error, urllib.request, zipfile

sys.dont_write_bytecode = True
import convert, edits, exports, headless, jobs, measure, model, pipelines, provenance, stitch  # beside this file

SHIP = str(pathlib.Path(sys.argv[1]).resolve())
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
WORK = pathlib.Path(tempfile.mkdtemp(prefix="ship-command-line-"))
failures = 0


def check(ok, what, detail=""):
    global failures
    print(("pass: " if ok else "FAIL: ") + what + (f" ({detail})" if not ok and detail else ""))
    failures += 0 if ok else 1


def ship(*arguments, cwd=WORK, timeout=120):
    return subprocess.run([SHIP, *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=timeout)


def digest(path):
    return hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()


def masks(project):
    """Every object with its mask, by identity."""
    database = sqlite3.connect(f"file:{project}/project.sqlite?mode=ro", uri=True)
    rows = database.execute("SELECT o.uid, m.png FROM object o JOIN mask m ON m.id = o.mask_id WHERE o.active = 1 ORDER BY o.uid").fetchall()
    database.close()
    return hashlib.sha256(repr(rows).encode()).hexdigest(), len(rows)


def rows_of_jobs(project):
    database = sqlite3.connect(f"file:{project}/project.sqlite?mode=ro", uri=True)
    rows = database.execute("SELECT parameters, error, result FROM job").fetchall() + database.execute("SELECT line FROM job_log").fetchall()
    database.close()
    return rows


def archive(project):
    return next(iter(sorted((pathlib.Path(project) / "ecotaxa").glob("*.zip"))))


class Server:
    """A running server, spoken to as a script does."""

    def __init__(self, root):
        self.token = "a token of the tests".replace(" ", "-")
        self.process = subprocess.Popen(
            [SHIP, "serve", str(root), "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env=dict(os.environ, SHIP_TOKEN=self.token))
        line = ""
        while "Open http" not in line:
            line = self.process.stdout.readline()
        self.base = line.split("Open ")[-1].split("/#")[0].replace("localhost", "127.0.0.1")

    def call(self, method, path, body=None):
        """(status, decoded JSON)"""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, {"Content-Type": "application/json", "Authorization": "Bearer " + self.token}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read() or b"null")

    def children(self):
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20)


def verbs():
    check(ship("--help").returncode == 0, "--help answers")
    for verb in ("serve", "demo", "run", "merge", "import", "export", "tile", "measure", "convert", "remove", "check", "pipeline", "nodes", "reference"):
        check(ship(verb, "--help").returncode == 0, f"{verb} --help answers")
    check(ship("--version").stdout.strip() != "", "--version answers")
    for arguments in (["dance"], ["serve", "--port", "99999"], ["run", "x.json"], ["demo", "x", "--size", "big"], ["tile", "a", "b", "--quality", "0"],
                      ["nodes", "dance"], ["merge", "out"], ["run", "x.json", "--input", ".", "--output", "o", "--shard", "4/3"],
                      ["run", "x.json", "--input", ".", "--output", "o", "--memory-mb", "1"]):
        check(ship(*arguments).returncode == 64, f"wrong arguments end with 64: {' '.join(arguments)}")
    for arguments, word in (
        (["run", "none.json", "--input", ".", "--output", "out"], "none.json"), (["check", "nowhere"], "nowhere"), (["tile", "none.jpg", "o.tif"], "none.jpg"),
        (["export", "nowhere"], "nowhere"), (["import", "p", "nowhere"], "nowhere"),
    ):
        result = ship(*arguments)
        check(result.returncode == 1 and word in result.stderr and len(result.stderr.strip().splitlines()) <= 3, f"one sentence, exit 1: {' '.join(arguments)}", result.stderr)


def whole_way():
    result = ship("demo", "frames", "--frames-only", "--frames", 6, "--size", "900x700")
    check(result.returncode == 0 and len(list((WORK / "frames").glob("*.jpg"))) == 6, "demo frames are drawn", result.stderr)
    ship("demo", "frames-again", "--frames-only", "--frames", 6, "--size", "900x700")
    same = all(digest(file) == digest(WORK / "frames-again" / file.name) for file in (WORK / "frames").glob("*.jpg"))
    check(same, "the same arguments draw the same bytes")
    graph = json.loads(ship("pipeline").stdout)
    graph["nodes"][0]["config"]["pattern"] = "{cruise}_st{station:d}_{date:%Y%m%d}_{frame:d}"
    (WORK / "pipeline.json").write_text(json.dumps(graph))

    for workers in (1, 2, 8):
        result = ship("run", "pipeline.json", "--input", "frames", "--output", f"out{workers}", "--workers", workers)
        check(result.returncode == 0, f"run with {workers} workers", result.stderr)
    reference = digest(archive(WORK / "out1"))
    check(all(digest(archive(WORK / f"out{n}")) == reference for n in (2, 8)), "1, 2 and 8 workers give the same archive")
    check(len({masks(WORK / f"out{n}") for n in (1, 2, 8)}) == 1, "1, 2 and 8 workers give the same masks")
    check(ship("check", "out1").returncode == 0, "the project is sound")

    judge = ROOT.parent / "shared/checks/ecotaxa_validate.py"
    if judge.exists():
        python = ROOT / ".deps/venv/bin/python"
        result = subprocess.run([str(python) if python.exists() else sys.executable, str(judge), str(archive(WORK / "out1"))], capture_output=True, text=True)
        check(result.returncode == 0, "EcoTaxa's rules accept the archive without a warning", result.stdout[:400])
    else:
        print("SKIPPED 1: the judge of EcoTaxa archives is not there")
    with zipfile.ZipFile(archive(WORK / "out1")) as zip:
        check(zip.testzip() is None and any(name.endswith(".tsv") for name in zip.namelist()), "the archive unpacks")

    graph["nodes"][3]["config"]["level"] = 999999
    graph["nodes"][4]["config"]["size"] = 3
    (WORK / "wrong.json").write_text(json.dumps(graph))
    result = ship("run", "wrong.json", "--input", "frames", "--output", "never")
    check(result.returncode == 1 and "level" in result.stderr and "size" in result.stderr and not (WORK / "never").exists(), "a wrong pipeline is refused with every fault", result.stderr)

    broken = WORK / "broken"
    shutil.copytree(WORK / "frames", broken)
    one = next(iter(sorted(broken.glob("*.jpg"))))
    one.write_bytes(one.read_bytes()[:5000])
    (broken / "text.png").write_text("no picture")
    result = ship("run", "pipeline.json", "--input", "broken", "--output", "outbroken")
    check(result.returncode == 2 and one.name in result.stderr and "text.png" in result.stderr, "bad images end with 2 and are named, the rest is done", result.stderr)
    check(archive(WORK / "outbroken").exists(), "and the archive of the rest is there")
    return reference


def killed_runs(reference):
    # Somewhere in a whole run, from its first step to the archive.
    start = time.monotonic()
    check(ship("run", "pipeline.json", "--input", "frames", "--output", "timed", "--workers", "2").returncode == 0, "a run to be timed")
    whole = time.monotonic() - start
    differing = []
    for attempt in range(20):
        out = WORK / f"killed{attempt}"
        process = subprocess.Popen(
            [SHIP, "run", "pipeline.json", "--input", "frames", "--output", str(out), "--workers", "2"], cwd=WORK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(random.uniform(0.01, whole))
        process.kill()
        process.wait()
        result = ship("run", "pipeline.json", "--input", "frames", "--output", out)
        same = result.returncode == 0 and masks(out) == masks(WORK / "out1") and digest(archive(out)) == reference
        if not same or list(out.rglob("*.part*")) or ship("check", out).returncode != 0:
            differing.append(f"kill {attempt + 1}: {result.stderr[-200:]}")
        shutil.rmtree(out)
    check(not differing, "runs killed at 20 random points go on and end with the same masks and archive, sound, with nothing half-written", "; ".join(differing))


def killed_server():
    root = WORK / "root"
    check(ship("demo", root, "--frames", 2, "--size", "900x700").returncode == 0, "demo project")
    project = "/api/projects/local/demo"
    start = masks(root / "local/demo")
    server = Server(root)
    image = server.call("GET", project + "/blobs")[1]["images"][0]["id"]
    acknowledged = 0
    for kill in range(3):
        for number in range(10):
            x = 20 + 30 * number + 7 * kill
            ring = [[x, 20], [x + 20, 20], [x + 20, 40], [x, 40]]
            body = {"operation": "draw", "image": image, "objects": [], "annotations": {"type": "FeatureCollection", "features": [
                {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}]}}
            status, answer = server.call("POST", project + "/edits", body)
            if status != 201:
                check(False, "an edit is taken", str(answer))
            acknowledged += status == 201
        (child,) = server.children()
        os.kill(child, signal.SIGKILL)
        for _ in range(100):
            time.sleep(0.05)
            try:
                if server.children() and server.children() != [child] and server.call("GET", "/healthz")[0] == 200:
                    break
            except (OSError, urllib.error.URLError):
                continue
        else:
            check(False, "a crashed server is started again")
    status, edits = server.call("GET", f"{project}/edits?image={image}&limit=200")
    check(status == 200 and len(edits["edits"]) == acknowledged == 30, "kill -9 three times: every acknowledged edit is there", f"{acknowledged} acknowledged")
    undone = 0
    while server.call("POST", project + "/edits/undo", {"image": image})[0] == 200:
        undone += 1
    server.process.kill()  # The parent this time: its child must go with it.
    server.process.wait()
    time.sleep(0.3)
    server = Server(root)
    check(server.call("GET", project + "/blobs")[0] == 200, "after a kill of the parent the project opens at once")
    other = subprocess.run([SHIP, "check", str(root / "local/demo")], capture_output=True, text=True)
    check(other.returncode == 1 and "already open" in other.stderr, "a second program on the same project is refused with one sentence", other.stderr)
    server.stop()
    check(not any(str(WORK) in str(row) for row in rows_of_jobs(root / "local/demo")), "no absolute path is stored")
    check(undone == 30 and masks(root / "local/demo") == start, "all edits undone, the masks are byte for byte what they were")
    check(ship("check", root / "local/demo").returncode == 0, "the project is sound after all this")

    moved = WORK / "Ünïcode 🦐"
    (moved / "local").mkdir(parents=True)
    shutil.move(root / "local/demo", moved / "local/demo")
    shutil.move(root / "demo-frames", moved / "demo-frames")
    server = Server(moved)
    tile = urllib.request.Request(server.base + f"{project}/blobs/{image}/tiles/0/0/0", headers={"Authorization": "Bearer " + server.token})
    check(urllib.request.urlopen(tile, timeout=10).status == 200, "moved to another root, the project opens and shows its tiles")
    server.stop()


def pyramids():
    frame = next(iter(sorted((WORK / "tiles").glob("*.jpg")))) if ship("demo", "tiles", "--frames-only", "--frames", "1", "--size", "700x500").returncode == 0 else None
    before = frame.read_bytes()
    for target in (frame, WORK / "tiles" / "link.tif"):
        if target != frame:
            target.symlink_to(frame)
        result = ship("tile", frame, target)
        check(result.returncode == 1 and frame.read_bytes() == before, "a pyramid does not take the place of its image", result.stderr)
    check(ship("tile", frame, "tiles/p.tif").returncode == 0, "a pyramid is written")
    whole = (WORK / "tiles/p.tif").read_bytes()
    (WORK / "tiles/half.jpg").write_bytes(before[: len(before) // 2])
    result = ship("tile", "tiles/half.jpg", "tiles/p.tif")
    check(result.returncode == 1 and (WORK / "tiles/p.tif").read_bytes() == whole, "a damaged image leaves the pyramid that was there", result.stderr)
    check(not list((WORK / "tiles").glob("*.part")), "nothing half-written is left")


try:
    verbs()
    pyramids()
    reference = whole_way()
    killed_runs(reference)
    headless.run(ship, SHIP, Server, WORK, ROOT, check, digest, masks, archive, reference)
    jobs.run(ship, Server, WORK, check, masks)
    killed_server()
    edits.run(ship, Server, WORK, check)
    measure.run(SHIP, WORK, check)
    provenance.run(ship, Server, WORK, check)
    pipelines.run(ship, WORK, check)
    exports.run(ship, WORK, check)
    convert.run(ship, WORK, check)
    stitch.run(SHIP, WORK, check)
    model.run(SHIP, Server, WORK, check)
finally:
    shutil.rmtree(WORK, ignore_errors=True)
print(f"command line: {'all passed' if failures == 0 else f'{failures} failed'}")
sys.exit(1 if failures else 0)
