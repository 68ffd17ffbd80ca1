"""Classes: make them, label the selection by key, by click and by search, validate, delete and undo; in the viewer and in the gallery."""
import tempfile

from drawing import project_with_frame
from harness import Watched, browser, check, finish, server


def colours(page, color, opacity=255):
    """Pixels of the overlay's tiles that have a colour, at this opacity or more."""
    return page.evaluate("""([color, opacity]) => { const want = [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16)); let n = 0
        for (const c of document.querySelectorAll('.leaflet-overlays-pane canvas.leaflet-tile')) { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data
            for (let i = 0; i < d.length; i += 4) if (d[i + 3] >= opacity - 2 && want.every((v, k) => Math.abs(d[i + k] - v) < 3)) n++ }
        return n }""", [color, opacity])


def run(w, page, project, base, image):
    api = lambda path, *a: w.api(base + path, *a)
    ids = [o["id"] for o in api(f"/objects?blob={image['id']}&sort=area&order=desc&limit=6")["body"]["objects"]]
    label = lambda i: api(f"/objects/{ids[i]}")["body"]["label"]
    names = lambda: {k["id"]: k["name"] for k in api("/categories")["body"]["categories"]}

    w.view(project, image, selection=ids[0])
    section = page.locator("section.section", has=page.get_by_role("heading", name="Classes"))
    section.wait_for()
    check("No classes yet" in section.inner_text(), "without classes the section says what to do")
    for name in ["Copepoda", "detritus"]:
        page.get_by_label("New class").fill(name)
        page.keyboard.press("Enter")
        section.get_by_role("button", name=name).first.wait_for()
    w.axe("viewer with classes")
    # A name that is refused is told at its field, where it stays.
    w.expected.append("/categories")
    page.get_by_label("New class").fill("Detritus <b>")
    page.keyboard.press("Enter")
    said = section.locator("[role=alert]")
    said.wait_for()
    check(len(said.inner_text()) > 10 and page.get_by_label("New class").input_value() == "Detritus <b>" and page.locator(".notice.error").count() == 0,
        "a refused name of a new class is told at the field, and stays in it", said.inner_text())
    w.axe("a refused name")
    page.get_by_label("New class").fill("")
    check(said.count() == 0, "until it is changed")
    section.get_by_role("button", name="Change detritus").click()
    name = section.get_by_label("Name of the class")
    name.fill("Copepoda")
    page.keyboard.press("Enter")
    said.wait_for()
    check(name.input_value() == "Copepoda" and page.locator(".notice.error").count() == 0, "so is one that another class has", said.inner_text())
    name.fill("dead")
    page.keyboard.press("Enter")
    section.get_by_role("button", name="dead").first.wait_for()
    check(said.count() == 0 and name.count() == 0, "mended, it is stored")
    section.get_by_role("button", name="Change dead").click()
    name.fill("detritus")
    page.keyboard.press("Enter")
    section.get_by_role("button", name="detritus").first.wait_for()
    w.expected.remove("/categories")
    w.console = [c for c in w.console if "status of 4" not in c]

    # Give a key, by hand; then the key labels.
    section.get_by_role("button", name="Change Copepoda").click()
    page.get_by_role("radio", name="#D55E00").click()
    section.get_by_label("Key", exact=True).select_option("1")
    section.get_by_label("Name of the class").fill("Copepods")
    page.keyboard.press("Enter")
    w.wait_until("a class has another name, colour and key", lambda: any((k["name"], k["color"], k["key"]) == ("Copepods", "#D55E00", 1) for k in api("/categories")["body"]["categories"]))
    w.axe("a class being changed")
    page.locator(".viewer .map").focus()
    page.keyboard.press("1")
    w.wait_until("key 1 labels the selection", lambda: (label(0) or {}).get("status") == "validated" and names()[label(0)["category"]] == "Copepods")
    page.locator(".label-state", has_text="validated").wait_for()
    page.get_by_role("button", name="Dubious").click()
    w.wait_until("a label is marked dubious", lambda: label(0)["status"] == "dubious")
    page.locator(".viewer .map").focus()
    page.keyboard.press("Enter")
    w.wait_until("Enter validates", lambda: label(0)["status"] == "validated")
    page.keyboard.press("Alt+z")
    w.wait_until("the last labelling is undone", lambda: label(0)["status"] == "dubious")

    # The colour of the class is seen on the image: the edge of the object has it, others have the blue of all.
    page.keyboard.press("Escape")
    w.settle()
    w.wait_until("the outline has the colour of the class", lambda: colours(page, "#D55E00") > 40)
    check(colours(page, "#0072B2") > 40, "and objects without a class the blue of all")
    page.get_by_label("Colours of classes").uncheck()
    w.wait_until("without colours of classes all are blue", lambda: colours(page, "#D55E00") == 0)
    page.get_by_label("Colours of classes").check()
    page.get_by_role("radio", name="Fill", exact=True).click()
    w.wait_until("a filled object has it too", lambda: colours(page, "#D55E00", 153) > 400)
    page.keyboard.press("f")
    page.keyboard.press("f")
    w.view(project, image, selection=ids[0])

    # Search as one types, and a class that is not there yet.
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Search a class").fill("detr")
    check(page.get_by_role("option").count() == 2, "the search lists what fits, and a new class", str(page.get_by_role("option").count()))
    w.axe("search of a class")
    page.keyboard.press("Enter")
    w.wait_until("the search labels", lambda: names()[label(0)["category"]] == "detritus")
    page.locator(".viewer .map").focus()
    page.keyboard.press("/")
    page.keyboard.type("Chaetognatha")
    page.keyboard.press("Enter")
    w.wait_until("the search makes a class and labels with it", lambda: names()[label(0)["category"]] == "Chaetognatha")

    # Deleted without a question, and back.
    section.get_by_role("button", name="Change Chaetognatha").click()
    section.get_by_role("button", name="Delete Chaetognatha").click()
    w.wait_until("a deleted class takes its labels along", lambda: label(0) is None and "Chaetognatha" not in names().values())
    page.locator(".notice", has_text="Deleted the class").get_by_role("button", name="Undo").click()
    w.wait_until("undo brings class and labels back", lambda: label(0) and names()[label(0)["category"]] == "Chaetognatha")

    # One undo for labels and edits, in the order in which they were made.
    w.view(project, image, selection=ids[1])
    page.locator(".viewer .map").focus()
    page.keyboard.press("1")
    w.wait_until("another object is labelled", lambda: label(1) is not None)
    w.saved()
    page.keyboard.press("b")
    check(f"Adds to object {ids[1]} when near it, else a new object" in page.locator(".stage-action").inner_text(), "the brush says what a stroke becomes")
    page.keyboard.press("v")
    page.keyboard.press("Delete")
    there = lambda: api(f"/objects/{ids[1]}")["body"].get("active", True)
    w.wait_until("the object is deleted", lambda: there() is False)
    w.saved()
    check("more in other images" not in page.locator("footer.status").inner_text(), "and not selected any more")
    page.keyboard.press("Control+z")
    w.wait_until("undo brings the object back first, with its label", lambda: there() is not False and label(1) is not None)
    w.saved()
    page.keyboard.press("Control+z")
    w.wait_until("then it takes the label", lambda: label(1) is None)
    page.keyboard.press("Control+Shift+z")
    w.wait_until("redo brings the label again", lambda: label(1) is not None)
    w.saved()
    page.keyboard.press("Control+Shift+z")
    w.wait_until("and deletes again", lambda: there() is False)
    page.keyboard.press("Control+z")
    w.wait_until("and undo brings it back", lambda: there() is not False)

    # Classes without EcoTaxa's number are findings of the export; each is read to its end at any width.
    for width in (1400, 900):
        page.set_viewport_size({"width": width, "height": 860})
        w.go(f"#/{project['user']}/{project['name']}/export")
        page.wait_for_selector(".findings tbody tr")
        clipped = page.evaluate("() => { const box = document.querySelector('[aria-label=Findings]'); return [...document.querySelectorAll('.findings td')].filter(c => c.scrollWidth > c.clientWidth + 1 || c.getBoundingClientRect().right > box.getBoundingClientRect().right + 1).length + (box.scrollWidth > box.clientWidth + 1 ? 1 : 0) }")
        check(clipped == 0, f"findings of an export are not cut off, {width} pixels wide", str(clipped))
    page.set_viewport_size({"width": 1400, "height": 860})


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s, color_scheme="light").open()
        made = project_with_frame(w, folder, "Classes")
        if not made:
            return finish()
        run(w, w.page, *made)
        w.report("classes in the viewer")
        project, base, _ = made
        dark = Watched(chromium, s, color_scheme="dark")
        dark.context.add_cookies(w.context.cookies())
        page = dark.page
        page.goto(f"{s.origin}/#/{project['user']}/{project['name']}/gallery")
        page.locator(".sheet-area .cell").nth(1).wait_for(timeout=20000)
        page.locator(".sheet-area .cell").nth(1).click()
        page.get_by_role("heading", name="Classes").wait_for()
        page.keyboard.press("1")
        page.locator(".label-state", has_text="validated").wait_for(timeout=8000)
        check(True, "in the gallery a key labels what is selected")
        page.wait_for_function("() => document.querySelector('footer .saved').textContent.trim() === 'Saved'", timeout=5000)
        check(True, "and the foot says when it is saved")
        dark.axe("gallery with classes, dark")
        dark.report("classes in the gallery")
    finish()


if __name__ == "__main__":
    main()
