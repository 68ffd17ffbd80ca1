"""The Model step from outside: programs that fail, leave something running, or outlive a ship that was killed. Used by run.py."""
import json, os, pathlib, signal, subprocess, time

import convert  # PNG writing


def run(SHIP, Server, WORK, check):
    frames, temporary = WORK / "model-frames", WORK / "model-tmp"
    for folder in (frames, temporary):
        folder.mkdir()
    for number in range(3):
        box = [bytes(250 if 4 <= x < 10 and 3 <= y < 9 + number else 0 for x in range(32)) for y in range(24)]
        (frames / f"m{number}.png").write_bytes(convert.png(32, 24, box))
    graph = {
        "nodes": [
            {"name": "images", "kind": "import.folder"}, {"name": "cells", "kind": "segment.model", "config": {"model": "cells"}},
            {"name": "shape", "kind": "measure.shape"},
        ],
        "edges": [{"from": "images.image", "to": "cells.image"}, {"from": "cells.regions", "to": "shape.regions"}],
    }
    (WORK / "model.json").write_text(json.dumps(graph))

    def program(name, text):
        path = WORK / f"model-{name}"
        path.write_text("#!/bin/sh\n" + text + "\n")
        path.chmod(0o755)
        return path

    def start(path, output, name="cells"):
        return subprocess.Popen(
            [SHIP, "run", "model.json", "--input", "model-frames", "--output", output, "--no-export", "--model", f"{name}={path}"], cwd=WORK,
            env=dict(os.environ, TMPDIR=str(temporary)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ship(path, output, name="cells"):
        process = start(path, output, name)
        out, error = process.communicate(timeout=120)
        return process.returncode, out, error

    def lives(number):
        try:
            return pathlib.Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        except FileNotFoundError:
            return False

    def ends(number):
        for _ in range(200):
            if not lives(number):
                return True
            time.sleep(0.02)
        return False

    def number(path):
        for _ in range(1500):
            if path.exists() and path.read_text().endswith("\n"):
                return int(path.read_text())
            time.sleep(0.02)
        return 0

    good = "for file in images/*.png; do cp $file output/$(basename $file .png).mask.png; done"
    daemon = program("daemon", good + f"\nsetsid sleep 600 & echo $! > {WORK}/model-daemon-number\nsleep 0.2")
    code, out, error = ship(daemon, "model-daemon-out")
    left = number(WORK / "model-daemon-number")
    check(code == 0 and "3 objects" in out, "a model's program finds objects", out + error)
    check(left > 0 and ends(left), "what it left running, in a session of its own, ends with it", str(left))
    check(not list(temporary.iterdir()), "its folder is gone", str(list(temporary.iterdir())))

    code, out, error = ship(program("three", "echo no weights >&2; exit 3"), "model-three-out")
    check(code == 1 and "run failed: cells: the model's program ended with code 3" in error and "no weights" in error,
          "a program that fails fails the job", f"{code} {out} {error}")
    code, out, error = ship(daemon, "model-name-out", name="other")
    check(code == 1 and "cells: ship was not started with a model “cells”" in error and "it knows other" in error,
          "and so does one that is not known, with those that are", f"{code} {error}")

    # Killed while a wrapper waits for the program proper.
    inner = WORK / "model-inner-number"
    process = start(program("wrapper", f"sh -c 'echo $$ > {inner}; exec sleep 600' &\nwait"), "model-killed-out")
    left = number(inner)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    folders = list(temporary.iterdir())
    check(left > 0 and len(folders) == 1 and (folders[0].stat().st_mode & 0o777) == 0o700, "a ship is killed while a model works", f"{left} {folders}")
    code, out, error = ship(program("good", good), "model-killed-out")
    check(code == 0 and "3 objects" in out, "the next run does the work", out + error)
    check(not lives(left) or ends(left), "and ends the program that was left", str(left))
    check(not list(temporary.iterdir()), "and removes its folder with the images", str(list(temporary.iterdir())))

    root = WORK / "model-root"
    (root / "local").mkdir(parents=True)
    server = Server(root)
    project = "/api/projects/local/" + server.call("POST", "/api/projects", {"title": "model"})[1]["name"]
    status, answer = server.call("PUT", project + "/graph", graph)
    check(status in (200, 204), "a graph with a model is stored", str(answer))
    for body in ({"type": "import", "path": str(frames)}, {"type": "run"}):
        job = server.call("POST", project + "/jobs", body)[1]
        for _ in range(1500):
            job = server.call("GET", f"{project}/jobs/{job['id']}")[1]
            if job["state"] in ("done", "failed", "cancelled"):
                break
            time.sleep(0.02)
    check(job["state"] == "failed" and "cells: ship was not started with a model “cells”" in str(job.get("error")),
          "over HTTP too, a model that is not known fails the job", str(job)[:400])
    server.stop()
