"""A project on a medium that cannot be written: every screen shows what is there, says calmly what cannot be done, and asks the server for no change."""
import os
import shutil
import stat
from pathlib import Path

from harness import Server, Watched, browser, check, finish, processed, skip
import tempfile

# What is asked by POST and changes nothing.
HARMLESS = ("/exports/check", "/preview", "/find", "/api/session", "/objects/hit")
EDITING = ["r", "p", "b", "e", "w", "o", "l", "u", "k", "x", "j", "s", "Shift+X", "Shift+F", "Shift+P", "Delete", "Backspace", "a", "1", "2", "Enter", "Alt+d", "Alt+0", "Control+z", "Control+Shift+Z", "Shift+K"]


def medium(folder, project):
    """A `ship` for which the project's folder is on a read-only medium; None where neither permissions nor a mount can make one."""
    program = Path(folder) / "ship-read-only"
    if os.geteuid() != 0:
        for path in [project, *project.rglob("*")]:
            path.chmod(path.stat().st_mode & ~(stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH))
        return os.environ["SHIP"]
    # Permissions do not bind this user, so the folder is mounted read-only, for the server alone.
    if not shutil.which("unshare") or os.system(f"unshare -m mount --bind '{project}' '{project}' 2>/dev/null") != 0:
        return None
    program.write_text(f"#!/bin/sh\nexec unshare -m sh -c 'mount --bind \"{project}\" \"{project}\" && mount -o remount,ro,bind \"{project}\" && exec \"$0\" \"$@\"' '{os.environ['SHIP']}' \"$@\"\n")
    program.chmod(0o755)
    return str(program)


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already has no read-only medium")
        return finish()
    with browser() as chromium, tempfile.TemporaryDirectory(prefix="ship-browser-") as folder:
        root = Path(folder) / "root"
        project = processed(root, "kept", frames=2, size="1200x900", options=["--pyramids"])
        if not project:
            return finish()
        program = medium(folder, root / "local" / "kept")
        if not program:
            skip("this user can neither take away permissions nor mount, so no medium is read-only")
            return finish()
        real, os.environ["SHIP"] = os.environ["SHIP"], program
        s = Server(root).start()
        os.environ["SHIP"] = real
        try:
            walk(chromium, s, project)
        finally:
            s.stop()
            os.system(f"chmod -R u+w '{root}'")
    finish()


def walk(chromium, s, project):
    w = Watched(chromium, s)
    page = w.page
    changes = []
    page.on("request", lambda r: changes.append(f"{r.method} {r.url}") if r.method != "GET" and not any(h in r.url for h in HARMLESS) else None)
    w.open()
    base, place = "/api/projects/local/kept", "#/local/kept"
    # A class with a key, as it would be after work elsewhere.
    page.route("**/kept/categories", lambda r: r.fulfill(json={"categories": [{"id": 1, "parent": None, "name": "Copepoda", "color": "#E69F00", "key": 1, "taxon": None, "count": 0}], "unlabelled": 5, "revision": 1}) if r.request.method == "GET" else r.continue_())
    if not check(w.api(base)["body"]["readOnly"] is True, "the server says that the project can only be read"):
        return
    image = w.api(f"{base}/blobs")["body"]["images"][0]
    page.wait_for_selector(".card.project")
    tools = page.locator(".card.project .card-tools button:not(:disabled)")
    check("read-only" in page.locator(".card.project").inner_text().lower() and tools.count() == 0, "projects: its card says so and offers neither a new name nor the trash", f"{page.locator('.card.project').inner_text()!r}, {tools.count()} tools")

    waits = {"images": ".card.image", "pipeline": ".node", "gallery": ".sheet-area .cell", "plots": ".plot-area canvas", "jobs": ".page", "export": ".figures"}
    for screen, wait in waits.items():
        w.go(f"{place}/{screen}")
        page.wait_for_selector(wait)
        page.wait_for_timeout(700)
        check("can only be read" in page.locator(".state-note.info").inner_text(), f"{screen}: it says what cannot be done, and what to do instead")
        check(page.locator("button.primary:not(:disabled)").count() == 0, f"{screen}: nothing that changes is offered as the next step")
        press_all(w, screen, changes)
        check("Saved" not in page.locator("footer.status").inner_text(), f"{screen}: nothing is said to be saved")
        if screen == "gallery":
            page.locator(".sheet-area .cell").first.click()
            page.locator(".sheet-area").focus()
            for key in ("1", "Enter", "Alt+d", "Alt+0", "Alt+z", "Control+z"):
                page.keyboard.press(key)
                page.wait_for_timeout(100)
            check("Read-only" in page.locator(".notices").inner_text(), "gallery: the keys of classes say why they do nothing", page.locator(".notices").inner_text())
            check(not changes, "gallery: and ask nothing of the server", "; ".join(changes[:3]))
        w.axe(f"{screen}, read-only")

    w.go(f"{place}/images")
    page.wait_for_selector(".card.image")
    page.get_by_role("radio", name="Table").click()
    page.wait_for_selector("[role=grid], .grid")
    page.wait_for_timeout(400)
    check("Read-only" in page.locator("main").inner_text() or "only be read" in page.locator("main").inner_text(), "metadata: the table says so")
    for sheet in ("Images", "Samples", "Acquisitions", "Processes", "Objects"):
        page.get_by_role("radio", name=sheet, exact=True).last.click()
        page.wait_for_timeout(300)
        cell = page.locator(".grid .td").first
        if cell.count():
            cell.dblclick()
            page.keyboard.type("new")
            page.keyboard.press("Enter")
            page.keyboard.press("Control+d")
            page.keyboard.press("Delete")
        check(page.locator(".grid input:not([type=checkbox])").count() == 0, f"metadata, {sheet}: no cell opens for a value")
    check(not changes, "metadata: nothing was asked of the server", "; ".join(changes[:3]))

    largest = max(w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=500")["body"]["objects"], key=lambda o: o["area"])
    w.view(project, image, selection=largest["id"])
    page.wait_for_selector(".object-head")
    check("Read-only" in page.locator("footer.status").inner_text() and "Saved" not in page.locator("footer.status").inner_text(), "viewer: the foot says that changes are off, and not that something is saved")
    enabled = page.locator(".rail button:not(:disabled)").evaluate_all("list => list.map(b => b.getAttribute('aria-label'))")
    drawing = [b for b in enabled if any(word in b.lower() for word in ("draw", "brush", "eras", "wand", "points to", "skeleton", "cut", "split", "merge", "separate", "fill", "smooth", "delete", "restrict", "outline:"))]
    check(not drawing, "viewer: no drawing tool can be taken", str(drawing))
    box = page.locator(".viewer .map").bounding_box()
    before = w.api(f"{base}/objects?blob={image['id']}&limit=1")["body"]["total"]
    said = 0
    for key in EDITING:
        page.locator(".viewer .map").focus()
        page.keyboard.press(key)
        for dx, dy in ((-40, -40), (40, -30), (0, 50)):
            page.mouse.click(box["x"] + box["width"] / 2 + dx, box["y"] + box["height"] / 2 + dy)
        page.keyboard.press("Enter")
        said += "Read-only" in (page.locator(".status .hint").inner_text() if page.locator(".status .hint").count() else "")
        page.keyboard.press("Escape")
        page.locator(".viewer .map").focus()
    check(said >= 10, f"viewer: the keys of the tools say why they do nothing ({said} times)")
    check(not changes, "viewer: no key and no click asks for a change", "; ".join(sorted(set(changes))[:5]))
    check(w.api(f"{base}/objects?blob={image['id']}&limit=1")["body"]["total"] == before, "viewer: the objects are as they were")
    check(page.locator(".area-bar").count() == 0, "viewer: the area is shown, not offered for change")
    press_all(w, "viewer", changes)
    w.axe("viewer, read-only")
    # What needs no writing works: looking closely, display, compare, ruler.
    page.keyboard.press("Escape")
    page.locator(".viewer .map").focus()
    page.keyboard.press("n")
    page.keyboard.press("m")
    page.mouse.click(box["x"] + 300, box["y"] + 300)
    page.mouse.click(box["x"] + 420, box["y"] + 300)
    check(page.locator(".ruler-text").count() == 1, "viewer: lengths can be measured")
    w.report("read-only")


def press_all(w, screen, changes):
    """Every button of the screen that can be pressed is pressed, and none changes anything."""
    page, here = w.page, w.page.url
    labels = page.locator("main button:not(:disabled), header.top button:not(:disabled)").evaluate_all("list => list.map(b => b.getAttribute('aria-label') || b.innerText.trim())")
    for label in dict.fromkeys(labels):
        if not label or label.startswith(("Light colours", "Dark colours", "Keys and help", "Show in frame", "In the gallery", "Image after", "Image before")):
            continue
        button = page.locator("main button:not(:disabled), header.top button:not(:disabled)").filter(visible=True)
        found = next((button.nth(i) for i in range(button.count()) if (button.nth(i).get_attribute("aria-label") or button.nth(i).inner_text().strip()) == label), None)
        if found:
            found.click(timeout=3000)
    page.wait_for_timeout(200)
    check(not changes, f"{screen}: none of its {len(labels)} buttons asks for a change", "; ".join(sorted(set(changes))[:5]))
    changes.clear()
    if page.url != here:
        page.goto(here)


if __name__ == "__main__":
    main()
