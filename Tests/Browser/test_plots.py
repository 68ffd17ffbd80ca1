"""Plots: histogram, scatter, size spectrum; a brush selects, and the gallery shows what was selected."""
import math

from harness import Watched, browser, check, finish, processed, server

COLOURS = "() => { const c = document.querySelector('.plot-area canvas'), d = new Uint32Array(c.getContext('2d').getImageData(0, 0, c.width, c.height).data.buffer); return new Set(d).size }"


SHARE = """([color, alpha]) => { const c = document.querySelector('.plot-area canvas'), want = [1, 3, 5].map(i => parseInt(color.slice(i, i + 2), 16)), d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0
    for (let i = 0; i < d.length; i += 4) if (d[i + 3] === alpha && want.every((v, k) => Math.abs(d[i + k] - v) < 2)) n++
    return n }"""


def selected(page):
    return int(page.locator("footer.status").inner_text().split("objects")[-1].split("selected")[0].strip().replace(",", ""))


def unsized(w):
    """Without a pixel size there are no sizes in µm: the reason stands there, not the plot before."""
    page = w.page

    def without(route):
        answer = route.fetch()
        table = answer.json()
        if "esd_um" in table.get("columns", {}):
            table["columns"]["esd_um"] = [None] * table["count"]
        route.fulfill(response=answer, json=table)
    page.route("**/objects/columns?**", without)
    w.go("#/local/plots/plots?kind=histogram")
    w.wait_until("the histogram is drawn", lambda: page.locator(".plot-area canvas").count() and page.evaluate(COLOURS) > 4)
    page.get_by_role("radio", name="Sizes").click()
    for when in ("after another plot", "after a reload"):
        said = page.locator(".plot-area .empty")
        said.wait_for(timeout=5000)
        check("without a pixel size" in said.inner_text() and page.locator(".plot-area canvas").count() == 0, f"without a pixel size the sizes say why there are none, {when}", said.inner_text())
        check(said.get_by_role("link", name="To the images").count() == 1, f"and where to set it, {when}")
        page.reload()
    page.locator(".plot-area .empty").wait_for()
    w.axe("no sizes")
    page.get_by_role("radio", name="Histogram").click()
    w.wait_until("and another plot is drawn again", lambda: page.locator(".plot-area canvas").count() and page.evaluate(COLOURS) > 4)
    page.unroute("**/objects/columns?**")


def main():
    with server() as s, browser() as chromium:
        w = Watched(chromium, s)
        page = w.page
        w.open()
        created = w.api("/api/projects", "POST", {"title": "Nothing"})["body"]
        w.go(f"#/local/{created['name']}/plots")
        page.wait_for_selector(".empty")
        check(page.get_by_role("link", name="To the pipeline").is_visible(), "a project without objects says what to do next")
        project = processed(s.root, "plots")
        if not project:
            return
        table = w.api("/api/projects/local/plots/objects/columns?names=area,intensity_mean,esd_um")["body"]
        area, gray, n = table["columns"]["area"], table["columns"]["intensity_mean"], table["count"]

        w.go("#/local/plots/plots")
        page.wait_for_selector(".plot-area canvas")
        w.wait_until("the histogram is drawn", lambda: page.evaluate(COLOURS) > 4)
        check(f"Histogram of Area, px², {n} objects" in page.locator(".plot-area canvas").get_attribute("aria-label"), "and told in words")
        w.axe("histogram, light")

        # Limits by keyboard.
        limit = sorted(area)[n // 3]
        page.get_by_label("From", exact=True).fill(str(limit))
        page.keyboard.press("Enter")
        check(selected(page) == sum(a >= limit for a in area), "a typed limit selects")
        page.get_by_role("button", name="None").click()
        check(selected(page) == 0, "None selects nothing")

        # By pointer: the right half of the axis.
        box = page.locator(".plot-area canvas").bounding_box()
        left, right = box["x"] + 64, box["x"] + box["width"] - 16
        page.mouse.move((left + right) / 2, box["y"] + 200)
        page.mouse.down()
        page.mouse.move(right + 5, box["y"] + 300, steps=5)
        page.mouse.up()
        middle = (min(area) + max(area)) / 2
        step = (max(area) - min(area)) / (right - left)
        check(sum(a >= middle + step for a in area) <= selected(page) <= sum(a >= middle - step for a in area), "a drag selects what lies under it", f"{selected(page)}")

        # Scatter, logarithmic.
        page.get_by_role("radio", name="Scatter").click()
        page.get_by_label("Logarithmic", exact=True).check()
        check("kind=scatter" in page.url and "lx=1" in page.url, "the address holds the plot")
        w.wait_until("points are drawn, the selected in another colour", lambda: page.evaluate(COLOURS) > 4)
        over = page.evaluate("""() => { const e = document.querySelector('.plot-area canvas'), k = devicePixelRatio
            const d = e.getContext('2d').getImageData(64 * k, 21 * k, e.width - 64 * k, 7 * k).data; return d.filter((v, i) => i % 4 === 3 && v).length }""")
        check(over == 0, "no point hangs over the upper edge", str(over))
        cut = sorted(gray)[n // 2]
        page.get_by_label("Up: from").fill(str(cut))
        page.keyboard.press("Enter")
        check(selected(page) == sum(g >= cut for g in gray), "limits upwards select too")
        page.get_by_label("From", exact=True).fill(str(limit))
        page.keyboard.press("Enter")
        both = sum(g >= cut and a >= limit for g, a in zip(gray, area))
        check(selected(page) == both, "and both together")
        w.axe("scatter")
        page.get_by_role("button", name="In the gallery").click()
        page.wait_for_selector(".sheet-area .cell")
        w.wait_until("the gallery shows what was brushed", lambda: f"{both} of {n} objects" in page.locator("footer.status").inner_text())
        page.go_back()
        page.wait_for_selector(".plot-area canvas")

        # Sizes.
        page.get_by_role("radio", name="Sizes").click()
        w.wait_until("the size spectrum is drawn", lambda: page.evaluate(COLOURS) > 4)
        esd = [d if d is not None else 2 * math.sqrt(a / math.pi) for d, a in zip(table["columns"]["esd_um"], area)]
        low = 2 ** math.floor(math.log2(sorted(esd)[n // 2]))
        page.get_by_label("From", exact=True).fill(str(low))
        page.get_by_label("to", exact=True).fill(str(2 * low))
        page.keyboard.press("Enter")
        check(selected(page) == sum(low <= d <= 2 * low for d in esd), "a class can be selected")
        page.get_by_role("radio", name="Volume").click()
        page.wait_for_timeout(200)
        page.keyboard.press("Control+Shift+L")
        page.wait_for_timeout(200)
        w.axe("size spectrum, dark")
        # In the colours of classes, with a legend that selects.
        page.keyboard.press("Control+Shift+L")
        ids = table["ids"]
        made = {n: w.api("/api/projects/local/plots/categories", "POST", {"name": n})["body"] for n in ("Copepoda", "Detritus")}
        for k, n in enumerate(made):
            w.api("/api/projects/local/plots/labels", "POST", {"objects": ids[k::3], "category": made[n]["id"], "status": "validated"})
        for kind in ("histogram", "spectrum"):
            w.go(f"#/local/plots/plots?kind={kind}")
            page.wait_for_selector(".legend")
            shares = lambda alpha=255: [page.evaluate(SHARE, [made[n]["color"], alpha]) for n in made]
            w.wait_until(f"{kind}: bars have the colours of both classes", lambda: min(shares()) > 30)
            check("in the colours of 2 classes" in page.locator(".plot-area canvas").get_attribute("aria-label"), f"{kind}: and are told in words")
            entries = page.locator(".legend button").all_inner_texts()
            check([e.split("\n") for e in entries] == [["Copepoda", str(len(ids[0::3]))], ["Detritus", str(len(ids[1::3]))], ["Without a class", str(len(ids[2::3]))]], f"{kind}: the legend names the classes with their numbers", str(entries))
            page.locator(".legend button").nth(0).focus()
            page.keyboard.press("Enter")
            check(selected(page) == len(ids[0::3]), f"{kind}: an entry of the legend selects its objects, by keyboard")
            w.wait_until(f"{kind}: what is not selected is pale", lambda: shares()[0] > 30 and shares()[1] == 0)
            page.locator(".legend button").nth(1).click(modifiers=["Shift"])
            check(selected(page) == len(ids[0::3]) + len(ids[1::3]), f"{kind}: Shift adds a class")
            w.axe(f"{kind} by class")
            page.keyboard.press("Escape")
        page.set_viewport_size({"width": 900, "height": 700})
        page.wait_for_timeout(300)
        check(page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), "900 pixels are wide enough")
        page.set_viewport_size({"width": 1400, "height": 860})
        unsized(w)
        w.report("plots")
    finish()


main()
