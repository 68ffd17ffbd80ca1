"""An edit made while the server is gone is shown as waiting, kept over a reload, and saved when the server is back."""
import os
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server, skip


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
        check(not w.foreign, "no request went to another host")
    finish()


if __name__ == "__main__":
    main()
