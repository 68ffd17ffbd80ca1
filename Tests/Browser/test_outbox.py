"""Changes that wait are lost by nothing that passes: a broken answer, a refusal that is no verdict, a browser without room, another project of the same name."""
import json
import os
import tempfile
from pathlib import Path

from harness import Server, Watched, browser, check, draw_frames, finish, skip


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already is not stopped")
        return finish()
    with browser() as chromium, tempfile.TemporaryDirectory(prefix="ship-browser-") as folder:
        one, other, frames = (Path(folder) / name for name in ("one/root", "other/root", "frames"))
        for path in (one, other, frames):
            path.mkdir(parents=True)
        if not draw_frames(frames, 1, "900x700"):
            return finish()
        s = Server(one).start()
        try:
            walk(chromium, s, other, frames)
        finally:
            s.stop()
    finish()


def walk(chromium, s, other, frames):
    w = Watched(chromium, s).open()
    w.expected.append(".")
    page = w.page
    project, base, image = w.project("Kept", frames)
    w.view(project, image)
    w.saved()
    number = lambda: w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=1")["body"]["total"]
    kept = lambda: page.evaluate("() => Object.keys(localStorage).filter(k => k.startsWith('ship.edits.')).length")
    said = lambda: page.locator("footer .saved").inner_text()
    before = number()

    def draw(x, y):
        page.locator(".viewer .map").focus()
        page.keyboard.press("r")
        (x0, y0), (x1, y1) = w.where(image, x, y), w.where(image, x + 40, y + 30)
        page.mouse.move(x0, y0)
        page.mouse.down()
        page.mouse.move(x1, y1, steps=4)
        page.mouse.up()

    # The first answer breaks off in its body, after the server has stored the edit.
    broken = []

    def breaking(route):
        if broken:
            return route.continue_()
        broken.append(route.fetch())
        route.fulfill(status=201, content_type="application/json", body='{"edit": 1, "cre')
    page.route("**/edits", breaking)
    draw(50, 40)
    w.wait_until("an edit whose answer broke off is sent again and drawn once", lambda: broken and kept() == 0 and number() == before + 1)
    w.saved()
    page.unroute("**/edits")

    # What passes is waited for, with its reason.
    for status, code in ((409, "project.inUse"), (507, "disk.full"), (403, "project.readOnly")):
        page.route("**/edits", lambda route: route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(
            {"type": "x", "title": "x", "code": code, "status": status, "detail": f"the reason is {code}"})))
        count = number()
        draw(150, 40)
        w.wait_until(f"{code}: the change waits, and why", lambda: "1 change waiting" in said() and f"the reason is {code}" in said() and kept() == 1)
        page.unroute("**/edits")
        w.wait_until(f"{code}: it is stored when that is over", lambda: number() == count + 1 and kept() == 0, 30)
        page.keyboard.press("Control+z")
        w.wait_until(f"{code}: and can be undone", lambda: number() == count)
        w.saved()

    # A browser without room says that the tab is all there is.
    page.evaluate("() => { window.setItem = Storage.prototype.setItem; Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') } }")
    page.route("**/edits", lambda route: route.abort())
    draw(250, 40)
    w.wait_until("changes that cannot be kept are told", lambda: "leave this tab open" in said())
    page.evaluate("() => { Storage.prototype.setItem = window.setItem }")
    page.unroute("**/edits")
    w.wait_until("and stored when the server answers", lambda: number() == before + 2, 30)
    w.saved()

    # Another root on the same port has a project of the same name.
    port = s.port
    s.process.kill()
    s.process.wait()
    page.locator("header.top .badge.failed").wait_for()
    draw(350, 40)
    w.wait_until("an edit waits for its server", lambda: kept() == 1)
    stranger = Server(other).start(port)
    page.goto("about:blank")
    page.goto(stranger.url)
    page.wait_for_selector("header.top", timeout=15000)
    theirs, their_base, their_image = w.project("Kept", frames)
    check((theirs["user"], theirs["name"]) == (project["user"], project["name"]), "another project has the name")
    w.view(theirs, their_image)
    page.wait_for_timeout(2500)
    total = w.api(f"{their_base}/objects?blob={their_image['id']}&kind=region&limit=1")["body"]["total"]
    check(total == 0 and kept() == 1, "what waits is not drawn into it", f"{total} objects, {kept()} kept")
    stranger.stop()
    s.start(port)
    page.goto("about:blank")
    page.goto(s.url)
    page.wait_for_selector("header.top", timeout=15000)
    w.wait_until("its own project gets it", lambda: number() == before + 3 and kept() == 0, 30)
    check(not w.foreign, "no request went to another host")


if __name__ == "__main__":
    main()
