"""An edit made while the server is gone is shown as waiting, kept over a reload, and saved when the server is back."""
import os
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server, skip


def gone(s):
    s.process.kill()
    s.process.wait()


def back(w, s, port):
    """The server again, and the page opened anew by the printed address, at the list of projects."""
    s.start(port)
    w.page.goto("about:blank")
    w.page.goto(s.url)
    w.page.wait_for_selector("header.top", timeout=15000)


def rest(w, s, project, base, image, drawn):
    """Labels and metadata wait as edits do, and all of it is sent from whatever screen is opened."""
    page, port, at = w.page, s.port, f"#/{project['user']}/{project['name']}"
    label = lambda: w.api(f"{base}/objects/{drawn}")["body"]["label"]
    waiting = lambda n: page.wait_for_function(f"() => /Offline, {n} changes? waiting/.test(document.querySelector('.saved')?.textContent)", timeout=10000)
    kept = lambda: page.evaluate("() => Object.keys(localStorage).filter(k => k.startsWith('ship.edits.')).length")
    copepods = w.api(base + "/categories", "POST", {"name": "Copepods", "key": 1})["body"]["id"]
    w.go(f"{at}/gallery?focus={drawn}")
    page.wait_for_selector(".sheet-area[data-ready=true]")
    page.locator(".class", has_text="Copepods").wait_for()
    page.locator(f"#o{drawn}").click()
    gone(s)
    page.keyboard.press("1")
    waiting(1)
    check(True, "a label without a server waits")
    page.locator(f"#o{drawn} .tag-class.waiting", has_text="Copepods").wait_for()
    check(True, "and is shown on its object as waiting")
    # The export says what it would be without; the page is still the one that was open.
    page.evaluate("at => { location.hash = at + '/export' }", at)
    page.get_by_text("1 change made in this browser is not on the server yet").wait_for()
    check(True, "the export warns while a change waits")
    back(w, s, port)
    w.wait_until("from the list of projects the label is sent", lambda: (label() or {}).get("category") == copepods)
    check(kept() == 0, "and nothing is kept any more")

    w.go(f"{at}/gallery?focus={drawn}")
    page.wait_for_selector(".sheet-area[data-ready=true]")
    button = page.get_by_role("button", name="Undo: 1 object: Copepods")
    button.wait_for()
    check(True, "after the reload the gallery names the step that undo takes back")
    page.locator(".sheet-area").focus()
    page.keyboard.press("Control+z")
    w.wait_until("Ctrl-Z takes it back", lambda: label() is None)
    button.wait_for(state="detached")
    page.keyboard.press("Control+z")
    page.get_by_text("There are no labels to undo").wait_for()
    check(True, "nothing to undo says so")
    page.keyboard.press("Control+Shift+z")
    w.wait_until("redo brings it again", lambda: (label() or {}).get("category") == copepods)

    w.go(f"{at}/images")
    page.get_by_role("radio", name="Table").click()
    page.locator(".grid .td.active").wait_for()
    keys = page.locator(".grid .head .td").all_inner_texts()
    page.get_by_role("grid").focus()
    page.keyboard.press("Control+Home")
    for _ in range(keys.index("sample_id")):
        page.keyboard.press("ArrowRight")
    gone(s)
    page.keyboard.type("st7")
    page.keyboard.press("Enter")
    waiting(1)
    check(True, "a value of metadata without a server waits")
    back(w, s, port)
    w.wait_until("and is stored when the page is opened again", lambda: w.api(base + "/metadata?level=image")["body"]["rows"][0]["values"].get("sample_id") == "st7")


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already is not stopped")
        return finish()
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 1, "900x700"):
            return finish()
        w = Watched(chromium, s).open()
        page = w.page
        project, base, image = w.project("Offline", frames)
        w.view(project, image)
        w.saved()
        before = w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=1")["body"]["total"]
        port = s.port
        s.process.kill()
        s.process.wait()
        w.expected.append(".")
        page.keyboard.press("p")
        box = page.locator(".viewer .map").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        for dx, dy in ((-60, -40), (60, -40), (0, 60)):
            page.mouse.click(x + dx, y + dy)
        page.keyboard.press("Enter")
        page.wait_for_function("() => /Offline, 1 change waiting/.test(document.querySelector('.saved')?.textContent)", timeout=10000)
        check(True, "without a server the status bar says “Offline, 1 change waiting”")
        check(page.locator(".leaflet-pending-pane path, .leaflet-marks-pane path").count() > 0, "the waiting shape is drawn")
        page.keyboard.press("b")
        page.mouse.move(x, y + 40)
        page.mouse.down()
        page.mouse.move(x, y + 160, steps=8)
        page.mouse.up()
        page.wait_for_function("() => /Offline, 2 changes waiting/.test(document.querySelector('.saved')?.textContent)", timeout=10000)
        check(True, "a stroke onto the object that no server has seen yet waits too")
        s.start(port)
        # A new start knows no browser any more; the printed address brings the tab back, with its change.
        page.goto("about:blank")
        page.goto(s.url)
        page.wait_for_selector("header.top", timeout=15000)
        w.view(project, image)
        w.wait_until("the waiting change is saved after the restart, once", lambda: w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=1")["body"]["total"] == before + 1, 20)
        w.saved()
        drawn = max(w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=500")["body"]["objects"], key=lambda o: o["id"])
        check(drawn["box"]["height"] > 130, "the stroke became part of it", str(drawn["box"]))
        page.wait_for_timeout(1500)
        check(w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=1")["body"]["total"] == before + 1, "and not twice")
        rest(w, s, project, base, image, drawn["id"])
        check(not w.foreign, "no request went to another host")
    finish()


if __name__ == "__main__":
    main()
