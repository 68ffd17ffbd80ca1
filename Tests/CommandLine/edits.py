"""A thousand random edits with kills in between: whatever was answered is there, nothing is there twice, and undoing all of it gives the masks
back byte for byte. Standard library only."""
import http.client, json, math, os, pathlib, random, signal, sqlite3, threading, time, uuid

EDITS = 1000
KILLS = 8


def masks(project):
    """Every object with its mask, number and measurements."""
    database = sqlite3.connect(f"file:{project}/project.sqlite?mode=ro", uri=True)
    rows = database.execute(
        "SELECT o.id, o.uid, o.kind, o.x, o.y, o.width, o.height, o.area, o.edited, m.sha256, m.png, v.* FROM object o JOIN mask m ON m.id = o.mask_id "
        "LEFT JOIN measurement v ON v.mask_id = m.id WHERE o.active = 1 ORDER BY o.id").fetchall()
    database.close()
    return rows


def feature(kind, coordinates, **properties):
    return {"type": "Feature", "properties": properties, "geometry": {"type": kind, "coordinates": coordinates}}


def request(dice, image, objects, size):
    """A random edit of random objects; many are refused, as those of people are."""
    operation = dice.choice(["draw", "draw", "draw", "add", "erase", "smooth", "merge", "split", "cut", "separate", "fill", "replace", "delete"])
    chosen = [dice.choice(objects)] if objects and operation != "draw" else []
    if operation == "merge" and len(objects) > 1:
        chosen = dice.sample(objects, 2)
    box = chosen[0]["box"] if chosen else {"x": dice.randrange(size[0]), "y": dice.randrange(size[1]), "width": 30, "height": 30}
    place = lambda: [box["x"] + dice.uniform(-5, box["width"] + 5), box["y"] + dice.uniform(-5, box["height"] + 5)]
    if operation in ("draw", "add", "erase", "replace"):
        radius, (x, y) = dice.uniform(2, 25), place()
        shape = dice.choice([
            feature("Polygon", [[[x + radius * math.cos(a), y + radius * dice.uniform(.5, 1) * math.sin(a)] for a in range(7)]]),
            feature("LineString", [place(), place(), place()], width=dice.uniform(1, 12)), feature("Point", [x, y], role="wand", tolerance=dice.randrange(20))])
        features = [shape]
    elif operation == "cut":
        features = [feature("LineString", [[box["x"] - 3, place()[1]], [box["x"] + box["width"] + 3, place()[1]]])]
    elif operation == "split":
        features = [feature("Point", place()), feature("LineString", [place(), place()], role="skeleton"), feature("Point", place(), role=dice.choice(["skeleton", "outline"]))]
    else:
        features = []
    body = {"operation": operation, "image": image, "objects": [object["id"] for object in chosen], "key": str(uuid.UUID(int=dice.getrandbits(128))),
            "annotations": {"type": "FeatureCollection", "features": features}, "parameters": {"radius": dice.randint(1, 6), "depth": 0.5, "minArea": 5}}
    if chosen and dice.random() < .3:
        body["expected"] = {str(object["id"]): object["maskRevision"] for object in chosen}
    return body


def run(ship, make_server, work, check):
    """make_server(root): a running server with call(method, path, body) and children()."""
    began = time.monotonic()
    dice = random.Random(20260412)
    root = work / "edited"
    check(ship("demo", root, "--frames", 1, "--size", "900x700").returncode == 0, "a project to edit")
    project, folder = "/api/projects/local/demo", root / "local/demo"
    start = masks(folder)
    server = make_server(root)
    size = (900, 700)
    image = server.call("GET", project + "/blobs")[1]["images"][0]["id"]
    kills = set(dice.sample(range(20, EDITS), KILLS))
    answered, refused, idle, repeated = [], 0, 0, 0

    def send(path, body):
        """Asks until there is an answer, as the page does; the key keeps it from being done twice."""
        nonlocal repeated
        last = None
        for _ in within(60):
            try:
                return server.call("POST", project + path, body)
            except (OSError, http.client.HTTPException, ValueError) as error:
                last, repeated = error, repeated + 1
        raise RuntimeError(f"no answer: {last!r}")

    def kill_while(path, body, number):
        """The server dies at some moment of this request. Every third time its parent too, which gives up after five crashes within a minute."""
        nonlocal server
        (child,) = server.children()
        both = number % 3 == 2
        victims = [server.process.pid, child] if both else [child]
        timer = threading.Timer(dice.uniform(0, .02), lambda: [os.kill(pid, signal.SIGKILL) for pid in victims])
        timer.start()
        if both:
            try:
                server.call("POST", project + path, body)
            except (OSError, http.client.HTTPException, ValueError):
                pass  # Sent again below: its key keeps it from being done twice.
            timer.join()
            server.process.wait()
            server = make_server(root)
            return send(path, body)
        result = send(path, body)
        timer.join()
        for _ in within(60):
            children = server.children()
            if children and children != [child]:
                return result
        raise RuntimeError("the server was not started again")

    objects, done = [], 0
    while done < EDITS:
        if done % 25 == 0:
            objects = send_list(server, project, image)
        chance = dice.random()
        if chance < .08:
            path, body = "/edits/undo", {"image": image, "key": str(uuid.UUID(int=dice.getrandbits(128)))}
        elif chance < .13:
            path, body = "/edits/redo", {"image": image, "key": str(uuid.UUID(int=dice.getrandbits(128)))}
        else:
            path, body = "/edits", request(dice, image, objects, size)
        if done in kills:
            kills.discard(done)
            status, answer = kill_while(path, body, len(kills))
        else:
            status, answer = send(path, body)
        if "note" in answer:
            # The objects are so already, and nothing is stored.
            idle += 1
        elif status in (200, 201):
            done += 1
            gone = set(answer["removed"]) | {object["id"] for object in answer["revised"]}
            objects = [object for object in objects if object["id"] not in gone] + answer["created"] + answer["revised"]
            if path == "/edits":
                answered.append(answer["edit"])
        elif status in (400, 404, 409, 422):
            refused += 1
            if not answer.get("detail"):
                check(False, "a refusal says why", str(answer))
        else:
            check(False, "an edit is taken or refused", f"{status} {answer}")
            break
    check(done == EDITS, f"{EDITS} edits, undos and redos were answered, {refused} refused, {KILLS} kills, {repeated} requests sent again")
    history, cursor = [], ""
    while cursor is not None:
        page = server.call("GET", f"{project}/edits?image={image}&limit=1000{cursor}")[1]
        history += [entry["id"] for entry in page["edits"]]
        cursor = f"&cursor={page['next']}" if "next" in page else None
    check(sorted(history) == sorted(answered), "every answered edit is in the history, once", f"{len(history)} of {len(answered)}")
    end = server.call("GET", f"{project}/objects?blob={image}&limit=1000")[1]["objects"]
    latest = next((entry for entry in server.call("GET", f"{project}/edits?image={image}&limit=1000")[1]["edits"] if not entry["undone"]), None)
    steps = 0
    while server.call("POST", project + "/edits/undo", {"image": image})[0] == 200:
        steps += 1
        if steps == 20:
            (child,) = server.children()
            os.kill(child, signal.SIGKILL)
            send_list(server, project, image)
    check(server.call("GET", f"{project}/edits?image={image}&limit=1")[1]["canUndo"] is False, f"all is undone, {steps} steps")
    server.process.kill()
    server.process.wait()
    time.sleep(.3)
    check(masks(folder) == start, "after undoing everything masks, numbers and measurements are byte for byte what they were")
    server = make_server(root)
    status, _ = server.call("POST", project + "/edits/goto", {"image": image, "edit": latest["id"]}) if latest else (200, None)
    again = server.call("GET", f"{project}/objects?blob={image}&limit=1000")[1]["objects"]
    check(status == 200 and again == end, "one step through the history brings all of it back")
    server.stop()
    check(ship("check", folder).returncode == 0, "the edited project is sound")
    damaged_mask(ship, make_server, root, folder, project, image, check)
    print(f"edits: {time.monotonic() - began:.0f} s")


def damaged_mask(ship, make_server, root, folder, project, image, check):
    """One mask that cannot be read hides no other object, and a person can be rid of it."""
    database = sqlite3.connect(folder / "project.sqlite")
    ids = [row[0] for row in database.execute("SELECT id FROM object WHERE active = 1 AND kind = 'region' ORDER BY area DESC LIMIT 2")]
    database.execute("UPDATE mask SET png = x'0011223344' WHERE id = (SELECT mask_id FROM object WHERE id = ?)", (ids[0],))
    database.commit()
    database.close()
    check(ship("check", folder).returncode != 0, "a damaged mask is found by the check")
    server = make_server(root)
    bad, good = (server.call("GET", f"{project}/objects/{id}")[1] for id in ids)
    ring = good["outline"]["coordinates"][0] if good["outline"]["type"] == "Polygon" else good["outline"]["coordinates"][0][0]
    x, y = ring[0][0] + .5, ring[0][1] + .5
    status, answer = server.call("GET", f"{project}/objects/at?blob={image}&x={bad['box']['x'] + 1}&y={bad['box']['y'] + 1}")
    check(status == 200 and answer["object"] is not None, "its box stands for it", str(answer)[:200])
    status, answer = server.call("GET", f"{project}/objects?blob={image}&box={int(x)},{int(y)},1,1")
    check(status == 200 and any(o["id"] == ids[1] for o in answer["objects"]), "other objects are there", str(answer)[:200])
    body = {"operation": "smooth", "image": image, "objects": [ids[0]], "annotations": {"type": "FeatureCollection", "features": []}, "parameters": {"radius": 2}}
    check(server.call("POST", project + "/edits", body)[0] == 422, "what would need its pixels is refused")
    check(server.call("POST", project + "/edits", body | {"operation": "delete"})[0] == 201, "and it can be deleted")
    server.stop()


def send_list(server, project, image):
    for _ in within(60):
        try:
            return server.call("GET", f"{project}/objects?blob={image}&limit=1000")[1]["objects"]
        except (OSError, http.client.HTTPException, ValueError):
            continue
    raise RuntimeError("no answer")


def within(seconds):
    """Again and again for a while; machines that test are busy."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(.02)
