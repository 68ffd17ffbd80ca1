"""While the server does not answer: strokes apart are objects apart, and a click selects what lies under it or nothing, so that no key reaches another object."""
import tempfile

from drawing import objects, project_with_frame, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Unanswered", run=False)
        if not made:
            return finish()
        apart(w, *made)
        clicked(w, *made)
        check(not w.foreign, "no request went to another host")
    finish()


def cut_off(w, on=True):
    """No edit is answered."""
    w.expected.append(".")
    if on:
        w.page.route("**/api/**", lambda route: route.abort())
    else:
        w.page.unroute("**/api/**")


def waiting(w, n):
    w.page.wait_for_function(f"() => /Offline, {n} changes? waiting/.test(document.querySelector('.saved')?.textContent)", timeout=10000)


def apart(w, project, base, image):
    page, keys = w.page, w.page.keyboard
    w.view(project, image, 450, 350, image["levels"] - 1)
    w.saved()
    _, at = screen(w, image)
    cut_off(w)
    keys.press("r")
    stroke(page, [at(200, 200), at(240, 230)])
    waiting(w, 1)
    keys.press("b")
    check("when near it, else a new object" in page.locator(".stage-action").inner_text(), "the brush says what a stroke becomes")
    stroke(page, [at(220, 225), at(220, 260)])
    waiting(w, 2)
    stroke(page, [at(600, 500), at(640, 500)])
    waiting(w, 3)
    stroke(page, [at(640, 500), at(660, 520)])
    waiting(w, 4)
    cut_off(w, False)
    w.saved()
    found = sorted((o["box"] for o in objects(w, base, image)), key=lambda b: b["x"])
    check(len(found) == 2 and all(b["width"] < 90 and b["height"] < 90 for b in found), "strokes far apart, made while nothing answers, are objects apart", str(found))
    check(found[0]["height"] > 55 and found[-1]["height"] > 20, "and those near a waiting object are part of it", str(found))


def shown(page, x, y):
    """Whether a place of the screen lies on something of the overlay's tiles."""
    return page.evaluate("""([x, y]) => [...document.querySelectorAll('.leaflet-overlays-pane canvas.leaflet-tile')].some(c => { const r = c.getBoundingClientRect(), k = c.width / r.width
        return x >= r.left && x < r.right && y >= r.top && y < r.bottom && c.getContext('2d').getImageData(Math.floor((x - r.left) * k), Math.floor((y - r.top) * k), 1, 1).data[3] > 0 })""", [x, y])


def clicked(w, project, base, image):
    page, keys = w.page, w.page.keyboard
    w.view(project, image, 450, 350, image["levels"] - 1)
    w.saved()
    _, at = screen(w, image)
    old = min(objects(w, base, image), key=lambda o: o["box"]["x"])
    selected = lambda n: page.wait_for_function("n => (/(\\d+) selected/.exec(document.querySelector('footer.status').textContent)?.[1] ?? '0') === String(n)", arg=n, timeout=5000)
    # Looked at once, so its outline is known here.
    page.mouse.click(*at(210, 210))
    page.wait_for_selector(".object-head")
    keys.press("Escape")
    check(shown(page, *at(220, 215)), "an object is on the picture")
    cut_off(w)
    keys.press("b")
    stroke(page, [at(400, 100), at(450, 100)])
    waiting(w, 1)
    keys.press("v")
    page.mouse.click(*at(700, 600))
    selected(0)
    check("looked at before" in page.locator("footer.status").inner_text(), "where nothing can be known nothing is selected, and the foot says why")
    page.mouse.click(*at(210, 210))
    page.locator(".object-head strong", has_text=f"Object {old['id']}").wait_for(timeout=5000)
    check(True, "without an answer a click selects the object that was seen before")
    keys.press("Delete")
    waiting(w, 2)
    page.locator(".history .pending", has_text=f"Delete object {old['id']} · waiting").wait_for(timeout=5000)
    check(not shown(page, *at(220, 215)), "a deletion that waits names its object and takes it off the picture")
    page.mouse.click(*at(425, 100))
    selected(1)
    check(True, "a click selects what waits itself")
    page.mouse.click(*at(210, 210))
    selected(0)
    check(True, "and not what will be gone")
    # An answer that is long in coming: the key that follows the click means what was clicked.
    cut_off(w, False)
    w.saved()
    left = objects(w, base, image)
    check(old["id"] not in [o["id"] for o in left] and len(left) == 2, "connected again, the object clicked is gone and the stroke is there", str(left))
    stays, goes = sorted(left, key=lambda o: o["box"]["y"])
    page.mouse.click(*at(425, 100))
    page.locator(".object-head strong", has_text=f"Object {stays['id']}").wait_for()
    page.route("**/objects/at?**", lambda route: (page.wait_for_timeout(600), route.continue_()))
    page.mouse.click(*at(620, 500))
    keys.press("Delete")
    w.wait_until("before a slow answer, Delete waits for what the click selects", lambda: [o["id"] for o in objects(w, base, image)] == [stays["id"]])
    page.unroute("**/objects/at?**")


if __name__ == "__main__":
    main()
