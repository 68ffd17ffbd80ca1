"""Exports that have nothing to write or cannot, images whose files are gone, folders that cannot be read. Used by run.py."""
import hashlib, json, os, sqlite3


def run(ship, WORK, check):
    folder = WORK / "exports"
    frames, out = folder / "frames", folder / "out"
    ship("demo", frames, "--frames-only", "--frames", 3, "--size", "640x480")
    graph = json.loads(ship("pipeline").stdout)
    source = next(node["name"] for node in graph["nodes"] if node["kind"].startswith("import."))
    regions = next(node["name"] for node in graph["nodes"] if node["kind"] == "regions.extract")
    formats = ("table", "coco", "geojson", "labels", "images")
    for format in formats:  # After the archive.
        graph["nodes"].append({"name": f"as-{format}", "kind": f"export.{format}"})
        graph["edges"].append({"from": f"{regions}.regions", "to": f"as-{format}.regions"})
    graph["edges"].append({"from": f"{source}.image", "to": "as-images.image"})
    (folder / "pipeline.json").write_text(json.dumps(graph))
    none = json.loads(json.dumps(graph))
    for node in none["nodes"]:
        if node["kind"] == "segment.threshold":
            node["config"] = {"method": "fixed", "level": 0}
    (folder / "none.json").write_text(json.dumps(none))

    def go(pipeline, *more):
        return ship("run", folder / pipeline, "--input", frames, "--output", out, *more)

    def state():
        return {str(path.relative_to(out)): hashlib.sha256(path.read_bytes()).hexdigest() for path in out.rglob("*.zip")}

    first = go("pipeline.json")
    check(first.returncode == 0 and first.stdout.count("export: ") == 6, "six exports are made", first.stdout + first.stderr)
    before = state()
    archives = {name: sum for name, sum in before.items() if name.startswith("ecotaxa")}

    # Zero objects.
    empty = go("none.json")
    said = "There is no object to export" in empty.stderr and "Run the pipeline" not in empty.stderr
    check(empty.returncode == 0 and said, "zero objects are a normal result", empty.stdout + empty.stderr)
    after = state()
    check({name: sum for name, sum in after.items() if name.startswith("ecotaxa")} == archives, "the older archive stays as it was")
    table = next((out / "as-table").glob("*.tsv")).read_text().splitlines()
    coco = json.loads(next(path for path in (out / "as-coco").glob("*.json") if "provenance" not in path.name).read_text())
    check(len(table) == 2 and coco["annotations"] == [] and len(coco["images"]) == 3, "table and COCO are written without rows", f"{len(table)} {str(coco)[:200]}")
    for format in formats:
        check(ship("export", out, "--format", format).returncode == 0, f"an export of nothing as {format} is made")
    alone = ship("export", out)
    check(alone.returncode == 0 and "no file was written" in alone.stdout and "takes no archive without objects" in alone.stdout, "and for EcoTaxa it says that there is no archive", alone.stdout)

    # A file that is gone.
    check(go("pipeline.json").returncode == 0, "with objects again")
    victim = sorted(frames.glob("*.jpg"))[1]
    for path in out.rglob("*.tsv"):
        path.unlink()
    kept = victim.read_bytes()
    victim.unlink()
    gone = go("pipeline.json")
    made = gone.stdout.count("export: ") == 4 and list((out / "as-table").glob("*.tsv"))
    check(
        gone.returncode == 1 and gone.stderr.count("export failed") == 2 and "ship remove" in gone.stderr and made,
        "without an original the exports that need it fail and name the remedy, the others are made", gone.stdout + gone.stderr)
    names = [row[0] for row in rows(out, "SELECT name FROM image ORDER BY name")]
    wrong = ship("remove", out, names[0], "none.jpg")
    check(wrong.returncode == 1 and "no image none.jpg" in wrong.stderr and removed(out) == [], "of names that are not all known none is removed", wrong.stderr)
    check(ship("remove", out).returncode == 64, "no name is a wrong argument")
    removal = ship("remove", out, names[1])
    check(removal.returncode == 0 and names[1] in removal.stdout and removed(out) == [names[1]], "an image is taken out by its name", removal.stdout + removal.stderr)
    without = go("pipeline.json")
    check(without.returncode == 0 and without.stdout.count("export: ") == 6, "then everything runs again", without.stdout + without.stderr)
    check(ship("remove", out, names[1]).returncode == 1, "what is in the trash cannot be taken out again")
    number = rows(out, "SELECT object_id FROM image WHERE removed_at IS NOT NULL")[0][0]
    victim.write_bytes(kept)
    back = ship("remove", out, number, "--restore")
    check(back.returncode == 0 and removed(out) == [], "and comes back from the trash by its number", back.stdout + back.stderr)
    check(go("pipeline.json").returncode == 0 and "--restore" in ship("remove", "--help").stdout, "with its file the run is as before")

    # A folder that cannot be read, and a name that would steer the terminal.
    closed = frames / "closed"
    closed.mkdir()
    if os.geteuid() == 0:
        # Root may read everything, but not a path that is longer than any path may be.
        handle = os.open(closed, os.O_RDONLY)
        for _ in range(18):
            os.mkdir("d" * 250, dir_fd=handle)
            below = os.open("d" * 250, os.O_RDONLY, dir_fd=handle)
            os.close(handle)
            handle = below
        os.close(handle)
    else:
        closed.chmod(0)
    (frames / "bad\x1b[31m.png").write_bytes(b"nothing")
    result = go("pipeline.json")
    named = "left out" in result.stdout and "closed" in result.stderr and "cannot be read" in result.stderr
    check(result.returncode == 2 and named, "a folder that cannot be read is left out and named", result.stdout + result.stderr[:600])
    check("bad[31m.png" in result.stderr and "\x1b" not in result.stderr + result.stdout, "control characters of names do not reach the terminal", repr(result.stderr[-300:]))
    closed.chmod(0o755)


def rows(project, sql):
    database = sqlite3.connect(f"file:{project}/project.sqlite?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def removed(project):
    return [row[0] for row in rows(project, "SELECT name FROM image WHERE removed_at IS NOT NULL")]
