"""What lies around and over the picture: no tool fades it, the pen stays smaller than what is in view, and no bar swallows a stroke."""
import tempfile

from drawing import objects, project_with_frame, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Stage", run=False)
        if not made:
            return finish()
        project, base, image = made
        page, keys = w.page, w.page.keyboard
        native = image["levels"] - 1
        w.view(project, image, 450, 350, native)
        w.saved()
        for key in "vrpbewolukm":
            keys.press(key)
            page.wait_for_timeout(60)
            faded = page.locator(".map-host").evaluate("e => getComputedStyle(e).opacity")
            if not check(faded == "1", f"key {key}: the picture is not faded", f"{page.locator('.map-host').get_attribute('class')}: {faded}"):
                break
        keys.press("Escape")

        # A stroke that begins under the bar of the brush, between its controls.
        keys.press("b")
        words = page.locator(".stage-action > span").first.bounding_box()
        x, y = words["x"] + words["width"] / 2, words["y"] + words["height"] / 2
        page.mouse.move(x, y - 120)
        page.mouse.move(x, y, steps=4)
        check(page.evaluate("([x, y]) => { const r = document.querySelector('.ring:not([hidden])')?.getBoundingClientRect(); return !!r && Math.abs(r.x + r.width / 2 - x) < 2 && Math.abs(r.y + r.height / 2 - y) < 2 }", [x, y]), "over the bar the ring shows that one can paint there")
        stroke(page, [(x, y), (x, y - 60)])
        w.wait_until("a stroke that begins under the bar is made", lambda: len(objects(w, base, image)) == 1, 5)
        w.saved()
        size = page.locator(".stage-action input[type=range]")
        before = page.locator(".stage-action output").inner_text()
        size.focus()
        keys.press("Home")
        check(page.locator(".stage-action output").inner_text() != before, "and its slider still works")
        box = size.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(300)
        check(len(objects(w, base, image)) == 1 and page.locator(".stage-action output").inner_text() != before, "a click on the slider paints nothing")

        # A pen for the whole image, close by.
        page.evaluate("() => localStorage.setItem('ship.viewer.pen', '200')")
        w.view(project, image, 450, 350, native + 4)
        page.locator(".viewer .map").focus()
        keys.press("b")
        middle = page.locator(".viewer .map").bounding_box()
        page.mouse.move(middle["x"] + middle["width"] / 2, middle["y"] + middle["height"] / 2, steps=3)
        page.wait_for_timeout(100)
        ring = page.locator(".ring").bounding_box()
        check(ring and ring["width"] <= middle["height"] * 0.6, "close by, the ring of a wide pen is still in view", str(ring))
        told = int(page.locator(".stage-action output").inner_text().split()[0])
        check(ring and abs(told * 16 - ring["width"]) < 20, "and the bar says the width that is painted", f"{told} px, {ring}")
        w.view(project, image, 450, 350, native - 1)
        page.locator(".viewer .map").focus()
        keys.press("b")
        check(page.locator(".stage-action output").inner_text().split()[0] == "200", "farther away it is as wide as wished again")

        layer = page.locator(".layer", has_text="Segments")
        apart = layer.evaluate("e => { const n = e.querySelector('.muted'); n.textContent = '1,234,567'; return e.querySelector('input[type=range]').getBoundingClientRect().left - n.getBoundingClientRect().right }")
        check(apart >= 0, "a count of seven digits does not run into the slider beside it", str(apart))
        w.report("stage")
    finish()


if __name__ == "__main__":
    main()
