"""While the server does not answer: strokes apart are objects apart, and a click selects what lies under it or nothing, so that no key reaches another object."""
import tempfile

from drawing import objects, project_with_frame, screen, stroke
from harness import Watched, browser, check, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder:
        w = Watched(chromium, s).open()
        made = project_with_frame(w, folder, "Unanswered", run=False)
        if not made:
            return finish()
        apart(w, *made)
        check(not w.foreign, "no request went to another host")
    finish()


def cut_off(w, on=True):
    """No edit is answered."""
    w.expected.append(".")
    if on:
        w.page.route("**/api/**", lambda route: route.abort())
    else:
        w.page.unroute("**/api/**")


def waiting(w, n):
    w.page.wait_for_function(f"() => /Offline, {n} changes? waiting/.test(document.querySelector('.saved')?.textContent)", timeout=10000)


def apart(w, project, base, image):
    page, keys = w.page, w.page.keyboard
    w.view(project, image, 450, 350, image["levels"] - 1)
    w.saved()
    _, at = screen(w, image)
    cut_off(w)
    keys.press("r")
    stroke(page, [at(200, 200), at(240, 230)])
    waiting(w, 1)
    keys.press("b")
    check("when near it, else a new object" in page.locator(".stage-action").inner_text(), "the brush says what a stroke becomes")
    stroke(page, [at(220, 225), at(220, 260)])
    waiting(w, 2)
    stroke(page, [at(600, 500), at(640, 500)])
    waiting(w, 3)
    stroke(page, [at(640, 500), at(660, 520)])
    waiting(w, 4)
    cut_off(w, False)
    w.saved()
    found = sorted((o["box"] for o in objects(w, base, image)), key=lambda b: b["x"])
    check(len(found) == 2 and all(b["width"] < 90 and b["height"] < 90 for b in found), "strokes far apart, made while nothing answers, are objects apart", str(found))
    check(found[0]["height"] > 55 and found[-1]["height"] > 20, "and those near a waiting object are part of it", str(found))


if __name__ == "__main__":
    main()
