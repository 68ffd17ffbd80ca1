"""Messages at the foot: above every bar, gone by themselves, but not while somebody points at them or has the focus there; gone at once by button or key."""
import tempfile

from drawing import objects, project_with_frame
from harness import Watched, browser, check, finish, server


def apart(page, a, b):
    return page.evaluate("""([a, b]) => { const [p, q] = [a, b].map(s => document.querySelector(s)?.getBoundingClientRect()); if (!p || !q) return null
        return p.right <= q.left || q.right <= p.left || p.bottom <= q.top || q.bottom <= p.top }""", [a, b])


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        page = w.page
        made = project_with_frame(w, folder, "Notices")
        if not made:
            return finish()
        project, base, image = made
        first = objects(w, base, image)[0]
        w.api(f"{base}/categories", "POST", {"name": "Copepoda", "key": 1})
        w.api(f"{base}/categories", "POST", {"name": "Detritus", "key": 2})
        for width, height in ((1400, 860), (900, 700)):
            page.set_viewport_size({"width": width, "height": height})
            w.view(project, image, selection=first["id"])
            page.wait_for_function("() => /1 selected/.test(document.querySelector('footer.status').innerText)")
            page.locator(".viewer .map").focus()
            page.keyboard.press("1" if width == 1400 else "2")
            page.wait_for_selector(".notice")
            page.keyboard.press("b")
            page.wait_for_selector(".stage-action")
            page.wait_for_timeout(300)
            for bar in (".stage-action", "footer.status", "header.top", ".rail"):
                check(apart(page, ".notice", bar) is True, f"{width}: the message does not cover {bar}")
            page.keyboard.press("Shift+Escape")
            check(page.locator(".notice").count() == 0, f"{width}: a key dismisses it")
            page.keyboard.press("Escape")
        page.set_viewport_size({"width": 1400, "height": 860})
        page.wait_for_timeout(200)
        page.locator(".viewer .map").focus()
        page.keyboard.press("1")
        page.wait_for_selector(".notice")
        w.axe("a message")
        page.locator(".notice").hover()
        page.wait_for_timeout(10500)
        check(page.locator(".notice").count() == 1, "pointed at, it stays longer than it would")
        page.mouse.move(300, 300)
        page.wait_for_timeout(3000)
        check(page.locator(".notice").count() == 0, "and goes once nobody points at it")
        page.locator(".viewer .map").focus()
        page.keyboard.press("2")
        page.locator(".notice").get_by_role("button", name="Undo").focus()
        page.wait_for_timeout(10500)
        check(page.locator(".notice").count() == 1, "with the focus in it, it stays too")
        page.keyboard.press("Enter")
        label = lambda: (w.api(f"{base}/objects/{first['id']}")["body"]["label"] or {}).get("category")
        names = {k["id"]: k["name"] for k in w.api(f"{base}/categories")["body"]["categories"]}
        w.wait_until("its action works by keyboard", lambda: names.get(label()) == "Copepoda")
        # What was undone is said too.
        page.locator(".viewer .map").focus()
        page.keyboard.press("Shift+Escape")
        w.wait_until("a key dismisses what is left", lambda: page.locator(".notice").count() == 0)
        page.keyboard.press("2")
        page.wait_for_selector(".notice")
        page.get_by_role("button", name="Dismiss").click()
        check(page.locator(".notice").count() == 0, "a button dismisses it")
        # Above the foot of the preview too.
        w.go(f"#/{project['user']}/{project['name']}/pipeline")
        page.wait_for_selector(".preview footer")
        page.get_by_label("Take a preset").select_option(index=1)
        page.wait_for_selector(".notice")
        page.wait_for_timeout(300)
        check(apart(page, ".notice", ".preview footer") is True, "it does not cover the foot of the preview")
        w.report("notices")
    finish()


if __name__ == "__main__":
    main()
