"""Wand, separation and smoothing with their previews, holes, redrawing, joining along a line, selecting by an area, and keeping what a rule rejected."""
import tempfile

from drawing import inside, objects, pixels, project_with_frame, same, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Shapes")
        if not made:
            return finish()
        project, base, image = made
        page, keys = w.page, w.page.keyboard
        found = objects(w, base, image)
        obj = max((o for o in found if o["box"]["width"] < 200 and o["box"]["height"] < 200), key=lambda o: o["area"])
        cx, cy = obj["box"]["x"] + obj["box"]["width"] // 2, obj["box"]["y"] + obj["box"]["height"] // 2
        w.view(project, image, cx, cy, image["levels"] - 1)
        _, at = screen(w, image)

        def edited():
            return sorted((o for o in objects(w, base, image) if o["edited"]), key=lambda o: -o["id"])

        def steady():
            w.saved()
            page.wait_for_timeout(150)

        def told(pattern, seconds=10):
            page.wait_for_function(f"() => /{pattern}/.test(document.querySelector('.stage-action [role=status]')?.textContent)", timeout=seconds * 1000)
            return page.locator(".stage-action [role=status]").inner_text()

        # Wand: a look before, wheel and keys change the tolerance, Enter takes it.
        dark = sorted(pixels(w, base, obj))
        x, y = dark[len(dark) // 2]
        keys.press("w")
        page.mouse.click(*at(x, y))
        first = int(told(r"^\d+ px²").split()[0].replace(",", ""))
        check(page.locator(".leaflet-pending-pane path").count() > 0, "the wand shows what it would take")
        keys.press("[")
        page.mouse.wheel(0, 100)
        page.wait_for_function(f"() => document.querySelector('.stage-action output').textContent === '12 gray'")
        page.wait_for_timeout(600)
        less = int(told(r"^\d+ px²").split()[0].replace(",", ""))
        check(0 < less <= first, "less tolerance takes no more", f"{less} of {first}")
        keys.press("Enter")
        steady()
        check([o["area"] for o in edited()] == [less], "what is taken has the pixels that were shown", f"{[o['area'] for o in edited()]} and {less}")
        keys.press("Delete")
        steady()

        # Two discs that touch, separated; the preview stores nothing.
        def dabs(*places):
            keys.press("b")
            for p in places:
                page.mouse.click(*at(*p))
                steady()
            keys.press("v")
        keys.press("b")
        page.locator(".stage-action input").evaluate("e => { e.value = Math.round(100 * Math.log2(31)); e.dispatchEvent(new Event('input')) }")
        dabs((cx - 180, cy), (cx - 154, cy))
        check(len(edited()) == 1, "the second touch of the brush belongs to the same object")
        whole = pixels(w, base, edited()[0])
        keys.press("Shift+X")
        check(told("2 objects") == "2 objects", "separation tells beforehand how many there will be")
        check(len(edited()) == 1, "and has changed nothing yet")
        for _ in range(40):
            keys.press("]")
        check(told("1 object|nothing") != "2 objects", "a neck less deep than asked for is left")
        for _ in range(39):
            keys.press("[")
        told("2 objects")
        page.locator(".stage-action input").focus()
        keys.press("Enter")
        w.wait_until("Enter separates, also while the slider has the focus", lambda: len(edited()) == 2, 20)
        steady()
        check(set().union(*(pixels(w, base, o) for o in edited())) <= whole, "the parts lie in the whole")

        # Selected by an area, and joined along a line.
        keys.press("Escape")
        page.wait_for_timeout(200)
        keys.down("Shift")
        stroke(page, [at(cx - 205, cy - 30), at(cx - 130, cy + 30)], 6)
        keys.up("Shift")
        page.wait_for_function("() => document.querySelectorAll('.chips .vignette').length === 2", timeout=20000)
        check(True, "Shift and a drag select what the rectangle touches")
        keys.press("l")
        stroke(page, [at(cx - 180, cy + 4), at(cx - 154, cy + 4)], 20)
        keys.press("j")
        w.wait_until("J joins the selected along the line", lambda: len(edited()) == 1, 20)
        steady()
        joined = pixels(w, base, edited()[0])
        check({(round(cx - 170), cy + 4), (round(cx - 160), cy + 4)} <= joined and len(joined) > 0.9 * len(whole), "and the line is part of it")

        # A line that is not ended yet counts: for J, and for X beside one that is.
        keys.press("Control+z")
        w.wait_until("undo parts them", lambda: len(edited()) == 2, 20)
        steady()
        keys.press("Control+a")
        page.wait_for_timeout(300)
        keys.press("Escape")
        page.wait_for_timeout(200)
        keys.press("l")
        for x in (cx - 180, cx - 154):
            page.mouse.click(*at(x, cy + 4))
        keys.press("j")
        w.wait_until("J takes a line that is not ended", lambda: len(edited()) == 1, 20)
        steady()
        check(pixels(w, base, edited()[0]) == joined, "with all of its pixels")
        keys.press("l")
        keys.press("x")
        check("needs a point or a line" in page.locator("footer.status").inner_text(), "X without a line says what it needs")
        for x in (cx - 180, cx - 154):
            page.mouse.click(*at(x, cy - 4))
            page.mouse.click(*at(x, cy + 4))
            if x < cx - 170:
                keys.press("Enter")
        keys.press("x")
        w.wait_until("X splits by one ended line and one that is not", lambda: len(edited()) == 2, 20)
        steady()
        keys.press("Control+z")
        w.wait_until("and can be undone", lambda: len(edited()) == 1, 20)
        steady()
        page.mouse.click(*at(cx - 180, cy))
        page.wait_for_selector(".object-head")

        # Smoothing, a hole, and a new edge.
        keys.press("s")
        told("1 object")
        keys.press("Escape")
        check(page.locator(".stage-action").count() == 0 and pixels(w, base, edited()[0]) == joined, "Esc leaves the edge as it was")
        keys.press("s")
        told("1 object")
        keys.press("Enter")
        steady()
        check(pixels(w, base, edited()[0]) != joined, "Enter smooths it")
        keys.press("r")
        keys.down("Alt")
        stroke(page, [at(cx - 185, cy - 4), at(cx - 178, cy + 4)])
        keys.up("Alt")
        steady()
        check((cx - 182, cy) not in pixels(w, base, edited()[0]), "a box with Alt cuts a hole")
        keys.press("Shift+F")
        steady()
        check((cx - 182, cy) in pixels(w, base, edited()[0]), "Shift-F fills it")
        keys.press("Shift+P")
        ring = [(cx - 190, cy - 10), (cx - 150, cy - 12), (cx - 155, cy + 20)]
        for p in ring:
            page.mouse.click(*at(*p))
        keys.press("Enter")
        steady()
        wrong = same(pixels(w, base, edited()[0]), inside(ring, 0.6))
        check(not wrong and len(edited()) == 1, "a redrawn object has the new edge", wrong)
        keys.press("Delete")
        steady()
        keys.press("v")

        # What a rule rejected.
        rejects = w.api(f"{base}/objects?blob={image['id']}&kind=reject&limit=50")["body"]["objects"]
        if rejects:
            reject = max(rejects, key=lambda o: o["area"])
            mine = pixels(w, base, reject)
            x, y = sorted(mine)[len(mine) // 2]
            w.view(project, image, x, y, image["levels"] + 1)
            _, at = screen(w, image)
            page.mouse.click(*at(x, y))
            page.wait_for_timeout(500)
            check(page.locator(".stage-action").count() == 0, "a rejected segment is not in the way while its layer is off")
            keys.press("Shift+R")
            page.wait_for_timeout(300)
            page.mouse.click(*at(x, y))
            page.wait_for_selector(".stage-action")
            check(reject["rule"] in page.locator(".stage-action").inner_text(), "shown and clicked, it tells the rule", page.locator(".stage-action").inner_text())
            page.get_by_role("button", name="Keep it").click()
            w.wait_until("“Keep it” makes it an object", lambda: len(edited()) == 1, 20)
            steady()
            check(pixels(w, base, edited()[0]) == mine, "of the same pixels")
        else:
            check(False, "the run rejected something to keep")
        w.report("shapes")
    finish()


if __name__ == "__main__":
    main()
