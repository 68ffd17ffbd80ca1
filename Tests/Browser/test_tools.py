"""Each tool changes the pixels it shows, at two zooms and at one and two device pixels a CSS pixel."""
import tempfile

from drawing import inside, near, objects, pixels, project_with_frame, same, screen, stroke
from harness import Watched, browser, check, finish, server

# A pen line is smoothed and thinned by less than half a screen pixel, and its places are rounded to 0.01 px.
HALF_SCREEN = 0.55


def newest(w, base, image):
    return max(objects(w, base, image), key=lambda o: o["id"])


def draw_all(w, base, image, where):
    page, keys = w.page, w.page.keyboard
    scale, at = screen(w, image)
    # A place of the screen is a whole pixel of it, so what the page was told is known exactly.
    def told(*p):
        x, y = at(*p)
        x, y = round(x), round(y)
        ox, oy = at(0, 0)
        return (x, y), ((x - ox) / scale, (y - oy) / scale)
    def press(key, *places):
        keys.press(key)
        spots = [told(*p) for p in places]
        return [s for s, _ in spots], [p for _, p in spots]
    def steady():
        w.saved()
        page.wait_for_timeout(120)

    (a, b), (pa, pb) = press("r", (300, 300), (361, 341))
    stroke(page, [a, b])
    steady()
    box = newest(w, base, image)
    wrong = same(pixels(w, base, box), inside([pa, (pb[0], pa[1]), pb, (pa[0], pb[1])], 0.02))
    check(not wrong, f"{where}: a box dragged makes exactly its pixels", wrong)

    corners, told_corners = press("p", (350, 330), (400, 335), (385, 372), (352, 365))
    keys.down("Shift")
    for c in corners:
        page.mouse.click(*c)
    keys.up("Shift")
    check(page.locator(".leaflet-marks-pane path").count() >= 6, f"{where}: the unfinished polygon is drawn")
    keys.press("Enter")
    steady()
    poly, edge = inside(told_corners, 0.02)
    before, e0 = inside([pa, (pb[0], pa[1]), pb, (pa[0], pb[1])], 0.02)
    joined = (poly | before, edge | e0)
    wrong = same(pixels(w, base, box), joined)
    check(not wrong, f"{where}: a polygon with Shift adds to the selected object", wrong)

    line, told_line = press("b", (310, 352), (340, 356), (360, 380))
    page.wait_for_selector(".stage-action output")
    pen = float(page.locator(".stage-action output").inner_text().split()[0])
    stroke(page, line, 12)
    check(page.locator(".leaflet-pending-pane path, .leaflet-marks-pane path").count() > 0, f"{where}: the stroke is on screen in the same gesture")
    steady()
    sure, blur = near(told_line, pen, HALF_SCREEN / scale + 0.6)
    painted = (joined[0] | sure, joined[1] | blur)
    wrong = same(pixels(w, base, box), painted)
    check(not wrong, f"{where}: the brush adds what its ring of {pen:g} px covers", wrong)

    line, told_line = press("b", (300, 320), (420, 320))
    keys.down("Alt")
    stroke(page, line, 12)
    keys.up("Alt")
    steady()
    sure, blur = near(told_line, pen, HALF_SCREEN / scale + 0.05)
    left = (painted[0] - sure - blur, painted[1] | blur)
    wrong = same(pixels(w, base, box), left)
    check(not wrong, f"{where}: Alt turns the brush into the eraser", wrong)

    line, told_line = press("e", (310, 356), (330, 356))
    stroke(page, line, 12)
    steady()
    sure, blur = near(told_line, pen, HALF_SCREEN / scale + 0.05)
    wrong = same(pixels(w, base, box), (left[0] - sure - blur, left[1] | blur))
    check(not wrong, f"{where}: the eraser takes away", wrong)
    keys.press("Delete")
    steady()

    # A new object to cut and to split.
    (a, b), (pa, pb) = press("r", (440, 300), (501, 341))
    stroke(page, [a, b])
    steady()
    whole = pixels(w, base, newest(w, base, image))
    count = len(objects(w, base, image))
    (a, b), (ka, kb) = press("k", (470, 290), (470, 350))
    stroke(page, [a, b], 20)
    w.wait_until(f"{where}: a line across the object cuts it in two", lambda: len(objects(w, base, image)) == count + 1, 20)
    steady()
    parts = sorted((o for o in objects(w, base, image) if o["edited"]), key=lambda o: -o["id"])[:2]
    sure, blur = near([ka, kb], 2, HALF_SCREEN / scale)
    wrong = same(set().union(*(pixels(w, base, o) for o in parts)), (whole - sure - blur, whole & blur))
    check(not wrong, f"{where}: and takes only the pixels under the line", wrong)
    keys.press("Control+z")
    w.wait_until(f"{where}: undo makes it whole", lambda: len(objects(w, base, image)) == count, 20)
    steady()

    # A point, a line and an outline together; each pixel goes to the nearest, what is nearest to the outline goes.
    (p,), (pp,) = press("o", (450, 320))
    page.mouse.click(*p)
    line, told_line = press("l", (470, 305), (470, 335))
    stroke(page, line, 12)
    rim, told_rim = press("u", (495, 305), (495, 335))
    stroke(page, rim, 12)
    check(page.locator(".stage-action").inner_text().startswith("1 point, 1 line, 1 outline"), f"{where}: the panel tells what has been set", page.locator(".stage-action").inner_text())
    keys.press("Control+z")
    page.wait_for_timeout(80)
    check("outline" not in page.locator(".stage-action").inner_text(), f"{where}: undo acts inside the unfinished split first")
    keys.press("Control+Shift+Z")
    page.wait_for_timeout(80)
    keys.press("Enter")
    w.wait_until(f"{where}: Enter splits", lambda: len(objects(w, base, image)) == count + 1, 20)
    steady()
    from drawing import distance
    halves = sorted((o for o in objects(w, base, image) if o["edited"]), key=lambda o: -o["id"])[:2]
    got = sorted((pixels(w, base, o) for o in halves), key=lambda s: min(x for x, _ in s))
    expected = ([set(), set(), set()], set())
    for q in whole:
        d = [distance([pp], *q), distance(told_line, *q), distance(told_rim, *q)]
        order = sorted(d)
        if order[1] - order[0] < 1.2 / scale + 0.2:
            expected[1].add(q)
        else:
            expected[0][d.index(order[0])].add(q)
    for name, found, sure in (("the point", got[0], expected[0][0]), ("the line", got[1], expected[0][1])):
        wrong = same(found, (sure, expected[1]))
        check(not wrong, f"{where}: the pixels nearest to {name} are one object", wrong)
    check(not set().union(*got) & expected[0][2], f"{where}: the pixels nearest to the outline are no object's")

    # Both are selected now: joined along a line, they are one again.
    check(page.locator(".chips .vignette").count() == 2, f"{where}: both parts are selected after the split")
    keys.press("j")
    w.wait_until(f"{where}: J joins them", lambda: len(objects(w, base, image)) == count, 20)
    steady()
    keys.press("Delete")
    steady()
    keys.press("v")


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Tools", run=False)
        if not made:
            return finish()
        project, base, image = made
        cookies = w.context.storage_state()
        native = image["levels"] - 1
        for dpr in (1, 2):
            v = Watched(chromium, s, storage_state=cookies, device_scale_factor=dpr)
            for zoom in (native, native + 1):
                v.view(project, image, 400, 335, zoom)
                draw_all(v, base, image, f"zoom {zoom - native:+d}, {dpr} device px")
            if dpr == 1:
                v.axe("tools")
            v.report(f"tools at {dpr} device px")
            v.context.close()
    finish()


if __name__ == "__main__":
    main()
