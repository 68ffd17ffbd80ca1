"""Undo in the gallery takes the newest step, be it a label or an outline, and says what and where."""
import tempfile

from drawing import objects, pixels, project_with_frame, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Order", run=False)
        if not made:
            return finish()
        project, base, image = made
        page, keys = w.page, w.page.keyboard
        w.api(base + "/categories", "POST", {"name": "Copepoda", "key": 1})
        w.view(project, image, 450, 350, image["levels"] - 1)
        w.saved()
        _, at = screen(w, image)
        keys.press("r")
        stroke(page, [at(300, 300), at(400, 380)])
        w.saved()
        page.wait_for_selector(".object-head")
        one = objects(w, base, image)[0]["id"]
        whole = pixels(w, base, one)
        keys.press("1")
        label = lambda: w.api(f"{base}/objects/{one}")["body"]["label"]
        w.wait_until("the object is labelled", lambda: label() is not None)
        keys.press("e")
        stroke(page, [at(340, 340), at(370, 340)])
        w.wait_until("and a piece erased", lambda: pixels(w, base, one) < whole)
        w.saved()
        erased = pixels(w, base, one)

        def gallery():
            page.locator(".viewer .map").focus()
            keys.press("g")
            page.locator(".sheet-area .cell").first.wait_for(timeout=15000)
            page.locator(".sheet-area").focus()
        gallery()
        button = page.get_by_role("button", name=f"Undo: outline in {image['name']}")
        check(button.count() == 1, "the button names the newest step, an outline, and its image", page.locator(".sheet-tools").inner_text())
        keys.press("Control+z")
        w.wait_until("undo takes back the newest, which is the outline", lambda: pixels(w, base, one) == whole)
        said = page.locator(".notice", has_text="Undone in")
        said.wait_for(timeout=5000)
        check(image["name"] in said.inner_text() and said.get_by_role("button", name="Show").count() == 1, "and says what and where", said.inner_text())
        check(label() is not None, "the label stays")
        keys.press("Control+z")
        w.wait_until("then the label", lambda: label() is None)
        keys.press("Control+Shift+z")
        w.wait_until("redo brings the label first", lambda: label() is not None and pixels(w, base, one) == whole)
        page.wait_for_timeout(300)
        keys.press("Control+Shift+z")
        w.wait_until("and the outline after it", lambda: pixels(w, base, one) == erased)

        # An outline of an earlier visit is not taken back unasked.
        page.reload()
        page.locator(".sheet-area .cell").first.wait_for(timeout=15000)
        page.locator(".sheet-area").focus()
        keys.press("Control+z")
        said = page.locator(".notice", has_text="before this page was opened")
        said.wait_for(timeout=5000)
        check(pixels(w, base, one) == erased and label() is not None and image["name"] in said.inner_text(), "an outline of an earlier visit is named, and nothing undone", said.inner_text())
        said.get_by_role("button", name="Undo it").click()
        w.wait_until("until one says so", lambda: pixels(w, base, one) == whole)
        check(label() is not None, "the label stays again")
        w.report("order of undo")
    finish()


if __name__ == "__main__":
    main()
