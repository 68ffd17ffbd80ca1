"""One finger and a pen draw, two fingers move the image, the rubber end of a pen erases."""
import tempfile

from drawing import objects, pixels, project_with_frame, screen
from harness import Watched, browser, check, finish, server

PEN = """([type, places, button, buttons]) => {
  const map = document.querySelector('.viewer .map'), send = (name, [x, y], more) => map.dispatchEvent(new PointerEvent(name, { bubbles: true, cancelable: true, pointerId: 7, pointerType: type, isPrimary: true, clientX: x, clientY: y, ...more }))
  send('pointerdown', places[0], { button, buttons })
  for (const p of places.slice(1)) send('pointermove', p, { button: -1, buttons })
  send('pointerup', places.at(-1), { button, buttons: 0 })
}"""


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        first = Watched(chromium, s).open()
        made = project_with_frame(first, folder, "Touch", run=False)
        if not made:
            return finish()
        project, base, image = made
        w = Watched(chromium, s, storage_state=first.context.storage_state(), has_touch=True, viewport={"width": 1024, "height": 768})
        page = w.page
        w.view(project, image, 450, 350, image["levels"] - 1)
        _, at = screen(w, image)
        touch = w.context.new_cdp_session(page)

        def fingers(kind, *places):
            touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]})

        start = [float(v) for v in page.url.split("at=")[1].split("&")[0].split(",")]
        page.get_by_role("button", name="Brush", exact=True).tap()
        fingers("touchStart", at(400, 300))
        for x in range(405, 461, 5):
            fingers("touchMove", at(x, 300))
        fingers("touchEnd")
        w.wait_until("one finger paints an object", lambda: len(objects(w, base, image)) == 1, 20)
        w.saved()
        place = lambda: [float(v) for v in page.url.split("at=")[1].split("&")[0].split(",")]
        check(all(abs(a - b) <= 1 for a, b in zip(place(), start)), "and does not move the image", f"{start} {place()}")
        obj = objects(w, base, image)[0]
        check(obj["box"]["width"] > 60 and {(x, 300) for x in range(400, 461)} <= pixels(w, base, obj), "where the finger went", str(obj["box"]))

        fingers("touchStart", at(400, 400))
        fingers("touchStart", at(400, 400), at(500, 400))
        for d in range(0, 60, 6):
            fingers("touchMove", at(400 - d, 400), at(500 + d, 400))
        fingers("touchEnd")
        page.wait_for_timeout(800)
        w.settle()
        check(place()[2] > start[2], "two fingers move and magnify the image", f"{start} {place()}")
        check(len(objects(w, base, image)) == 1 and pixels(w, base, obj) == pixels(w, base, objects(w, base, image)[0]), "and draw nothing")

        w.view(project, image, 450, 350, image["levels"] - 1)
        _, at = screen(w, image)
        page.get_by_role("button", name="Draw a polygon").tap()
        ring = [(300, 420), (340, 420), (340, 450), (300, 450), (301, 424)]
        page.evaluate(PEN, ["pen", [at(*p) for p in ring], 0, 1])
        w.wait_until("a pen draws a polygon, closed where it began", lambda: len(objects(w, base, image)) == 2, 20)
        w.saved()
        drawn = max(objects(w, base, image), key=lambda o: o["id"])
        before = pixels(w, base, drawn)
        check((320, 435) in before, "with its inside")
        page.get_by_role("button", name="Brush", exact=True).tap()
        page.evaluate(PEN, ["pen", [at(290, 435), at(320, 435), at(350, 435)], 5, 32])
        w.wait_until("the rubber end erases", lambda: (320, 435) not in pixels(w, base, drawn), 20)
        w.saved()
        check(pixels(w, base, drawn) < before, "only takes away")
        w.report("touch")
    finish()


if __name__ == "__main__":
    main()
