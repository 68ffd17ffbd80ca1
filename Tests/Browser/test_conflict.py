"""Two tabs on one project: each sees the other's edits; one that met a newer state is held, and applied or discarded as its owner says."""
import tempfile

from drawing import objects, pixels, project_with_frame, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        a = Watched(chromium, s).open()
        made = project_with_frame(a, folder, "Two tabs", run=False)
        if not made:
            return finish()
        project, base, image = made
        native = image["levels"] - 1
        a.view(project, image, 450, 350, native)
        b = Watched(chromium, s, storage_state=a.context.storage_state())
        b.view(project, image, 450, 350, native)
        _, at = screen(a, image)
        a.page.keyboard.press("r")
        stroke(a.page, [at(400, 300), at(460, 340)])
        a.saved()
        b.page.wait_for_function("() => [...document.querySelectorAll('span')].some(e => e.textContent === '1 object') && document.querySelectorAll('.history li button').length === 2", timeout=20000)
        check(True, "the other tab sees the edit without a reload")
        obj = objects(a, base, image)[0]

        # The second tab hears nothing more; somebody changes the object meanwhile.
        b.expected.append(".")
        b.page.route("**/events", lambda route: route.abort())
        b.view(project, image, 450, 350, native)
        def foreign(x):
            answer = a.api(f"{base}/edits", "POST", {"operation": "add", "image": image["id"], "objects": [obj["id"]], "annotations": {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[[x, 300], [x + 20, 300], [x + 20, 320], [x, 320], [x, 300]]]}}]}})
            assert answer["status"] == 201, answer
        def meet(x):
            # Selected as this tab knows it, changed elsewhere, then painted on.
            b.page.keyboard.press("v")
            b.page.mouse.click(*at(430, 320))
            b.page.wait_for_selector(".object-head")
            foreign(x)
            b.page.keyboard.press("b")
            stroke(b.page, [at(410, 335), at(410, 360)], 20)
            b.page.wait_for_selector(".held", timeout=20000)
        before = pixels(a, base, obj)
        meet(460)
        check("1 change" in b.page.locator(".held").inner_text(), "an edit of an object that was changed elsewhere is held", b.page.locator(".held").inner_text())
        said = b.page.locator("footer .saved").inner_text()
        check("not saved: your decision" in said and "Saved" not in said, "and as long as it waits for a decision the foot says so", said)
        now = pixels(a, base, obj)
        check((470, 310) in now and (410, 358) not in now, "nothing was merged silently")
        check(b.page.locator(".leaflet-pending-pane path[stroke-dasharray]").count() > 0, "the stroke stays on screen, dashed")
        area = b.api(f"{base}/objects/{obj['id']}")["body"]["area"]
        check(f"{area:,}" in b.page.locator(".measures").inner_text().replace("\u202f", ","), "the object is shown as it is now", str(area))
        b.page.reload()
        b.page.wait_for_selector(".held", timeout=15000)
        check(True, "a held stroke outlives a reload")
        b.page.get_by_role("button", name="Apply to the newer state").click()
        a.wait_until("applied, it adds to the newer state", lambda: (410, 358) in pixels(a, base, obj) and (470, 310) in pixels(a, base, obj), 20)
        b.saved()
        check(b.page.locator(".held").count() == 0, "and the bar is gone")
        meet(480)
        state = pixels(a, base, obj)
        b.page.get_by_role("button", name="Discard").click()
        b.page.wait_for_selector(".held", state="detached")
        b.page.wait_for_timeout(400)
        check(pixels(a, base, obj) == state and (490, 310) in state and before < state, "discarded, it leaves the newer state as it is")
        check(b.page.evaluate("() => Object.keys(localStorage).filter(k => k.startsWith('ship.edits.')).length") == 0, "and nothing of it is kept")
        a.report("the first tab")
    finish()


if __name__ == "__main__":
    main()
