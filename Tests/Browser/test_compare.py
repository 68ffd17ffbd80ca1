"""Compare: original against corrected and two states of the objects, parted by a line that mouse and keyboard move."""
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server

# Share of red, of the overlay's pixels set and where the panes are cut off, left and right.
SIDES = """() => {
  const map = document.querySelector('.viewer .map').getBoundingClientRect()
  const cut = name => { const p = document.querySelector(`.leaflet-${name}-pane`), m = [...p.style.clipPath.matchAll(/(-?[\\d.]+)px/g)].map(v => +v[1]), o = p.getBoundingClientRect(); return m.length ? [o.left + m[0] - map.left, o.left + m[2] - map.left] : null }
  const urls = name => [...document.querySelectorAll(`.leaflet-${name}-pane img`)].map(t => t.src)
  const bits = name => { let n = 0; for (const t of document.querySelectorAll(`.leaflet-${name}-pane canvas`)) { const d = t.getContext('2d').getImageData(0, 0, t.width, t.height).data; for (let i = 3; i < d.length; i += 4) if (d[i] > 128) n++ } return n }
  return { width: map.width, left: cut('tile'), right: cut('rightTiles'), leftOverlays: cut('overlays'), rightOverlays: cut('rightOverlays'), leftUrls: urls('tile'), rightUrls: urls('rightTiles'), leftBits: bits('overlays'), rightBits: bits('rightOverlays') }
}"""


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 1):
            return finish()
        w = Watched(chromium, s).open()
        page = w.page
        project, base, image = w.project("Compare", frames)
        image = w.run(base, image)
        objects = w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=500")["body"]["objects"]
        largest = max(objects, key=lambda o: o["area"])
        w.api(f"{base}/edits", "POST", {"operation": "delete", "image": image["id"], "objects": [largest["id"]], "annotations": {"type": "FeatureCollection", "features": []}})
        w.view(project, image)
        page.locator(".viewer .map").focus()
        page.keyboard.press("Shift+Y")
        divider = page.get_by_role("slider", name="Line between left and right")
        divider.wait_for(timeout=30000)
        w.settle()
        m = page.evaluate(SIDES)
        middle = m["width"] / 2
        check(abs(m["left"][1] - middle) < 1 and abs(m["right"][0] - middle) < 1 and abs(m["rightOverlays"][0] - middle) < 1 and abs(m["leftOverlays"][1] - middle) < 1, "both sides meet in the middle", str(m))
        check(all("layer=corrected" not in u for u in m["leftUrls"]) and m["rightUrls"] and all("layer=corrected" in u for u in m["rightUrls"]), "left is the original, right the corrected image")
        divider.focus()
        for _ in range(5):
            page.keyboard.press("ArrowRight")
        check(divider.get_attribute("aria-valuenow") == "60", "arrow keys move the line", divider.get_attribute("aria-valuenow"))
        m = page.evaluate(SIDES)
        check(abs(m["right"][0] - m["width"] * 0.6) < 1, "and what lies beside it")
        box = divider.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] / 2 - 300, box["y"] + 220, steps=4)
        page.mouse.up()
        m = page.evaluate(SIDES)
        check(abs(m["right"][0] - (m["width"] * 0.6 - 300)) < 2, "the pointer drags it", str(m["right"]))
        at = page.url
        page.keyboard.press("Home")
        check(divider.get_attribute("aria-valuenow") == "0", "Home goes to the edge")
        # Panning keeps the line where it is.
        page.mouse.move(700, 600)
        page.mouse.down()
        page.mouse.move(640, 560, steps=4)
        page.mouse.up()
        page.wait_for_timeout(400)
        page.keyboard.press("End")
        w.axe("compare")

        page.goto(at)
        page.reload()
        divider.wait_for(timeout=30000)
        check("vs=original,corrected," in at and abs(float(divider.get_attribute("aria-valuenow")) - float(at.split("corrected,")[1].split("&")[0])) < 1, "the permalink opens the same comparison", at)

        # Two states of the objects
        states = w.api(f"{base}/blobs/{image['id']}/states")["body"]["states"]
        check(len(states) >= 2, "the history offers states to compare", str(states))
        page.get_by_label("Left side").select_option(f"s{states[-1]['edit']}")
        page.get_by_label("Right side").select_option("now")
        w.settle()
        w.wait_until("what was deleted is seen on the left alone", lambda: (m := page.evaluate(SIDES))["leftBits"] > m["rightBits"] > 0)
        w.wait_until("the difference is told", lambda: page.locator(".compare-bar").inner_text().count("1 lost"))
        w.axe("compare states")
        page.get_by_role("button", name="End comparing").click()
        m = page.evaluate(SIDES)
        check(m["left"] is None and not m["rightUrls"] and divider.count() == 0 and "vs=" not in page.url, "ending shows the whole picture again")
        w.report("compare")
    finish()


if __name__ == "__main__":
    main()
