"""Restrict area: drawn on one image, corners moved, found in a tray, for all images, undone, taken away; a run leaves out what lies outside."""
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from harness import Watched, browser, check, finish, server


def tray(path):
    """Discs on a bright ground in a dark tray: 80 px at the left, 60 at the top, 40 at the right, none below."""
    picture = Image.new("L", (1200, 900), 25)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((80, 60, 1159, 899), fill=225)
    for x, y, r in ((200, 200, 40), (600, 300, 50), (900, 700, 45), (1000, 200, 30), (400, 650, 35)):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=70)
    picture.save(path)


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        tray(frames / "a.png")
        w = Watched(chromium, s, color_scheme="dark").open()
        page = w.page
        project, base, image = w.project("Area", frames)
        area = lambda: w.api(f"{base}/blobs/{image['id']}/area")["body"]
        box = lambda: [f(p[i] for p in area()["area"]["coordinates"][0]) for f in (min, max) for i in (0, 1)]
        w.view(project, image, 600, 450, image["levels"] - 2)
        page.keyboard.press("a")
        page.wait_for_selector(".area-bar")
        check("whole image counts" in page.locator(".area-bar").inner_text(), "key A opens the tool, which says what counts")

        # At fit the bar stands beside the image, which is still whole.
        page.keyboard.press("0")
        page.wait_for_timeout(400)
        top, bottom = w.where(image, 0, 0)[1], w.where(image, 0, image["height"])[1]
        bar, stage = page.locator(".area-bar").bounding_box(), page.locator(".stage").bounding_box()
        check(top >= bar["y"] + bar["height"] - 1 and bottom <= stage["y"] + stage["height"] + 1, "the bar covers nothing of the image, which is still seen whole", f"{top} {bottom} {bar} {stage}")

        # The frame of the tray.
        page.get_by_role("button", name="Find the frame").click()
        w.wait_until("the frame is found and kept for this image", lambda: area()["from"] == "image")
        found = box()
        check(max(abs(a - b) for a, b in zip(found, (79.5, 59.5, 1159.5, 899.5))) <= 1.5, "the frame is the inside of the tray", str(found))
        page.wait_for_selector(".area-outside", state="attached")
        check(page.locator(".area-corner").count() == 4, "its corners can be dragged")
        w.axe("area")

        # A corner is dragged; the rectangle stays one.
        corner = page.locator(".area-corner").nth(2).bounding_box()
        page.mouse.move(corner["x"] + 7, corner["y"] + 7)
        page.mouse.down()
        page.mouse.move(corner["x"] - 120, corner["y"] - 90, steps=6)
        page.mouse.up()
        w.wait_until("a dragged corner changes the area", lambda: box() != found)
        moved = box()
        check(moved[2] < found[2] - 50 and moved[3] < found[3] - 50 and moved[:2] == found[:2] and len(area()["area"]["coordinates"][0]) == 5, "and only its two sides", str(moved))
        page.locator(".notice").get_by_role("button", name="Undo").last.click()
        w.wait_until("Undo in the notice brings it back", lambda: box() == found)

        # Drawn anew: the left half.
        x0, y0 = w.where(image, 150, 120)
        x1, y1 = w.where(image, 760, 880)
        page.mouse.move(x0, y0)
        page.mouse.down()
        page.mouse.move((x0 + x1) / 2, (y0 + y1) / 2, steps=4)
        page.mouse.move(x1, y1, steps=4)
        page.mouse.up()
        w.wait_until("a rectangle is drawn", lambda: abs(box()[2] - 760) < 4)
        page.get_by_role("button", name="Run this image").click()
        w.wait_until("a run leaves out what lies outside", lambda: w.api(f"{base}/objects?blob={image['id']}&kind=region")["body"]["total"] == 3, 60)

        # For all images, by outline, by keyboard and clicks.
        page.get_by_role("radio", name="All images").click()
        page.locator(".area-bar").get_by_role("radio", name="Outline").click()
        for x, y in ((120, 300), (1000, 300), (1000, 800), (120, 800)):
            page.mouse.click(*w.where(image, x, y))
        page.keyboard.press("Enter")
        w.wait_until("an outline for all images is kept in the pipeline", lambda: area()["from"] == "pipeline")
        node = next(n for n in w.api(f"{base}/graph")["body"]["nodes"] if n["kind"] == "restrict.area")
        check(node["config"]["method"] == "polygon" and "Polygon" in node["config"]["outline"], "as parameter of its node", str(node))
        page.get_by_role("button", name="Remove").click()
        w.wait_until("Remove takes it away", lambda: area() == {"area": None, "from": "whole"})
        page.get_by_role("button", name="Find the frame").click()
        w.wait_until("for all images each finds its own frame", lambda: area()["from"] == "frame")
        page.keyboard.press("Escape")
        page.wait_for_selector(".area-bar", state="detached")
        check(True, "Esc leaves the tool")
        w.report("area")
    finish()


if __name__ == "__main__":
    main()
