"""Display of the viewer: window, gamma, bands and inversion reach the tiles and the address; ruler, pixel inspector, layers, drawer."""
import re
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server

# Mean of a square of the picture as it is on screen, from the tile itself: no filter, no overlay.
MEAN = """async ([x, y]) => {
  for (const t of document.querySelectorAll('.tiles.image img')) {
    const r = t.getBoundingClientRect()
    if (x < r.left || y < r.top || x >= r.right || y >= r.bottom || !t.naturalWidth) continue
    const c = document.createElement('canvas'), k = t.naturalWidth / r.width; c.width = c.height = 4
    const g = c.getContext('2d'); g.drawImage(t, Math.floor((x - r.left) * k), Math.floor((y - r.top) * k), 4, 4, 0, 0, 4, 4)
    const d = g.getImageData(0, 0, 4, 4).data, sum = [0, 0, 0]
    for (let i = 0; i < d.length; i++) if (i % 4 < 3) sum[i % 4] += d[i] / 16
    return sum
  }
  return null
}"""


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 1):
            return finish()
        w = Watched(chromium, s).open()
        page = w.page
        project, base, image = w.project("Display", frames)
        w.api(f"{base}/blobs/{image['id']}", "PATCH", {"pixelSizeUm": 2.5})
        image = w.run(base, image)
        w.view(project, image, 600, 450, image["levels"] - 1)
        place = w.where(image, 700, 500)
        plain = page.evaluate(MEAN, list(place))

        page.keyboard.press("d")
        w.wait_until("the histogram of the part in view is drawn", lambda: page.locator(".window .curve").count() == image["channels"])
        check(page.evaluate("document.activeElement.getAttribute('aria-label')") == "Black point", "D leads to the display settings")

        def shown(expected, what, tolerance=6):
            w.wait_until(what, lambda: (m := page.evaluate(MEAN, list(place))) and all(abs(a - b) <= tolerance for a, b in zip(m, expected)), 15)

        def slide(label, value):
            page.get_by_role("slider", name=label, exact=True).evaluate("(e, v) => { e.value = v; e.dispatchEvent(new Event('input', { bubbles: true })) }", value)

        slide("Black point", 40)
        slide("White point", 240)
        shown([max(0, min(255, (v - 40) / 200 * 255)) for v in plain], "black and white point are those of the tiles")
        check("d=40,240" in page.url, "the address holds the window", page.url)
        check(page.locator(".stage-badge").is_visible(), "a badge says that the display is not as recorded")
        page.reload()
        page.wait_for_selector(".viewer .map[data-ready=true]")
        w.settle()
        shown([max(0, min(255, (v - 40) / 200 * 255)) for v in plain], "the permalink shows the same window")
        page.locator(".stage-badge").click()
        shown(plain, "a click on the badge shows the image as recorded", 2)
        check("d=" not in page.url, "a neutral display is not in the address", page.url)

        slide("Gamma", 30)
        shown([(v / 255) ** (1 / 10 ** 0.3) * 255 for v in plain], "gamma brightens the middle")
        page.get_by_role("checkbox", name="Invert").check()
        shown([255 - (v / 255) ** (1 / 10 ** 0.3) * 255 for v in plain], "inversion turns it over")
        page.keyboard.press("Shift+D")
        shown(plain, "Shift+D is neutral again", 2)
        if image["channels"] == 3:
            page.get_by_role("checkbox", name="Green").uncheck()
            shown([plain[0], 0, plain[2]], "a band that is off is gone", 8)
            page.get_by_role("checkbox", name="Green").check()
            shown(plain, "and comes back", 2)
        slide("Contrast", 30)
        slide("Brightness", 20)
        check(page.evaluate("document.querySelector('[aria-label=\"Black point\"]').value") != "0", "contrast and brightness move the window")
        page.keyboard.press("Shift+D")
        page.get_by_role("button", name="Auto", exact=True).click()
        w.wait_until("the automatic window is in the address", lambda: "d=" in page.url)
        page.keyboard.press("Shift+D")
        w.axe("display settings")

        page.get_by_role("radio", name="Black", exact=True).click()
        check(page.evaluate("getComputedStyle(document.querySelector('.viewer .map')).backgroundColor") == "rgb(0, 0, 0)", "the ground around the image is black")
        page.get_by_role("radio", name="Calm").click()

        # Ruler and inspector
        page.locator(".viewer .map").focus()
        page.keyboard.press("m")
        a, b = w.where(image, 500, 400), w.where(image, 620, 490)
        page.mouse.click(*a)
        page.mouse.move(*b)
        page.mouse.click(*b)
        text = page.locator(".ruler-text").inner_text()
        check(text.startswith("375 µm · 150.0 px") and "36.9°" in text, "the ruler measures 3-4-5 in µm, pixels and degrees", text)
        page.mouse.click(*b)
        page.mouse.click(b[0] + 50, b[1])
        check(page.locator(".ruler-text").count() == 2, "several lengths stay")
        page.keyboard.press("Escape")
        check(page.locator(".ruler-text").count() == 0, "Esc clears them")
        page.keyboard.press("Escape")
        page.keyboard.press("i")
        page.mouse.move(*w.where(image, 640, 470))
        page.mouse.move(*w.where(image, 643, 471))
        # A pointer stands on whole screen pixels, so that at this zoom the image pixel under it may be a neighbour.
        def pointed():
            found = re.search(r"x (\d+)  y (\d+)", page.locator(".inspector").inner_text()) if page.locator(".inspector b").count() else None
            return found and (int(found[1]), int(found[2]))

        w.wait_until("the inspector follows the pointer", lambda: pointed() and abs(pointed()[0] - 643) <= 2 and abs(pointed()[1] - 471) <= 2)
        x, y = pointed()
        values = w.api(f"{base}/blobs/{image['id']}/pixels?x={x}&y={y}&width=1&height=1")["body"]["values"]
        expected = "  ".join(str(c[0][0]) if len(values) == 1 else f"{n} {c[0][0]}" for n, c in zip(("red", "green", "blue"), values))
        w.wait_until("and shows the values stored there", lambda: page.locator(".inspector b").inner_text() == expected)
        w.axe("ruler and inspector")
        page.keyboard.press("i")

        # Layers
        rejects = image["rejects"]
        page.keyboard.press("Shift+R")
        check(page.locator(".rule").count() == len(rejects), "each rule that dropped something has a switch", str(rejects))
        w.settle()
        urls = [u for u in w.urls if "kind=reject" in u]
        check(all(any(f"rule={r}" in u for u in urls) for r in rejects), "each rule's rejects are asked for by themselves")
        page.keyboard.press("Shift+R")

        # Fit, native, past native
        page.keyboard.press("0")
        page.wait_for_timeout(400)
        box = page.evaluate("() => { const r = [...document.querySelectorAll('.tiles.image img')].map(t => t.getBoundingClientRect()), m = document.querySelector('.viewer .map').getBoundingClientRect(); return [(Math.max(...r.map(b => b.right)) - Math.min(...r.map(b => b.left))) / m.width, (Math.max(...r.map(b => b.bottom)) - Math.min(...r.map(b => b.top))) / m.height] }")
        check(0.88 < max(box) <= 1, "fit uses the room there is", str(box))

        page.set_viewport_size({"width": 900, "height": 700})
        w.go(page.url.split("/", 3)[3])
        page.wait_for_selector(".viewer .map[data-ready=true]")
        w.settle()
        check(page.evaluate("document.documentElement.scrollWidth") <= 900, "900 px wide nothing is cut off")
        if not page.locator("#side").count():
            page.get_by_role("button", name="Panel at the right").click()
        side, stage = page.locator("#side").bounding_box(), page.locator(".viewer .map").bounding_box()
        check(side["x"] < stage["x"] + stage["width"] - 100, "at 900 px the panel lies over the picture as a drawer")
        w.axe("900 px")
        w.report("display")
    finish()


if __name__ == "__main__":
    main()
