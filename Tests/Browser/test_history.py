"""The list of edits: with pictures, one click to any state and back, also after a reload; and the whole way of an edit by keys alone."""
import tempfile

from drawing import objects, pixels, project_with_frame, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "History", run=False)
        if not made:
            return finish()
        project, base, image = made
        page, keys = w.page, w.page.keyboard
        native = image["levels"] - 1
        w.view(project, image, 450, 350, native)
        scale, at = screen(w, image)
        for x in (300, 400, 500):
            keys.press("r")
            stroke(page, [at(x, 300), at(x + 60, 340)])
            w.saved()
        rows = page.locator(".history li button")
        page.wait_for_function("() => document.querySelectorAll('.history li button').length === 4", timeout=20000)
        check("at first" in rows.nth(3).inner_text(), "below the edits stands the beginning")
        page.wait_for_function("() => [...document.querySelectorAll('.history img')].length === 3 && [...document.querySelectorAll('.history img')].every(i => i.complete && i.naturalWidth > 0)", timeout=20000)
        check(True, "each edit has its picture")
        all_three = [pixels(w, base, o) for o in objects(w, base, image)]
        check(len(all_three) == 3, "three boxes are three objects")

        steps = []
        page.on("request", lambda r: steps.append(r.url.split("/")[-1]) if r.method == "POST" else None)
        rows.nth(2).click()
        w.wait_until("a click goes back to the state after the first edit", lambda: len(objects(w, base, image)) == 1, 20)
        w.saved()
        check(steps == ["goto"], "in one step", str(steps))
        page.wait_for_function("() => document.querySelectorAll('.history li.undone').length === 2", timeout=20000)
        check(rows.nth(2).get_attribute("aria-current") == "step", "the list shows where one is, and what is undone")
        rows.nth(3).click()
        w.wait_until("and to the beginning", lambda: len(objects(w, base, image)) == 0, 20)
        w.saved()
        page.reload()
        page.wait_for_function("() => document.querySelectorAll('.history li.undone').length === 3", timeout=15000)
        check(True, "after a reload the undone edits are still there")
        rows.nth(0).click()
        w.wait_until("and forward again, to the newest", lambda: len(objects(w, base, image)) == 3, 20)
        w.saved()
        check([pixels(w, base, o) for o in objects(w, base, image)] == all_three, "with the same pixels")
        keys.press("Control+z")
        w.wait_until("Ctrl-Z takes one back", lambda: len(objects(w, base, image)) == 2, 20)
        w.saved()
        keys.press("Control+Shift+Z")
        w.wait_until("Ctrl-Shift-Z brings it back", lambda: len(objects(w, base, image)) == 3, 20)
        w.saved()

        # A new edit would lose what was undone, for good: with several steps one is asked first, over the drawn shape.
        rows.nth(3).click()
        w.wait_until("at the beginning again", lambda: len(objects(w, base, image)) == 0, 20)
        page.wait_for_function("() => document.querySelectorAll('.history li.undone').length === 3", timeout=20000)
        ask = page.locator(".stage-problem", has_text="3 undone steps")
        keys.press("r")
        stroke(page, [at(300, 500), at(340, 540)])
        ask.wait_for(timeout=5000)
        page.wait_for_timeout(400)
        check(not objects(w, base, image) and page.locator(".leaflet-pending-pane path").count() > 0, "before a new edit drops three steps, one is asked, and the shape stays dashed")
        w.axe("asked about lost steps")
        ask.get_by_role("button", name="Keep the steps").click()
        check(page.locator(".leaflet-pending-pane path").count() == 0 and page.locator(".history li.undone").count() == 3, "given up, the steps stay")
        rows.nth(0).click()
        w.wait_until("and can be brought back", lambda: len(objects(w, base, image)) == 3, 20)
        w.saved()
        extra = [at(300, 500), at(340, 540)]
        stroke(page, extra)
        w.wait_until("a fourth box", lambda: len(objects(w, base, image)) == 4, 20)
        w.saved()
        stroke(page, [at(400, 500), at(440, 540)])
        w.wait_until("and a fifth", lambda: len(objects(w, base, image)) == 5, 20)
        w.saved()
        for left in (4, 3):
            keys.press("Control+z")
            w.wait_until("undone", lambda: len(objects(w, base, image)) == left, 20)
            w.saved()
        page.wait_for_function("() => document.querySelectorAll('.history li.undone').length === 2", timeout=20000)
        stroke(page, extra)
        page.get_by_role("button", name="Change it").click()
        w.wait_until("agreed to, the edit is made", lambda: len(objects(w, base, image)) == 4, 20)
        w.saved()
        page.wait_for_function("() => document.querySelectorAll('.history li.undone').length === 0", timeout=20000)
        keys.press("Control+z")
        w.wait_until("and undone", lambda: len(objects(w, base, image)) == 3, 20)
        w.saved()
        page.wait_for_function("() => document.querySelectorAll('.history li.undone').length === 1", timeout=20000)
        stroke(page, extra)
        page.get_by_text("The undone step of the history gives way").wait_for(timeout=5000)
        w.wait_until("a single step gives way with a word only", lambda: len(objects(w, base, image)) == 4, 20)
        w.saved()
        keys.press("Control+z")
        w.wait_until("back at three", lambda: len(objects(w, base, image)) == 3, 20)
        w.saved()
        keys.press("Escape")
        keys.press("Escape")

        check(rows.nth(0).evaluate("e => getComputedStyle(e).opacity") == "1", "the step that one sees is not faded")

        # The address of another view of the image that is open.
        page.evaluate(f"() => {{ location.hash = '#/local/{project['name']}/view/{image['id']}?at=420,320,{native + 1}' }}")
        w.wait_until("an address of the open image moves the view", lambda: "zoom 200 %" in page.locator("footer.status").inner_text(), 10)
        top = page.locator("header.top")
        check("Export" in top.inner_text() and image["name"] in top.inner_text() and top.get_by_role("button", name="Undo").is_enabled(), "and the frame around it stays")
        w.settle()
        check(f"at=420,320,{native + 1}" in page.url, "the address stays too", page.url)
        tx, ty = screen(w, image)[1](420, 320)
        box = page.locator(".viewer .map").bounding_box()
        check(abs(tx - box["x"] - box["width"] / 2) < 3 and abs(ty - box["y"] - box["height"] / 2) < 3, "its place is in the middle")
        page.locator(".viewer .map").focus()
        keys.press("+")
        w.wait_until("and a zoom goes on from there", lambda: f"at=420,320,{native + 2}" in page.url, 10)

        # Without a mouse: a cross moved by the arrows, Space sets a corner.
        w.view(project, image, 450, 350, native)
        page.locator(".viewer .map").focus()
        keys.press("r")
        keys.press("ArrowUp")
        page.wait_for_timeout(60)
        check(page.locator(".ring.cross:not([hidden])").count() == 1, "an arrow key brings the cross out")
        keys.press("ArrowDown")
        keys.press("Space")
        for _ in range(3):
            keys.press("ArrowRight")
            keys.press("ArrowDown")
        keys.press("Shift+ArrowRight")
        keys.press("Space")
        w.wait_until("a box drawn by keys alone is an object", lambda: len(objects(w, base, image)) == 4, 20)
        w.saved()
        box = max(objects(w, base, image), key=lambda o: o["id"])["box"]
        check(abs(box["width"] - 31) <= 1 and abs(box["height"] - 30) <= 1, "ten screen pixels a step, one with Shift", str(box))
        keys.press("Escape")
        keys.press("Escape")
        page.locator(".viewer .map").focus()
        keys.press("Tab")
        page.wait_for_selector(".object-head")
        first = page.locator(".object-head strong").inner_text()
        keys.press("Tab")
        page.wait_for_function(f"() => ![undefined, '{first}'].includes(document.querySelector('.object-head strong')?.textContent)", timeout=20000)
        check(True, "Tab steps from object to object")

        # Keys can be changed, not to one that is taken.
        keys.press("?")
        page.get_by_role("button", name="Key for Draw a box").click()
        keys.press("p")
        check("Draw a polygon" in page.locator(".sheet .problem").inner_text(), "a key that is taken is refused with the name of its command")
        keys.press("Shift+Q")
        keys.press("Escape")
        if page.locator("dialog.sheet").count():
            page.locator("dialog.sheet").get_by_role("button", name="Close").click()
        keys.press("Shift+Q")
        check(page.locator(".map-host.box").count() == 1, "a changed key works")
        titles = page.evaluate("() => [...document.querySelectorAll('.rail button')].filter(b => !/\\(.+\\)/.test(b.title)).map(b => b.ariaLabel)")
        check(not titles, "every button of the rail says its key", str(titles))
        page.set_viewport_size({"width": 1100, "height": 700})
        page.wait_for_timeout(200)
        check(page.evaluate("() => { const r = document.querySelector('.rail'); return r.scrollHeight <= r.clientHeight }"), "the rail fits into a window 700 px high")
        w.report("history")
    finish()


if __name__ == "__main__":
    main()
