"""The gallery: contact sheets, filters, sorting, likeness, selection by pointer and keys, the way into the frame and back, its states."""
import re

from harness import Watched, browser, check, finish, processed, server

SELECTED = "() => [...document.querySelectorAll('.cell[aria-selected=true]')].map(c => Number(c.id.slice(1)))"
SHOWN = "() => [...document.querySelectorAll('.cell')].map(c => Number(c.id.slice(1)))"


def ready(w):
    w.page.wait_for_selector(".sheet-area[data-ready=true] .cell", timeout=20000)
    w.page.wait_for_timeout(200)


def picture(w, object_id):
    """Whether a cell shows more than one colour."""
    return w.page.evaluate("""async id => { const cell = document.getElementById('o' + id), url = /url\\("(.*)"\\)/.exec(cell.style.backgroundImage)?.[1]
        if (!url) return false
        const image = new Image(); image.src = url; await image.decode()
        const [x, y] = cell.style.backgroundPosition.split(' ').map(parseFloat), width = parseFloat(cell.style.backgroundSize), k = image.naturalWidth / width, size = cell.offsetWidth
        const canvas = document.createElement('canvas'); canvas.width = canvas.height = 24
        const c = canvas.getContext('2d'); c.drawImage(image, -x * k, -y * k, size * k, size * k, 0, 0, 24, 24)
        const d = c.getImageData(0, 0, 24, 24).data, values = []
        for (let i = 0; i < d.length; i += 4) values.push(d[i]); return Math.max(...values) - Math.min(...values) > 30 }""", object_id)


def main():
    with server() as s, browser() as chromium:
        w = Watched(chromium, s)
        page = w.page
        w.open()
        created = w.api("/api/projects", "POST", {"title": "Nothing"})["body"]
        w.go(f"#/local/{created['name']}/gallery")
        page.wait_for_selector(".empty")
        check(page.get_by_role("link", name="To the pipeline").is_visible(), "a project without objects says what to do next")
        w.axe("empty gallery")
        project = processed(s.root)
        if not project:
            return
        base = f"/api/projects/local/{project['name']}"
        table = w.api(f"{base}/objects/columns?names=area,x,y,width,height")["body"]
        ids, area = table["ids"], dict(zip(table["ids"], table["columns"]["area"]))
        check(len(ids) > 60, f"the project has objects ({len(ids)})")

        w.go(f"#/local/{project['name']}/images")
        page.wait_for_selector(".cards.images")
        page.keyboard.press("g")
        ready(w)
        check("/gallery" in page.url, "G leads to the gallery")
        shown = page.evaluate(SHOWN)
        check(shown == ids[:len(shown)] and len(shown) > 30, "the objects stand in the order they were made")
        check(all(picture(w, i) for i in shown[:12]), "each cell shows the picture of its object")
        sheets = [u for u in w.urls if "/atlas?" in u]
        check(1 <= len(sheets) <= 4 and not any("/vignette" in u for u in w.urls), f"pictures come as contact sheets ({len(sheets)})")
        w.axe("gallery, light")

        # Order and filters.
        page.get_by_label("Sort by").select_option("area")
        page.get_by_role("button", name="Smallest first").click()
        ready(w)
        by_area = sorted(ids, key=lambda i: (-area[i], i))
        check(page.evaluate(SHOWN)[:20] == by_area[:20], "the largest come first")
        page.get_by_label("Add a filter").select_option("area")
        limit = sorted(area.values())[len(ids) // 2]
        page.get_by_label("Area, px²: ", exact=False).first.fill(str(limit))
        page.keyboard.press("Enter")
        expected = [i for i in by_area if area[i] >= limit]
        w.wait_until("a limit leaves the larger half", lambda: f"{len(expected)} of {len(ids)} objects" in page.locator("footer.status").inner_text())
        first_image = table["images"][0]
        page.get_by_label("Image", exact=True).select_option(str(first_image))
        expected = [i for i in expected if table["images"][ids.index(i)] == first_image]
        w.wait_until("filters add up", lambda: f"{len(expected)} of {len(ids)} objects" in page.locator("footer.status").inner_text())
        ready(w)
        check(page.evaluate(SHOWN)[:10] == expected[:10], "and keep the order")
        page.wait_for_timeout(300)
        check("where=" in page.url and "sort=area" in page.url and "order=desc" in page.url, "the address holds filters and order")

        # Selection by pointer.
        cells = page.locator(".cell")
        cells.nth(2).click()
        check(page.evaluate(SELECTED) == [expected[2]], "a click selects")
        cells.nth(5).click(modifiers=["Shift"])
        check(page.evaluate(SELECTED) == expected[2:6], "Shift-click selects up to here")
        cells.nth(3).click(modifiers=["Control"])
        check(page.evaluate(SELECTED) == [expected[2], expected[4], expected[5]], "Ctrl-click takes one away")
        a, b = cells.nth(0).bounding_box(), cells.nth(1).bounding_box()
        page.mouse.move(a["x"] + 20, a["y"] + 20)
        page.mouse.down()
        page.mouse.move(b["x"] + 40, b["y"] + 40, steps=4)
        page.mouse.up()
        check(page.evaluate(SELECTED) == expected[:2], "a rectangle selects what it touches")

        # Keys.
        page.keyboard.press("Escape")
        check(page.evaluate(SELECTED) == [], "Escape selects nothing")
        page.keyboard.press("Control+a")
        check(f"{len(expected)} selected" in page.locator("footer.status").inner_text(), "Ctrl-A selects all that are shown")
        page.keyboard.press("Home")
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Shift+ArrowRight")
        check(page.evaluate(SELECTED) == expected[1:3], "arrows move, with Shift they select more")
        check(page.locator(".sheet-area").get_attribute("aria-activedescendant") == f"o{expected[2]}", "the list names the object that has the focus")
        page.wait_for_selector(".portrait")
        check(f"Object {expected[2]}" in page.locator(".gallery > .side").last.inner_text(), "the right side shows it")

        # Into the frame and back.
        page.keyboard.press("c")
        page.wait_for_selector(".viewer .map[data-ready=true]", timeout=60000)
        w.wait_until("C shows the object in its frame, selected with the others", lambda: set(re_ids(page.url)) == set(expected[1:3]))
        place = dict(zip(ids, zip(table["columns"]["x"], table["columns"]["y"], table["columns"]["width"], table["columns"]["height"])))[expected[2]]
        image = w.api(f"{base}/blobs/{first_image}")["body"]
        sx, sy = w.where(image, place[0] + place[2] / 2, place[1] + place[3] / 2)
        box = page.locator(".viewer .map").bounding_box()
        check(abs(sx - box["x"] - box["width"] / 2) < 40 and abs(sy - box["y"] - box["height"] / 2) < 40, "in the middle of the view")
        page.keyboard.press("g")
        ready(w)
        check(page.evaluate(SHOWN)[:10] == expected[:10] and page.evaluate(SELECTED) == expected[1:3], "G goes back to the same filters, order and selection")

        # Likeness.
        page.keyboard.press("Shift+S")
        w.wait_until("S puts the most alike first", lambda: page.evaluate(SHOWN)[:1] == [expected[2]])
        alike = [i for i in w.api(f"{base}/objects/columns?sort=similarity:{expected[2]}")["body"]["ids"] if i in set(expected)]
        check(page.evaluate(SHOWN)[:10] == alike[:10], "as the server measures likeness")
        page.keyboard.press("c")
        page.wait_for_selector(".viewer .map[data-ready=true]", timeout=60000)
        page.keyboard.press("g")
        ready(w)
        page.wait_for_timeout(1000)
        check(page.evaluate(SHOWN)[:10] == alike[:10] and f"similarity:{expected[2]}" in page.url, "it is the order also after a look into the frame", str(page.evaluate(SHOWN)[:10]))
        page.get_by_label("Only the selected").check()
        w.wait_until("only the selected are shown on demand", lambda: len(page.evaluate(SHOWN)) == 2)
        page.get_by_role("button", name="Show all").first.click()
        ready(w)

        # Any size, another theme, a narrow window.
        before = len(page.evaluate(SHOWN))
        for _ in range(3):
            page.keyboard.press("-")
        ready(w)
        check(len(page.evaluate(SHOWN)) > before, "smaller pictures show more objects")
        page.keyboard.press("End")
        ready(w)
        check(page.evaluate("() => { const e = document.querySelector('.sheet-area'); return e.scrollTop + e.clientHeight >= e.scrollHeight - 40 }"), "End goes to the last object")
        check(picture(w, page.evaluate(SHOWN)[-1]), "whose picture is there")
        page.keyboard.press("Control+Shift+L")
        ready(w)
        w.axe("gallery, dark")
        page.set_viewport_size({"width": 900, "height": 700})
        page.wait_for_timeout(300)
        check(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth && document.querySelector('.sheet-area').clientWidth >= 300"), "900 pixels are wide enough")
        w.axe("gallery, narrow")

        # Labels.
        known = w.api(f"{base}/categories", "POST", {"name": "Copepoda"})["body"]["id"]
        w.api(f"{base}/labels", "POST", {"objects": by_area[:4], "category": known, "status": "predicted"})
        page.get_by_label("Class", exact=True).select_option(str(known))
        w.wait_until("a class is a filter", lambda: sorted(page.evaluate(SHOWN)) == sorted(by_area[:4]))
        check(page.locator(".cell .tag-class.predicted").count() == 4, "labelled objects show their class")
        page.locator(".sheet-area").focus()
        page.keyboard.press("Control+a")
        page.keyboard.press("Enter")
        w.wait_until("Enter validates the selected", lambda: page.locator(".cell .tag-class.validated").count() == 4)
        page.get_by_role("button", name="Show all").first.click()
        ready(w)

        # A deleted object leaves the sheet by itself; a sheet that cannot be loaded says so and comes back.
        gone = page.evaluate(SHOWN)[-1]
        w.api(f"{base}/edits", "POST", {"operation": "delete", "image": table["images"][ids.index(gone)], "objects": [gone]})
        w.wait_until("an object deleted elsewhere disappears", lambda: gone not in page.evaluate(SHOWN))
        w.expected.append("atlas")
        page.route("**/objects/atlas?*", lambda r: r.abort())
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.keyboard.press("+")
        page.wait_for_selector(".sheet-frame .problem")
        w.axe("gallery that could not load its pictures")
        page.unroute("**/objects/atlas?*")
        page.get_by_role("button", name="Try again").click()
        ready(w)
        check(picture(w, page.evaluate(SHOWN)[-1]), "a second try loads the pictures")
        w.console = [line for line in w.console if "ERR_FAILED" not in line]
        w.report("gallery")
    finish()


def re_ids(url):

    found = re.search(r"sel=([\d,]+)", url)
    return [int(i) for i in found[1].split(",")] if found else []


main()
