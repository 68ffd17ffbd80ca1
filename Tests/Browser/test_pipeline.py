"""The Pipeline screen: forms, preview that follows the slider, rejects by rule, swipe, a run with progress per node, comparison of runs."""
import os
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server, skip

COUNT = """() => { const i = document.querySelector('.preview .leaflet-after-pane img.preview-mask'); if (!i?.naturalWidth) return 0
  const c = document.createElement('canvas'); c.width = i.naturalWidth; c.height = i.naturalHeight; const g = c.getContext('2d'); g.drawImage(i, 0, 0)
  return g.getImageData(0, 0, c.width, c.height).data.reduce((n, v, k) => n + (k % 4 === 3 && v > 0), 0) }"""


def slide(page, label, value):
    """Moves a slider and returns the milliseconds until its overlay is shown, as the page measured them."""
    return page.evaluate(
        """async ([label, value]) => {
          const input = document.querySelector(`input[type=range][aria-label="${label}"]`), map = document.querySelector('.preview .map'), image = () => document.querySelector('.preview .leaflet-after-pane img.preview-mask')
          const before = image(), begin = performance.now()
          input.value = value
          input.dispatchEvent(new Event('input', { bubbles: true }))
          while (image() === before && performance.now() - begin < 5000) await new Promise(r => setTimeout(r, 1))
          return performance.now() - begin
        }""", [label, value])


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 2, "1600x1200"):
            return finish()
        w = Watched(chromium, s).open()
        page = w.page
        project, base, _ = w.project("Pipeline")
        place = f"#/{project['user']}/{project['name']}"
        w.go(place + "/pipeline")
        page.get_by_text("Add an image to see here").wait_for()
        check(True, "without an image the preview says what to do")
        w.bring_in(project, frames)
        w.go(place + "/pipeline")
        page.wait_for_selector("img.preview-mask", timeout=30000)
        page.wait_for_selector("img.preview-picture", timeout=30000)
        check("objects in view" in page.locator(".found").inner_text(), "the preview counts objects in view", page.locator(".found").inner_text())

        check(page.get_by_label("Level", exact=True).count() == 0 and page.get_by_label("Quantile", exact=True).count() == 0, "with Otsu neither level nor quantile is asked for")
        method = page.locator("#threshold-method")
        method.select_option(label="Fixed level")
        page.get_by_label("Level", exact=True).wait_for()
        check(page.get_by_label("Level, slider").get_attribute("max") == "255", "the slider of an 8-bit image ends at 255")
        check(page.get_by_label("Quantile", exact=True).count() == 0, "with a fixed level the quantile is not asked for")
        page.wait_for_timeout(500)
        slide(page, "Level, slider", 60)
        few = page.evaluate(COUNT)
        times = sorted(slide(page, "Level, slider", v) for v in range(90, 191, 10))
        many = page.evaluate(COUNT)
        check(many > few > 0, "a higher level marks more", f"{few}, {many}")
        print(f"measured: slider to new overlay {times[len(times) // 2]:.0f} ms median, {times[-1]:.0f} ms at most, of {len(times)}")

        # Rejects by rule.
        too_small = page.locator(".reject-count", has_text="too small")
        too_small.wait_for()
        number = page.locator(".leaflet-after-pane img.preview-mask").count()
        too_small.get_by_role("checkbox").check()
        page.wait_for_function(f"() => document.querySelectorAll('.leaflet-after-pane img.preview-mask').length === {number + 1}")
        check(True, "what a rule dropped can be shown in its own colour")
        # Before, swipe, after.
        page.get_by_role("radio", name="Swipe").click()
        line = page.get_by_role("slider", name="Line between before and after")
        line.focus()
        for _ in range(5):
            page.keyboard.press("ArrowLeft")
        check(line.get_attribute("aria-valuenow") == "40", "the line between before and after moves by keys", line.get_attribute("aria-valuenow"))
        check("polygon" in page.evaluate("() => document.querySelector('.leaflet-after-pane').style.clipPath"), "and only one side is covered")
        w.axe("pipeline with preview")
        page.get_by_role("radio", name="After").click()

        # The graph is stored, and comes back.
        w.saved()
        w.go(place + "/pipeline")
        page.wait_for_selector("img.preview-mask", timeout=30000)
        check(page.locator("#threshold-level").input_value() == "190", "what was set is there after a reload")

        # A run, with what each node did.
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_selector(".outcome.done", timeout=120000)
        objects = page.locator(".node-head", has=page.get_by_text("Objects", exact=True)).inner_text()
        check("object" in objects and "dropped" in objects, "the Objects card says what came out of it", objects)
        job = w.api(f"{base}/jobs")["body"]["jobs"][0]
        check([n["done"] for n in job["result"]["nodes"]] == [2] * len(job["result"]["nodes"]), "every node counted both images", str(job["result"]["nodes"]))
        page.locator("#threshold-level").fill("120")
        page.keyboard.press("Tab")
        w.saved()
        page.get_by_role("button", name="Run", exact=True).click()
        page.wait_for_function("() => document.querySelector('.outcome.running, .outcome.queued') || /cancel/i.test(document.querySelector('.button.primary')?.textContent)", timeout=20000)
        page.wait_for_selector(".outcome.done", timeout=120000)
        image = w.api(f"{base}/blobs")["body"]["images"][0]
        states = w.api(f"{base}/blobs/{image['id']}/states")
        if states["status"] == 200 and len(states["body"]["states"]) >= 2:
            page.wait_for_selector(".runs a", timeout=10000)
            page.get_by_text("changed").last.wait_for()
            check(all(word in page.locator(".runs").inner_text() for word in ("added", "lost", "changed")), "two runs are compared by numbers", page.locator(".runs").inner_text())
            page.get_by_role("button", name="All images").click()
            page.wait_for_selector(".run-table [role=status]")
            w.wait_until("the last run is compared over all images", lambda: "before" in page.locator(".run-table").inner_text() and "changed" in page.locator(".run-table").inner_text())
            check(page.locator(".run-table").get_by_role("columnheader").all_inner_texts() == ["Image", "Before", "Now", "Added", "Lost", "Changed"],
                  "every column of numbers says what it counts", str(page.locator(".run-table").get_by_role("columnheader").all_inner_texts()))
            w.axe("runs of all images")
            page.get_by_role("button", name="Close").click()
            check(page.locator(".run-table").count() == 0, "and the list closes")
            page.get_by_role("link", name="Show both").click()
            page.wait_for_selector(".viewer .map[data-ready=true]", timeout=30000)
            w.wait_until("and opened beside each other in the viewer", lambda: "vs=s" in page.url)
        else:
            check(states["status"] == 200, "states of an image are listed", str(states))
        # 900 pixels wide, nothing sticks out.
        page.set_viewport_size({"width": 900, "height": 700})
        w.go(place + "/pipeline")
        page.wait_for_selector("img.preview-mask", timeout=30000)
        check(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth && document.querySelector('.preview .map').clientWidth > 300"), "the screen fits 900 pixels")
        # What a changed step can go back to.
        back = page.get_by_role("button", name="Back to defaults")
        check(back.count() == 1, "a changed step offers its defaults")
        back.click()
        check(back.count() == 0, "which is all, once it has them")
        as_it_was = method.input_value()
        method.select_option(label="Fixed level")
        check(back.count() == 1, "until it is changed again")
        method.select_option(as_it_was)
        check(back.count() == 0, "also when set back by hand")
        w.saved()
        w.report("pipeline")
    finish()


if __name__ == "__main__":
    main()
