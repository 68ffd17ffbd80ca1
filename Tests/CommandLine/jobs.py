"""Jobs of a running server: pause, restart, resume, cancel, retry, bad images, and what a changed parameter or ten more images cost. Used by run.py."""
import json, shutil, sqlite3, time


def run(ship, Server, WORK, check, masks):
    root, frames = WORK / "jobs-root", WORK / "jobs-frames"
    (root / "local").mkdir(parents=True)
    check(ship("demo", frames, "--frames-only", "--frames", 40, "--size", "1600x1200").returncode == 0, "frames for jobs are drawn")
    later = WORK / "jobs-later"
    later.mkdir()
    for file in sorted(frames.glob("*.jpg"))[30:]:
        shutil.move(file, later / file.name)
    one = sorted(frames.glob("*.jpg"))[3]
    whole = one.read_bytes()
    one.write_bytes(whole[: len(whole) // 2])
    # The same work without a pause, to compare with.
    check(ship("run", pipeline(ship, WORK), "--input", frames, "--output", "undisturbed", "--no-export").returncode == 2, "a run over the same frames names the bad one")

    server = Server(root)
    created = server.call("POST", "/api/projects", {"title": "jobs"})[1]
    project = f"/api/projects/local/{created['name']}"

    def job(number):
        return server.call("GET", f"{project}/jobs/{number}")[1]

    def wait(number, until=lambda job: job["state"] in ("done", "failed", "cancelled"), seconds=60):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            now = job(number)
            if until(now):
                return now
            time.sleep(0.02)
        return job(number)

    def start(**body):
        status, answer = server.call("POST", project + "/jobs", body)
        check(status == 202, f"a job is taken: {body['type']}", str(answer))
        return answer["id"]

    done = wait(start(type="import", path=str(frames)))
    # A JPEG that ends early has a size, so it is an image; its pixels are missing when they are needed.
    check(done["state"] == "done" and done["result"]["new"] + done["result"]["failed"] == 30, "a folder is indexed", str(done.get("result"))[:300])

    # Pause, look, restart, kill, resume.
    run = start(type="run")
    before = wait(run, lambda job: job["done"] >= 5)
    check(before["total"] == 30 and before.get("etaSeconds", -1) > 0, "a running job says how many of how many, and how long it will take", str(before)[:300])
    check(any(node.get("etaSeconds", -1) > 0 for node in before.get("nodes", [])), "and how long each node will take", str(before.get("nodes"))[:300])
    check(server.call("POST", f"{project}/jobs/{run}/pause")[0] == 202, "it is asked to pause")
    paused = wait(run, lambda job: job["state"] == "paused")
    check(paused["state"] == "paused" and 5 <= paused["done"] < 30, "it pauses after the images it is working on", str(paused)[:200])
    other = wait(start(type="measure", images=[1]))
    check(other["state"] == "done", "another job goes before a paused one", str(other)[:200])
    server.stop()
    server = Server(root)
    check(job(run)["state"] == "paused", "it is still paused after a restart")
    server.process.kill()
    server.process.wait()
    time.sleep(0.3)
    server = Server(root)
    check(job(run)["state"] == "paused", "and after a kill")
    check(server.call("POST", f"{project}/jobs/{run}/resume")[0] == 202, "it is asked to go on")
    done = wait(run)
    result = done.get("result", {})
    check(
        done["state"] == "done" and done["done"] == done["total"] == 30 and result["unchanged"] >= 5 and result["images"] + result["unchanged"] + result["failed"] == 30,
        "it goes on where it was, and its counts are right", str(result)[:300])
    check(result["failed"] == 1 and one.name in json.dumps(result["failures"]), "a bad image fails alone, named with its reason", str(result["failures"]))
    log = "\n".join(done["log"])
    check("paused after" in log and one.name in log and "objects: ran on" in log, "the log is kept with the job", log)
    server.stop()
    check(masks(root / "local" / created["name"]) == masks(WORK / "undisturbed"), "the objects are those of a run that was not disturbed")
    server = Server(root)
    check("paused after" in "\n".join(job(run)["log"]), "and the log is still there after a restart")
    check(server.call("POST", f"{project}/jobs/{run}/pause")[0] == 409, "a job that has ended cannot be paused")

    again = wait(server.call("POST", f"{project}/jobs/{run}/retry?failed=true")[1]["id"])
    check(again["total"] == 1 and again["result"]["failed"] == 1 and again["result"]["images"] == 0, "only what failed is tried again", str(again)[:300])

    # Another parameter of a late step: what stands before it is as before; ten more images: these ten.
    graph = server.call("GET", project + "/graph")[1]
    measuring = next(node for node in graph["nodes"] if node["kind"] == "measure.shape")
    dependents = {measuring["name"], "objects"}
    for node in graph["nodes"]:
        if node["name"] == "objects":
            node["config"]["minSize"] = 45
    status, answer = server.call("PUT", project + "/graph", {"nodes": graph["nodes"], "edges": graph["edges"]})
    check(status == 200, "a parameter is changed", str(answer)[:200])
    number = start(type="run")
    wait(number, lambda job: job["done"] >= 2)
    asked = time.monotonic()
    server.call("DELETE", f"{project}/jobs/{number}")
    cancelled = wait(number)
    check(cancelled["state"] == "cancelled" and time.monotonic() - asked < 1 and cancelled["done"] < 30, "a running job is cancelled within a second", str(cancelled)[:200])
    done = wait(server.call("POST", f"{project}/jobs/{number}/retry")[1]["id"])
    nodes = {node["name"]: node for node in done["result"]["nodes"]}
    check(
        all(("again" in node) == (name not in dependents | {"graylevels"}) for name, node in nodes.items()),
        "with another minimum size only objects and measures have new results", str(nodes)[:600])
    for file in later.glob("*.jpg"):
        shutil.move(file, frames / file.name)
    wait(start(type="import", path=str(frames)))
    done = wait(start(type="run"))
    check(done["result"]["images"] == 10, "of ten images more ten are computed", str(done["result"])[:300])

    # A run over edited objects asks.
    image = server.call("GET", project + "/blobs")[1]["images"][0]["id"]
    ring = [[20, 20], [90, 20], [90, 70], [20, 70], [20, 20]]
    feature = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    status, answer = server.call(
        "POST", project + "/edits", {"operation": "draw", "image": image, "objects": [], "annotations": {"type": "FeatureCollection", "features": [feature]}})
    check(status == 201, "an object is drawn", str(answer)[:200])
    check(server.call("POST", project + "/jobs", {"type": "run"})[0] == 202, "a run that computes nothing there need not ask")
    for node in graph["nodes"]:
        if node["name"] == "objects":
            node["config"]["minSize"] = 70
    server.call("PUT", project + "/graph", {"nodes": graph["nodes"], "edges": graph["edges"]})
    status, answer = server.call("POST", project + "/jobs", {"type": "run"})
    check(status == 409 and answer["code"] == "run.editedObjects" and [each["image"] for each in answer["edited"]] == [image], "a run that would replace edited objects asks first", str(answer)[:300])
    database = f"file:{root}/local/{created['name']}/project.sqlite?mode=ro"
    wait(start(type="run", edited="keep"))
    server.stop()
    count = "SELECT count(*) FROM object WHERE active = 1 AND edited = 1"
    check(sqlite3.connect(database, uri=True).execute(count).fetchone() == (1,), "kept is kept")
    server = Server(root)
    for node in graph["nodes"]:
        if node["name"] == "objects":
            node["config"]["minSize"] = 45
    server.call("PUT", project + "/graph", {"nodes": graph["nodes"], "edges": graph["edges"]})
    wait(start(type="run", edited="replace"))
    server.stop()
    check(sqlite3.connect(database, uri=True).execute(count).fetchone() == (0,), "replaced is replaced")


def pipeline(ship, WORK):
    path = WORK / "jobs-pipeline.json"
    path.write_text(ship("pipeline").stdout)
    return path
