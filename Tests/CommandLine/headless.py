"""Runs without a browser: pipelines in YAML, dry runs, shards and their merge, schedulers. Used by run.py."""
import json, os, pathlib, random, shutil, sqlite3, subprocess, sys, time


def rows(project, sql):
    database = sqlite3.connect(f"file:{project}/project.sqlite?mode=ro", uri=True)
    try:
        return database.execute(sql).fetchall()
    finally:
        database.close()


def run(ship, SHIP, Server, WORK, ROOT, check, digest, masks, archive, reference):
    def same(project):
        return masks(project) == masks(WORK / "out1") and digest(archive(project)) == reference

    # Pipelines in YAML.
    yaml = ship("pipeline", "out1", "--yaml")
    check(yaml.returncode == 0 and yaml.stdout.startswith("nodes:"), "a project's pipeline is printed as YAML", yaml.stderr)
    (WORK / "pipeline.yaml").write_text("# a comment\n" + yaml.stdout)
    result = ship("run", "pipeline.yaml", "--input", "frames", "--output", "out-yaml")
    check(result.returncode == 0 and same(WORK / "out-yaml"), "the pipeline in YAML gives the same masks and archive as in JSON", result.stderr)
    for text, word in (
        ("nodes: [", "line"), ("nodes:\n- name: images\n  name: twice\n", "twice"), ("", "empty"), ("a: &a [1]\nnodes: *b\n", "alias"),
        ("nodes: 3\nedges: []\n", "nodes"), (yaml.stdout.replace("minSize: 20", "minSize: '20'"), "minSize"), (yaml.stdout.replace("minSize: 20", "minsize: 20"), "minsize"),
    ):
        (WORK / "wrong.yaml").write_text(text)
        result = ship("run", "wrong.yaml", "--input", "frames", "--output", "never")
        check(result.returncode == 1 and word in result.stderr and not (WORK / "never").exists(), f"wrong YAML is refused with a sentence about {word}", result.stderr)

    # The reference of nodes.
    listed = json.loads(ship("nodes", "--json").stdout)
    text = ship("nodes").stdout
    check(len(listed) > 5 and all(f"`{each['kind']}`" in text for each in listed), "the reference names every kind of node")
    check("minSize" in ship("nodes", "regions.extract").stdout and "<table>" in ship("nodes", "segment", "--html").stdout, "the reference of one kind, and of a group as a page")

    # Dry runs.
    result = ship("run", "pipeline.json", "--input", "frames", "--output", "never", "--dry-run")
    check(
        result.returncode == 0 and "to compute: 6;" in result.stdout and "expected: about" in result.stdout and not (WORK / "never").exists(),
        "a dry run says what would be computed and how large it gets, and writes nothing", result.stdout + result.stderr)
    before = digest(WORK / "out1/project.sqlite")
    result = ship("run", "pipeline.json", "--input", "frames", "--output", "out1", "--dry-run")
    check("up to date: 6" in result.stdout and digest(WORK / "out1/project.sqlite") == before, "a dry run over a finished project finds all up to date", result.stdout)
    graph = json.loads((WORK / "pipeline.json").read_text())
    for node in graph["nodes"]:
        if node["kind"] == "regions.extract":
            node["config"]["minSize"] = 60
    (WORK / "other.json").write_text(json.dumps(graph))
    result = ship("run", "other.json", "--input", "frames", "--output", "out1", "--dry-run")
    check("to compute: 6;" in result.stdout and "minSize=60" in result.stdout, "with another parameter all are to be computed", result.stdout)

    # A bound of memory changes nothing but the time.
    result = ship("run", "pipeline.json", "--input", "frames", "--output", "out-memory", "--memory-mb", 64, "--workers", 8)
    check(result.returncode == 0 and same(WORK / "out-memory"), "a small bound of memory gives the same masks and archive", result.stderr)

    # Shards in any order, one killed, one run twice.
    for count in (2, 7):
        shards = [WORK / f"shard-{count}-{index}" for index in range(1, count + 1)]
        order = list(range(count))
        random.shuffle(order)
        codes = []
        for index in order:
            arguments = ["run", "pipeline.json", "--input", "frames", "--output", shards[index], "--shard", f"{index + 1}/{count}"]
            if index == order[0]:
                process = subprocess.Popen([SHIP, *map(str, arguments)], cwd=WORK, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(random.uniform(0.05, 0.3))
                process.kill()
                process.wait()
            codes.append(ship(*arguments).returncode)
        check(set(codes) == {0}, f"{count} shards run, one after it was killed", str(codes))
        state = masks(shards[1]), rows(shards[1], "SELECT count(*) FROM edit")
        again = ship("run", "pipeline.json", "--input", "frames", "--output", shards[1], "--shard", f"2/{count}")
        check(again.returncode == 0 and "run: 0 images computed" in again.stdout and (masks(shards[1]), rows(shards[1], "SELECT count(*) FROM edit")) == state,
              "a shard that is complete has nothing to do", again.stdout)
        names = [rows(shard, "SELECT name FROM image") for shard in shards]
        check(sorted(sum(names, [])) == sorted(rows(WORK / "out1", "SELECT name FROM image")), f"{count} shards together have every image once")
        random.shuffle(shards)
        result = ship("merge", f"merged-{count}", *shards)
        check(result.returncode == 0 and same(WORK / f"merged-{count}"), f"{count} merged shards have the masks and the archive of a single run, byte for byte", result.stderr)
        check(ship("check", f"merged-{count}").returncode == 0, "the merged project is sound")
        random.shuffle(shards)
        result = ship("merge", f"merged-{count}", *shards)
        check(result.returncode == 0 and same(WORK / f"merged-{count}") and "images were there already" in result.stdout, "merging again changes nothing", result.stdout + result.stderr)
    result = ship("run", "pipeline.json", "--input", "frames", "--output", "merged-2")
    check(result.returncode == 0 and "run: 0 images computed" in result.stdout, "a run goes on with a merged project and finds it complete", result.stdout + result.stderr)
    result = ship("merge", "merged-part", WORK / "shard-2-1")
    parts = list((WORK / "merged-part/ecotaxa").glob("*.zip"))
    check(result.returncode == 2 and "of 2 shards, 2 not given" in result.stderr and len(parts) == 1,
          "a forgotten shard is noticed, exit 2, and what is there is exported", result.stderr)
    result = ship("merge", "merged-part", WORK / "shard-2-2")
    check(result.returncode == 0 and "not given" not in result.stderr, "when it comes later, nothing is missing", result.stdout + result.stderr)
    check(list((WORK / "merged-part/ecotaxa").glob("*.zip")) != parts and len(list((WORK / "merged-part/ecotaxa").glob("*.zip"))) == 1 and "is replaced" in result.stdout,
          "the archive of the part is replaced", result.stdout)
    check(same(WORK / "merged-part"), "by that of a single run", result.stdout)
    result = ship("merge", "merged-part", WORK / "shard-2-1")
    check(result.returncode == 0 and same(WORK / "merged-part") and "replaced" not in result.stdout, "merged once more, all is as before", result.stdout + result.stderr)
    # Beside its frames as before, for the paths of a project are relative to it.
    shutil.copytree(WORK / "out1", WORK / "merged-whole")
    result = ship("merge", "merged-whole", WORK / "shard-2-2", "--no-export")
    check(result.returncode == 0 and "not given" not in result.stderr, "a project that has all images misses no shard", result.stdout + result.stderr)

    # Handwork comes along; conflicts are told.
    root = WORK / "shard-root"
    (root / "local").mkdir(parents=True)
    shutil.copytree(WORK / "shard-2-1", root / "local/one")
    shutil.copytree(WORK / "frames", root / "local/frames")  # Where it lies as seen from the shard.
    edited = root / "local/one"
    server = Server(root)
    project = "/api/projects/local/one"
    image = server.call("GET", project + "/blobs")[1]["images"][0]["id"]
    ring = [[20, 20], [60, 20], [60, 50], [20, 50], [20, 20]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    status, answer = server.call(
        "POST", project + "/edits", {"operation": "draw", "image": image, "objects": [], "annotations": {"type": "FeatureCollection", "features": [feature]}})
    check(status == 201, "an object is drawn in a shard", str(answer))
    server.stop()
    result = ship("merge", "merged-edited", edited, WORK / "shard-2-2", "--no-export")
    counts = "SELECT (SELECT count(*) FROM edit), (SELECT count(*) FROM edit_change), (SELECT count(*) FROM object WHERE edited = 1), (SELECT count(*) FROM mask WHERE edit_id IS NOT NULL)"
    check(result.returncode == 0 and rows(WORK / "merged-edited", counts) == rows(edited, counts) == [(1, 1, 1, 1)], "edits and their history come along", result.stderr)
    result = ship("merge", "merged-conflict", WORK / "shard-2-1", edited)
    check(result.returncode == 1 and "has other objects" in result.stderr and not (WORK / "merged-conflict").exists(), "a conflict is told, and nothing is written", result.stderr)
    result = ship("merge", "merged-conflict", WORK / "shard-2-1", edited, "--keep-first", "--no-export")
    # The second shard is not there.
    check(result.returncode == 2 and rows(WORK / "merged-conflict", "SELECT count(*) FROM edit") == [(0,)], "on request the first one counts", result.stderr)
    ship("run", "other.json", "--input", "frames", "--output", "shard-other", "--shard", "2/2")
    result = ship("merge", "merged-other", WORK / "shard-2-1", "shard-other")
    check(result.returncode == 1 and "another pipeline" in result.stderr, "shards of different pipelines are refused", result.stderr)

    # Bad images of a shard are named by the merge.
    for index in (1, 2):
        ship("run", "pipeline.json", "--input", "broken", "--output", f"shard-broken-{index}", "--shard", f"{index}/2")
    result = ship("merge", "merged-broken", "shard-broken-1", "shard-broken-2")
    check(result.returncode == 2 and "text.png" in result.stderr, "images that failed in a shard are named, the rest is merged, exit 2", result.stderr)
    check(digest(archive(WORK / "merged-broken")) == digest(archive(WORK / "outbroken")), "with the archive of a single run over the same folder")

    schedulers(SHIP, WORK, ROOT, check, same)


def schedulers(SHIP, WORK, ROOT, check, same):
    examples = ROOT / "Resources/examples"
    environment = dict(os.environ, SHIP=SHIP, FRAMES=str(WORK / "frames"), PIPELINE=str(WORK / "pipeline.json"), OUT=str(WORK / "by-slurm"), SLURM_ARRAY_TASK_COUNT="3", SLURM_CPUS_PER_TASK="1")
    codes = [
        subprocess.run(["bash", examples / "slurm.sh"], env=dict(environment, SLURM_ARRAY_TASK_ID=str(task)), cwd=WORK, capture_output=True).returncode for task in (2, 3, 1, 2)
    ]
    check(codes == [0] * 4, "the Slurm example runs its tasks, one of them twice", str(codes))
    result = subprocess.run(["bash", examples / "slurm.sh", "merge"], env=environment, cwd=WORK, capture_output=True, text=True)
    check(result.returncode == 0 and same(WORK / "by-slurm"), "and unites them to what a single run gives", result.stderr)
    # A scheduler that only writes down what it was asked for.
    fake = WORK / "bin"
    fake.mkdir()
    (fake / "sbatch").write_text(f"#!/bin/sh\necho \"$@\" >> {WORK}/asked\necho 4711\n")
    (fake / "sbatch").chmod(0o755)
    result = subprocess.run(["bash", examples / "slurm.sh", "submit"], env=dict(environment, PATH=f"{fake}:{os.environ['PATH']}", SHARDS="5"), cwd=WORK, capture_output=True, text=True)
    asked = (WORK / "asked").read_text()
    check(result.returncode == 0 and "--array=1-5" in asked and "afterany:4711" in asked, "submitting asks for the array and then for the merge", asked + result.stderr)

    beside = pathlib.Path(sys.executable).parent / "snakemake"
    snakemake = str(beside) if beside.exists() else shutil.which("snakemake")
    if not snakemake:
        # Without the program at least every option that the file uses must be one of ours.
        text = (examples / "Snakefile").read_text()
        help = subprocess.run([SHIP, "run", "--help"], capture_output=True, text=True).stdout
        used = {word for line in text.splitlines() if "ship" in line.lower() or "--" in line for word in line.split() if word.startswith("--") and word not in ("--cores", "--config")}
        check(used and all(word in help for word in used), "the Snakemake example uses options that exist", str(used))
        print("SKIPPED 1: Snakemake is not installed (pip install snakemake), so its example was only read")
        return
    config = [f"ship={SHIP}", f"frames={WORK / 'frames'}", f"pipeline={WORK / 'pipeline.json'}", f"out={WORK / 'by-snakemake'}", "shards=3"]
    result = subprocess.run([snakemake, "-s", str(examples / "Snakefile"), "--cores", "2", "--config", *config], cwd=WORK, capture_output=True, text=True, timeout=300)
    check(result.returncode == 0 and same(WORK / "by-snakemake"), "the Snakemake example gives what a single run gives", result.stderr[-600:])
