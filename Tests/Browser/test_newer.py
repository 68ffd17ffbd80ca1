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


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 2, "900x700"):
            return finish()
        other = Watched(chromium, s).open()
        project, base, image = other.project("Newer", frames)
        other.run(base, image)
        w = Watched(chromium, s, storage_state=other.context.storage_state())
        w.expected.append(".")
        w.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=s.origin)
        at = f"#/{project['user']}/{project['name']}"
        w.go(at + "/images")
        labels(w, other, at, base)
        metadata(w, other, at, base)
        refused(w, other, at, base)
        check(not w.foreign, "no request went to another host")
        other.report("the other browser")
    finish()


if __name__ == "__main__":
    main()
