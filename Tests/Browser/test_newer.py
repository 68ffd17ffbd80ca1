"""Changes that waited without a server never overwrite what was changed meanwhile, nor are they lost: labels, metadata, refused values, the pipeline and areas."""
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server


class Cut:
    """A watched page whose network is cut while `with` lasts, and another browser that goes on."""

    def __init__(self, w, other):
        self.w, self.other = w, other

    def __enter__(self):
        self.w.context.set_offline(True)
        return self

    def __exit__(self, *_):
        self.w.context.set_offline(False)


def waiting(page, n):
    page.wait_for_function(f"() => /Offline, {n} changes? waiting/.test(document.querySelector('.saved')?.textContent)", timeout=15000)


def anew(w, address):
    """The tab is closed, and the address opened in another one."""
    w.page.close()
    w.page = w.context.new_page()
    w.context.set_offline(False)
    w.page.goto(f"{w.server.origin}/{address}")
    w.page.wait_for_selector("header.top", timeout=15000)
    return w.page


def labels(w, other, at, base):
    page = w.page
    first, second = [other.api(base + "/categories", "POST", {"name": name, "key": key})["body"]["id"] for key, name in ((1, "Copepoda"), (2, "Detritus"))]
    ids = [o["id"] for o in other.api(f"{base}/objects?kind=region&sort=area&order=desc&limit=3")["body"]["objects"]]
    label = lambda i: (other.api(f"{base}/objects/{i}")["body"]["label"] or {}).get("category")
    w.go(f"{at}/gallery")
    page.wait_for_selector(".sheet-area[data-ready=true]")
    page.locator(".class", has_text="Copepoda").wait_for()
    for n, i in enumerate(ids):
        page.locator(f"#o{i}").click(modifiers=["Control"] if n else [])
    with Cut(w, other):
        page.keyboard.press("1")
        waiting(page, 1)
        other.api(base + "/labels", "POST", {"objects": ids[:1], "category": second})
    w.wait_until("labels of objects that nobody else touched are stored", lambda: label(ids[1]) == first and label(ids[2]) == first)
    check(label(ids[0]) == second, "a label that somebody else gave meanwhile is not overwritten")
    notice = page.locator(".notice", has_text="1 of 3 were changed elsewhere")
    notice.wait_for()
    check("Detritus" in notice.inner_text() and "Copepoda" in notice.inner_text(), "both labels are named", notice.inner_text())
    check("decision" in page.locator(".saved").inner_text(), "the status bar says that something waits for a decision", page.locator(".saved").inner_text())
    w.axe("a decision")
    page.evaluate("at => { location.hash = at + '/jobs' }", at)
    page.get_by_role("heading", name="Jobs").wait_for()
    check(notice.count() == 1, "it stays on other screens")
    notice.get_by_role("button", name="Put mine").click()
    w.wait_until("mine is put when asked for", lambda: label(ids[0]) == first)
    notice.wait_for(state="detached")

    # Own labels in a row are no conflict.
    w.go(f"{at}/gallery")
    page.wait_for_selector(".sheet-area[data-ready=true]")
    page.locator(".class", has_text="Copepoda").wait_for()
    page.locator(f"#o{ids[0]}").click()
    with Cut(w, other):
        for n, key in enumerate("212"):
            page.keyboard.press(key)
            waiting(page, n + 1)
    w.wait_until("own labels of one object in a row are all taken", lambda: label(ids[0]) == second)
    w.page.wait_for_timeout(500)
    check(page.locator(".notice", has_text="elsewhere").count() == 0 and label(ids[0]) == second, "without a question")


def to_cell(page, name):
    page.locator(".grid .td.active").wait_for()
    keys = page.locator(".grid .head .td").all_inner_texts()
    page.get_by_role("grid").focus()
    page.keyboard.press("Control+Home")
    for _ in range(keys.index(name)):
        page.keyboard.press("ArrowRight")


def metadata(w, other, at, base):
    page = w.page
    rows = lambda: other.api(base + "/metadata?level=image")["body"]["rows"]
    values = lambda key: [r["values"].get(key) for r in rows()]
    w.go(f"{at}/images")
    page.get_by_role("radio", name="Table").click()
    to_cell(page, "object_lat")
    with Cut(w, other):
        for text in ("11.5", "12.5"):
            page.keyboard.type(text)
            page.keyboard.press("Enter")
        waiting(page, 2)
        other.api(base + "/metadata", "PATCH", {"level": "image", "changes": [{"id": rows()[0]["id"], "key": "object_lat", "value": "22.5"}]})
    w.wait_until("a value that nobody else touched is stored", lambda: values("object_lat")[1] == "12.5")
    check(values("object_lat")[0] == "22.5", "a value that somebody else set meanwhile is not overwritten", str(values("object_lat")))
    notice = page.locator(".notice", has_text="changed elsewhere")
    notice.wait_for()
    check("11.5" in notice.inner_text() and "22.5" in notice.inner_text(), "both values are named", notice.inner_text())
    notice.get_by_role("button", name="Keep theirs").click()
    notice.wait_for(state="detached")
    w.wait_until("theirs is kept and shown", lambda: values("object_lat")[0] == "22.5" and page.locator(".grid .td", has_text="22.5").count() == 1)


def refused(w, other, at, base):
    """A paste with two wrong values of four, its tab closed."""
    page = w.page
    values = lambda key: [r["values"].get(key) for r in other.api(base + "/metadata?level=image")["body"]["rows"]]
    w.go(f"{at}/images")
    page.get_by_role("radio", name="Table").click()
    to_cell(page, "object_lat")
    w.context.set_offline(True)
    page.evaluate("() => navigator.clipboard.writeText('999\\t7.5\\r\\n54.3\\t888\\r\\n')")
    page.keyboard.press("Control+v")
    waiting(page, 1)
    page = anew(w, f"{at}/pipeline")
    w.wait_until("sent from another screen, the good values of a paste are stored", lambda: (values("object_lat")[1], values("object_lon")[0]) == ("54.3", "7.5"))
    notice = page.locator(".notice", has_text="Not stored")
    notice.wait_for()
    check("999" in notice.inner_text() and "888" in notice.inner_text() and "−90 to 90" in notice.inner_text(), "and the wrong ones are named", notice.inner_text())
    w.axe("wrong values named")
    page.reload()
    notice.wait_for()
    check(True, "also after a reload")
    notice.get_by_role("button", name="Show in the table").click()
    page.locator(".grid .td.wrong").nth(1).wait_for()
    check([t.split("\n")[0] for t in page.locator(".grid .td.wrong").all_inner_texts()] == ["999", "888"] and notice.count() == 0, "in the table they stand as typed, marked as wrong")
    to_cell(page, "object_lat")
    page.keyboard.type("54.2")
    page.keyboard.press("Enter")
    w.wait_until("mended, a value is stored", lambda: values("object_lat")[0] == "54.2")
    check(page.locator(".grid .td.wrong").count() == 1, "and the other one still stands")
    page.evaluate("at => { location.hash = at + '/jobs' }", at)
    notice.get_by_role("button", name="Discard").click()
    notice.wait_for(state="detached")
    check(page.evaluate("() => Object.keys(localStorage).filter(k => k.startsWith('ship.edits.')).length") == 0, "discarded, nothing is kept")


def pipeline(w, other, at, base):
    """A changed parameter waits on every screen, goes before a run, and meets a change made elsewhere with a question."""
    page = w.page
    graph = lambda: other.api(base + "/graph")["body"]
    config = lambda kind: next(n for n in graph()["nodes"] if kind in n["kind"]).get("config", {})
    level = lambda: config("threshold").get("level")

    def put(**values):
        now = graph()
        next(n for n in now["nodes"] if "threshold" in n["kind"]).setdefault("config", {}).update(values)
        answer = other.api(base + "/graph", "PUT", {"nodes": now["nodes"], "edges": now["edges"]})
        assert answer["status"] == 200, answer

    def open_level():
        w.go(f"{at}/pipeline")
        page.get_by_label("Level", exact=True).wait_for()

    def type_level(value):
        page.locator("#threshold-level").fill(str(value))
        page.keyboard.press("Tab")

    put(method="fixed", level=218)
    open_level()
    type_level(150)
    w.wait_until("online a level is stored", lambda: level() == 150)
    type_level(151)
    w.wait_until("and the next one, without a question", lambda: level() == 151)
    check(page.locator(".notice", has_text="elsewhere").count() == 0, "as nobody else was there")
    w.context.set_offline(True)
    type_level(200)
    waiting(page, 1)
    for screen in ("jobs", "images", "pipeline"):
        page.evaluate("at => { location.hash = at }", f"{at}/{screen}")
        page.wait_for_timeout(200)
        check("1 change waiting" in page.locator(".saved").inner_text(), f"{screen}: the change is told as waiting", page.locator(".saved").inner_text())
    page = anew(w, f"{at}/jobs")
    w.wait_until("from Jobs the changed level is sent", lambda: level() == 200)
    page.get_by_text("Saved: 1 change").wait_for()
    check(True, "and said to be saved")

    # A run while a change waits: the server is asked to take the change first.
    open_level()
    runs = lambda: len(other.api(base + "/jobs")["body"]["jobs"])
    before = runs()
    w.context.set_offline(True)
    type_level(190)
    waiting(page, 1)
    page.get_by_role("button", name="Run", exact=True).click()
    page.locator(".notice.error", has_text="must reach the server first").wait_for(timeout=10000)
    check(runs() == before, "without a server a run is refused, with the reason")
    page.evaluate("() => { document.querySelectorAll('.notice [aria-label=Dismiss]').forEach(b => b.click()) }")
    page.get_by_role("button", name="Run", exact=True).click()
    w.context.set_offline(False)
    w.wait_until("a run started while a change waits begins when that is stored", lambda: runs() == before + 1 and level() == 190)
    w.wait_until("the run ends", lambda: all(j["state"] == "done" for j in other.api(base + "/jobs")["body"]["jobs"]), 60)

    # Changed elsewhere meanwhile.
    for answer, theirs, expected in (("Keep theirs", 180, 180), ("Put mine", 160, 170)):
        open_level()
        with Cut(w, other):
            type_level(170)
            waiting(page, 1)
            put(level=theirs)
        notice = page.locator(".notice", has_text="changed elsewhere")
        notice.wait_for()
        check("170" in notice.inner_text() and str(theirs) in notice.inner_text() and level() == theirs, f"{answer}: both levels are named, and nothing is overwritten", notice.inner_text())
        page.wait_for_function(f"() => document.querySelector('#threshold-level').value === '{theirs}'")
        notice.get_by_role("button", name=answer).click()
        notice.wait_for(state="detached")
        w.wait_until(f"{answer}: it is {expected}", lambda: level() == expected and page.locator("#threshold-level").input_value() == str(expected))


def area(w, other, project, base, image):
    """An area drawn without a server stays, as waiting, and is sent from another screen."""
    page, at = w.page, f"#/{project['user']}/{project['name']}"
    now = lambda: other.api(f"{base}/blobs/{image['id']}/area")["body"]
    box = lambda: [f(p[i] for p in now()["area"]["coordinates"][0]) for f in (min, max) for i in (0, 1)] if now()["area"] else None
    w.view(project, image, 450, 350, image["levels"] - 1.5)
    page.keyboard.press("a")
    page.wait_for_selector(".area-bar")

    def draw(x0, y0, x1, y1):
        places = [w.where(image, x0, y0), w.where(image, (x0 + x1) / 2, (y0 + y1) / 2), w.where(image, x1, y1)]
        page.mouse.move(*places[0])
        page.mouse.down()
        for place in places[1:]:
            page.mouse.move(*place, steps=3)
        page.mouse.up()

    w.context.set_offline(True)
    draw(300, 200, 600, 500)
    waiting(page, 1)
    page.locator(".area-bar", has_text="Waiting for the server").wait_for()
    check(page.locator(".area-corner").count() == 4, "an area drawn without a server stays on the image, and is told to wait")
    draw(320, 220, 620, 520)
    waiting(page, 2)
    page = anew(w, f"{at}/jobs")
    w.wait_until("from Jobs the areas are sent, the last one last", lambda: box() and abs(box()[2] - 620) < 4)
    page.wait_for_timeout(500)
    check(page.locator(".notice", has_text="elsewhere").count() == 0, "without a question")

    w.view(project, image, 450, 350, image["levels"] - 1.5)
    page.keyboard.press("a")
    page.locator(".area-bar", has_text="Drawn on this image").wait_for()
    with Cut(w, other):
        draw(200, 150, 500, 450)
        waiting(page, 1)
        other.api(f"{base}/blobs/{image['id']}/area", "DELETE")
    notice = page.locator(".notice", has_text="changed elsewhere")
    notice.wait_for()
    check(now()["from"] == "whole", "an area that was taken away elsewhere meanwhile is not put back by itself")
    notice.get_by_role("button", name="Put mine").click()
    w.wait_until("but when asked for", lambda: box() and abs(box()[2] - 500) < 4)
    page.locator(".area-bar", has_text="Drawn on this image").wait_for()


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 2, "900x700"):
            return finish()
        other = Watched(chromium, s).open()
        project, base, _ = other.project("Newer", frames)
        image = other.run(base, other.api(f"{base}/blobs")["body"]["images"][-1])
        w = Watched(chromium, s, storage_state=other.context.storage_state())
        w.expected.append(".")
        w.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=s.origin)
        at = f"#/{project['user']}/{project['name']}"
        w.go(at + "/images")
        labels(w, other, at, base)
        metadata(w, other, at, base)
        refused(w, other, at, base)
        pipeline(w, other, at, base)
        area(w, other, project, base, image)
        check(not w.foreign, "no request went to another host")
        other.report("the other browser")
    finish()


if __name__ == "__main__":
    main()
