"""Provenance from outside: what an archive says of itself makes the same archive again; presets; edited objects stop a run that was not told (standard library only)."""
import hashlib, json, pathlib, zipfile


def run(ship, Server, work, check):
    folder = work / "provenance"
    frames = folder / "frames"
    ship("demo", frames, "--frames-only", "--frames", 3, "--size", "640x480")
    pipeline = folder / "pipeline.json"
    made = ship("pipeline", "--preset", "faded-contours")
    pipeline.write_text(made.stdout)
    check(made.returncode == 0 and [n["kind"] for n in json.loads(made.stdout)["nodes"]].count("vignette.contour") == 1, "a preset is printed as a pipeline", made.stderr)
    check("plankton-scanner" in ship("pipeline", "--preset", "list").stdout, "and presets are listed")
    check("known are standard" in ship("pipeline", "--preset", "none").stderr, "an unknown one is answered with those that are known")
    first = ship("run", pipeline, "--input", frames, "--output", folder / "one")
    check(first.returncode == 0, "the preset of the field's library runs", first.stderr[-300:])
    archive = lambda name: next(iter((folder / name / "ecotaxa").glob("*.zip")))
    with zipfile.ZipFile(archive("one")) as zip:
        text = zip.read("provenance.json")
    held = json.loads(text)
    digests = {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in frames.iterdir()}
    check({i["name"]: i["sha256"] for i in held["inputs"]} == digests, "the archive names its inputs by their SHA-256")
    check(held["hand"] == {"editedObjects": 0, "removedObjects": 0, "edits": 0, "labels": 0} and held["seed"] == "none" and held["program"]["version"], "and program, edits and seed")
    (folder / "provenance.json").write_bytes(text)

    # The same again, from images at another place.
    other = folder / "elsewhere" / "other name"
    other.parent.mkdir()
    frames.rename(other)
    root = folder / "root"
    out = root / "local" / "two"
    again = ship("run", folder / "provenance.json", "--input", other, "--output", out, "--workers", 1)
    check(again.returncode == 0 and archive("one").read_bytes() == archive("root/local/two").read_bytes(), "`ship run` on it makes the same archive, byte for byte", again.stderr[-300:])
    # Other bytes are named.
    victim = sorted(other.iterdir())[1]
    kept = victim.read_bytes()
    victim.write_bytes(kept + b"\0")
    differs = ship("run", folder / "provenance.json", "--input", other, "--output", folder / "three")
    check(differs.returncode == 1 and f"1 of 3 images are not those of the export: {victim.name} has other bytes" in differs.stderr, "images with other bytes are named", differs.stderr)
    victim.unlink()
    check(f"{victim.name} is missing" in ship("run", folder / "provenance.json", "--input", other, "--output", folder / "three").stderr, "and those that are missing")
    victim.write_bytes(kept)

    # Edited objects stop a run that was not told what becomes of them.
    server = Server(root)
    try:
        base = "/api/projects/local/two"
        image = server.call("GET", base + "/blobs")[1]["images"][0]
        square = {"type": "Polygon", "coordinates": [[[2, 2], [9, 2], [9, 9], [2, 9], [2, 2]]]}
        status, answer = server.call("POST", base + "/edits", {"operation": "draw", "image": image["id"], "annotations": {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": square}]}})
        check(status == 201, "an object is drawn", str(answer))
    finally:
        server.stop()
    changed = json.loads(pipeline.read_text())
    for node in changed["nodes"]:
        if node["name"] == "objects":
            node["config"]["minSize"] = 9
    pipeline.write_text(json.dumps(changed))
    stopped = ship("run", pipeline, "--input", other, "--output", out)
    check(stopped.returncode == 1 and "1 object edited by hand" in stopped.stderr and image["name"] in stopped.stderr, "a run over edited objects stops and names them", f"{stopped.returncode} {stopped.stdout} {stopped.stderr}")
    check(ship("run", pipeline, "--input", other, "--output", out, "--edited", "maybe").returncode == 64, "--edited takes keep or replace")
    check(ship("run", pipeline, "--input", other, "--output", out, "--edited", "keep").returncode == 0, "with --edited keep it goes on")
    archives = sorted((out / "ecotaxa").glob("*.zip"), key=lambda p: p.stat().st_mtime)
    with zipfile.ZipFile(archives[-1]) as zip:
        check(json.loads(zip.read("provenance.json"))["hand"]["editedObjects"] == 1, "and the new archive counts the edit")
