"""Composing the pipeline: add, join, rename, reorder and remove steps, undo, problems at the step, presets; what becomes of edits when it runs."""
import tempfile
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        frames = Path(folder) / "frames"
        frames.mkdir()
        if not draw_frames(frames, 2, "800x600"):
            return finish()
        w = Watched(chromium, s).open()
        page = w.page
        project = w.api("/api/projects", "POST", {"title": "Compose"})["body"]
        base, place = f"/api/projects/{project['user']}/{project['name']}", f"#/{project['user']}/{project['name']}"
        graph = lambda: w.api(f"{base}/graph")["body"]
        names = lambda: [n["name"] for n in graph()["nodes"]]
        joined = lambda: {(e["from"], e["to"]) for e in graph()["edges"]}
        w.go(place + "/images")
        page.wait_for_selector(".folder-input", state="attached")
        page.locator(".folder-input").set_input_files(str(frames))
        w.wait_until("the frames are listed", lambda: len(w.api(f"{base}/blobs")["body"]["images"]) == 2, 60)
        w.go(place + "/pipeline")
        overview = page.get_by_role("img", name="Overview: 9 steps")
        overview.wait_for()
        check(overview.locator("g").count() == 9 and overview.locator("path").count() > 8, "the overview draws every step and what joins them")

        # Add a step by search, by keyboard alone.
        page.get_by_role("button", name="Add a step").focus()
        page.keyboard.press("Enter")
        search = page.get_by_role("searchbox", name="Search steps")
        search.fill("filters")
        page.keyboard.press("Enter")
        w.wait_until("the new step is stored", lambda: "chain" in names())
        check(any(to == "chain.image" for _, to in joined()), "a new step is joined to the last output that fits")
        body = page.locator(".node.open .node-body")
        feeds = body.get_by_label("image", exact=True)
        offered = feeds.locator("option").all_inner_texts()
        check(any("Gray" in o for o in offered) and not any("mask" in o or "Filters" in o for o in offered), "only outputs that fit are offered, and none of what follows", str(offered))
        feeds.select_option(label="Images: image")
        w.wait_until("the choice is stored", lambda: ("images.image", "chain.image") in joined())
        w.axe("composing a pipeline")
        # Rename.
        body.get_by_label("Name", exact=True).fill("soften")
        page.keyboard.press("Tab")
        w.wait_until("the new name is stored, its edges too", lambda: ("images.image", "soften.image") in joined())
        body.get_by_label("Name", exact=True).fill("Not So")
        page.keyboard.press("Tab")
        page.get_by_text("cannot be the name").wait_for()
        check("soften" in names(), "a name that cannot be is refused with what it may be")
        # Reorder.
        before = page.locator(".node-title strong").all_inner_texts()
        body.get_by_role("button", name="Move up").click()
        w.wait_until("the order changes", lambda: page.locator(".node-title strong").all_inner_texts() != before)
        # Use it: a mistake is shown at its step, and undone.
        page.locator(".node-head", has_text="Threshold").click()
        body.get_by_label("gray", exact=True).select_option(index=0)
        body.get_by_text("is not connected").wait_for()
        check("threshold.gray (gray)" in body.get_by_role("alert").inner_text() and page.locator(".graph g.bad").count() == 1, "what is wrong stands at the step and in the overview")
        check(("vignetting.image", "threshold.gray") in joined(), "a pipeline that cannot run is not stored")
        page.get_by_role("button", name="Undo", exact=True).first.click()
        w.wait_until("undo joins it again", lambda: page.locator(".graph g.bad").count() == 0)
        # Several tables into one input.
        page.locator(".node-head", has_text="EcoTaxa").click()
        tables = body.get_by_role("group", name="measurements")
        tables.get_by_label("Shape: measurements").uncheck()
        w.wait_until("one table fewer goes in", lambda: ("shape.measurements", "ecotaxa.measurements") not in joined())
        tables.get_by_label("Shape: measurements").check()
        w.wait_until("and in again", lambda: ("shape.measurements", "ecotaxa.measurements") in joined())
        # Remove, undo, redo by keys.
        page.locator(".node-head", has_text="Filters").click()
        body.get_by_role("button", name="Remove Filters").click()
        w.wait_until("the step is gone", lambda: "soften" not in names())
        page.locator("h1").click()
        page.keyboard.press("Control+z")
        w.wait_until("undo brings it back", lambda: "soften" in names())
        page.keyboard.press("Control+Shift+z")
        w.wait_until("redo takes it away", lambda: "soften" not in names())
        # Presets.
        page.get_by_label("Take a preset").select_option(label="Faded background, contours")
        w.wait_until("the preset is stored", lambda: "contour" in names())
        check(page.locator(".node.open").count() <= 1 and page.get_by_role("img", name="Overview: 10 steps").count() == 1, "a preset replaces the pipeline")
        page.get_by_label("Take a preset").select_option(label="Bright field")
        w.wait_until("and another", lambda: "contour" not in names())

        # A project can begin with one.
        w.go("#/")
        page.get_by_role("button", name="New project").first.click()
        page.get_by_label("Title of the new project").fill("Floes")
        page.get_by_label("Begin with").select_option(label="Remote sensing")
        page.get_by_role("button", name="Create", exact=True).click()
        w.wait_until("a project begins with a preset", lambda: any(n["config"].get("polarity") == "bright" for n in w.api("/api/projects/local/floes/graph")["body"].get("nodes", [])))
        w.go(place + "/pipeline")

        # What becomes of edits.
        page.get_by_role("button", name="Run", exact=True).click()
        w.wait_until("the run is done", lambda: [j["state"] for j in w.api(f"{base}/jobs")["body"]["jobs"] if j["type"] == "run"][:1] == ["done"], 60)
        image = w.api(f"{base}/blobs")["body"]["images"][0]["id"]
        box = [[[5, 5], [25, 5], [25, 25], [5, 25], [5, 5]]]
        w.api(f"{base}/edits", "POST", {"operation": "draw", "image": image, "annotations": {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": box}}]}})
        page.locator(".node-head", has_text="Objects").click()
        body.get_by_label("Smallest diameter", exact=True).fill("25")
        page.keyboard.press("Tab")
        page.get_by_role("button", name="Run", exact=True).click()
        dialog = page.get_by_role("dialog", name="What becomes of your edits?")
        dialog.wait_for()
        check("1 edited, 0 taken away" in dialog.inner_text() and "an image on which you edited 1" in dialog.inner_text(), "a run asks what becomes of edits, with counts by image", dialog.inner_text())
        w.axe("the question about edits")
        runs = lambda: [j for j in w.api(f"{base}/jobs")["body"]["jobs"] if j["type"] == "run"]
        dialog.get_by_role("button", name="Cancel").click()
        check(dialog.count() == 0 and len(runs()) == 1, "cancel leaves all as it is")
        page.get_by_role("button", name="Run", exact=True).click()
        dialog.get_by_role("button", name="Keep them").click()
        w.wait_until("the run that keeps them is done", lambda: len(runs()) == 2 and runs()[0]["state"] == "done", 60)
        objects = w.api(f"{base}/objects?blob={image}&limit=500")["body"]["objects"]
        check(any(o.get("edited") for o in objects), "what was drawn is still there")
        # A pipeline that cannot run and a run that asks are answers that the page expects.
        w.bad = [b for b in w.bad if not b.endswith(("/graph", "/jobs", "/preview"))]
        w.console = [c for c in w.console if " 422 " not in c and " 409 " not in c]
        w.report("composing the pipeline")
    return finish()


if __name__ == "__main__":
    raise SystemExit(main())
