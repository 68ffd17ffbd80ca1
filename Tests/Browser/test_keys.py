"""The sheet of keys: every key that the handbook of the screens names is in it, shown, and can be changed, with a warning where two would be one."""
import re
import tempfile

from drawing import project_with_frame
from harness import Watched, browser, check, finish, server

VIEWER = ["V", "Space", "R", "P", "L", "O", "U", "B", "E", "Alt", "W", "X", "J", "K", "[", "]", "Enter", "⌫", "Esc", "Del", "Ctrl Z", "Ctrl Shift Z", *"123456789", "/", "Tab", "G", "C", "D", "0", "+", "-", "?", "F", "H"]
GALLERY = ["Ctrl A", "Enter", "Letter", "←", "→", "↑", "↓", "Shift ←", "Shift →", *"123456789", "/", "C", "G", "+", "-", "Esc", "?"]


def sheet(page):
    """Title → key, as shown, and whether it can be changed."""
    page.keyboard.press("?")
    page.wait_for_selector(".sheet")
    return page.evaluate("() => Object.fromEntries([...document.querySelectorAll('.sheet dl > div')].map(d => [d.querySelector('dt').innerText, [[...d.querySelectorAll('kbd')].map(k => k.innerText).join(' '), !!d.querySelector('button')]]))")


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        page = w.page
        made = project_with_frame(w, folder, "Keys")
        if not made:
            return finish()
        project, base, image = made
        w.view(project, image)
        page.locator(".viewer .map").focus()
        for name, expected in (("viewer", VIEWER), ("gallery", GALLERY)):
            if name == "gallery":
                w.go(f"#/{project['user']}/{project['name']}/gallery")
                page.wait_for_selector(".sheet-area .cell")
            shown = sheet(page)
            keys = {k for k, _ in shown.values()}
            check(not [k for k in expected if k not in keys], f"{name}: the sheet shows every key", str([k for k in expected if k not in keys]))
            check(all(k for k, _ in shown.values()), f"{name}: every command has a key", str([t for t, (k, _) in shown.items() if not k]))
            fixed = {k for k, free in shown.values() if not free}
            check(fixed <= {"Arrows", "Shift Drag", "Alt", "Shift", "Letter", "Enter", "Esc", "Ctrl C", "Ctrl X", "Ctrl V"}, f"{name}: all but gestures can be changed", str(fixed))
            w.axe(f"{name}, sheet of keys")
            page.keyboard.press("Escape")
        # Each tool of the viewer shows its key in its tooltip.
        w.view(project, image)
        titles = page.locator(".rail button").evaluate_all("list => list.map(b => b.title)")
        check(titles and all(re.search(r"\(.+\)$", t) for t in titles), "every button of the rail names its key", str([t for t in titles if not re.search(r"\(.+\)$", t)]))
        # Another key, a refused one, and all back.
        page.keyboard.press("?")
        page.get_by_role("button", name="Key for Brush: B. Change").click()
        page.keyboard.press("w")
        check("already means" in page.locator(".sheet [role=alert]").inner_text(), "a key that is taken is refused with what it means")
        page.keyboard.press("q")
        page.get_by_role("button", name="Key for Brush: Q. Change").wait_for()
        page.keyboard.press("Escape")
        page.locator(".viewer .map").focus()
        page.keyboard.press("q")
        page.locator(".rail button[aria-pressed=true]", has_text="Q").wait_for()
        check(True, "the new key works and stands in the corner of its tool")
        page.reload()
        page.wait_for_selector(".viewer .map[data-ready=true]")
        page.locator(".viewer .map").focus()
        page.keyboard.press("?")
        check(page.get_by_role("button", name="Key for Brush: Q. Change").count() == 1, "and is kept")
        page.get_by_role("button", name="Reset all").click()
        check(page.get_by_role("button", name="Key for Brush: B. Change").count() == 1, "until all are reset")
        page.keyboard.press("Escape")

        # The gallery as EcoTaxa's users have it in their fingers.
        for n, key in (("Copepoda", 1), ("Chaetognatha", 2)):
            w.api(f"{base}/categories", "POST", {"name": n, "key": key})
        w.go(f"#/{project['user']}/{project['name']}/gallery")
        page.wait_for_selector(".sheet-area .cell")
        page.locator(".cell").nth(1).click()
        number = int(page.locator(".cell[aria-selected=true]").get_attribute("id")[1:])
        label = lambda: w.api(f"{base}/objects/{number}")["body"]["label"] or {}
        names = {k["id"]: k["name"] for k in w.api(f"{base}/categories")["body"]["categories"]}
        page.keyboard.type("haeto", delay=60)
        field = page.get_by_role("combobox", name="Search a class")
        check(field.input_value() == "haeto", "typed letters open the class search and are in it", field.input_value() if field.count() else "no search")
        page.keyboard.press("Enter")
        w.wait_until("Enter takes the class found", lambda: names.get(label().get("category")) == "Chaetognatha")
        w.api(f"{base}/labels", "POST", {"objects": [number], "category": label()["category"], "status": "predicted"})
        w.wait_until("a label is only predicted", lambda: label().get("status") == "predicted")
        page.locator(".sheet-area").focus()
        page.keyboard.press("Enter")
        w.wait_until("Enter validates what is selected", lambda: label().get("status") == "validated")
        check("/gallery" in page.url, "and stays in the gallery")
        page.keyboard.press("c")
        page.wait_for_selector(".viewer .map[data-ready=true]")
        check(f"sel={number}" in page.url, "C shows it in its frame")
        w.report("keys")
    finish()


if __name__ == "__main__":
    main()
