"""The table of metadata as a spreadsheet: keys, paste, fill-down, wrong values, undo, new columns, the record of changes; and 10,000 rows."""
import tempfile

from drawing import project_with_frame
from harness import Watched, browser, check, draw_frames, finish, server


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as more:
        w = Watched(chromium, s, color_scheme="light").open()
        made = project_with_frame(w, folder, "Metadata")
        if not made or not draw_frames(more, count=2, size="300x200"):
            return finish()
        project, base, _ = made
        page = w.page
        w.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=s.origin)
        # In the order of the table.
        values = lambda key: [r["values"].get(key) for r in w.api(base + "/metadata?level=image")["body"]["rows"]]
        w.api(base + "/imports", "POST", {"path": more})
        w.wait_until("three images are there", lambda: len(values("x")) == 3)
        w.go(f"#/{project['user']}/{project['name']}/images")
        page.get_by_role("radio", name="Table").click()
        grid = page.get_by_role("grid")
        page.locator(".grid .td.active").wait_for()
        w.axe("table, light")

        def column(name):
            """To the first cell of a column, by keys."""
            keys = page.locator(".grid .head .td").all_inner_texts()
            grid.focus()
            page.keyboard.press("Control+Home")
            for _ in range(keys.index(name)):
                page.keyboard.press("ArrowRight")

        # Type, Enter, next.
        column("sample_id")
        page.keyboard.type("st1")
        page.keyboard.press("Enter")
        page.keyboard.type("st2")
        page.keyboard.press("Enter")
        w.wait_until("typed values are stored", lambda: values("sample_id")[:2] == ["st1", "st2"])
        w.saved()
        # Escape gives up, F2 edits what is there.
        page.keyboard.press("ArrowUp")
        page.keyboard.press("Enter")
        page.keyboard.type("x")
        page.keyboard.press("Escape")
        # Fill down over a selection.
        column("sample_id")
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Control+d")
        w.wait_until("fill-down copies the first value", lambda: set(values("sample_id")) == {"st1"})
        page.keyboard.press("Control+z")
        w.wait_until("undo takes it back as one step", lambda: values("sample_id")[:2] == ["st1", "st2"] and values("sample_id")[2] != "st1")
        page.keyboard.press("Control+Shift+z")
        w.wait_until("redo brings it again", lambda: set(values("sample_id")) == {"st1"})

        # A block of a spreadsheet, one value of it wrong.
        column("object_lat")
        page.evaluate("() => navigator.clipboard.writeText('54.1\\t7.5\\r\\n95\\t7.6\\r\\n54.3\\t7.7\\r\\n')")
        page.keyboard.press("Control+v")
        w.wait_until("a pasted block is stored but for the wrong value", lambda: values("object_lat")[0::2] == ["54.1", "54.3"] and values("object_lat")[1] != "95" and values("object_lon") == ["7.5", "7.6", "7.7"])
        page.locator(".grid .td.wrong").wait_for()
        grid.focus()
        page.keyboard.press("Control+Home")
        column("object_lat")
        page.keyboard.press("ArrowDown")
        said = page.locator(".grid .fault").inner_text()
        check("latitude" in said and "−90 to 90" in said, "the wrong cell says what to write", said)
        w.axe("table with a wrong value")
        page.keyboard.type("54.2")
        page.keyboard.press("Enter")
        w.wait_until("mended, it is stored", lambda: values("object_lat") == ["54.1", "54.2", "54.3"])
        check(page.locator(".grid .td.wrong").count() == 0, "and no longer marked")
        column("object_lat")
        page.keyboard.press("Shift+ArrowDown")
        page.keyboard.press("Control+c")
        page.wait_for_timeout(100)
        copied = page.evaluate("() => navigator.clipboard.readText()")
        check(copied == "54.1\n54.2", "copied cells can be pasted elsewhere", repr(copied))
        page.keyboard.press("Delete")
        w.wait_until("Delete empties cells", lambda: values("object_lat") == [None, None, "54.3"])
        page.keyboard.press("Control+z")
        w.wait_until("and undo fills them", lambda: values("object_lat") == ["54.1", "54.2", "54.3"])

        # One line of the record: that value alone, and what is typed and not stored yet stays.
        column("object_lat")
        page.evaluate("() => navigator.clipboard.writeText('61\\t8.1\\r\\n62\\t8.2\\r\\n63\\t8.3\\r\\n')")
        page.keyboard.press("Control+v")
        w.wait_until("another block is pasted", lambda: values("object_lon") == ["8.1", "8.2", "8.3"])
        column("object_date")
        page.keyboard.type("06/05/2020")
        page.keyboard.press("Enter")
        page.locator(".grid .td.wrong").wait_for()
        page.get_by_role("button", name="Changes").click()
        line = page.locator(".trail li", has_text="8.2")
        line.first.wait_for()
        check(line.first.get_by_role("button").inner_text() == "Take back", "a line of one value says “Take back”")
        line.first.get_by_role("button").click()
        w.wait_until("which takes that value back and no other", lambda: values("object_lon") == ["8.1", "7.6", "8.3"])
        page.wait_for_timeout(500)
        check(values("object_lat") == ["61", "62", "63"], "the rest of the paste stays", str(values("object_lat")))
        check(page.locator(".grid .td.wrong").count() == 1, "and so does what is not stored yet")
        page.get_by_role("radio", name="Samples").click()
        page.locator(".grid .td.active").wait_for()
        whole = page.locator(".trail li", has_text="8.3").first.get_by_role("button", name="Take back all 6")
        whole.wait_for(timeout=5000)
        whole.click()
        w.wait_until("where only the whole step can go the button says so", lambda: values("object_lat") == ["54.1", "54.2", "54.3"] and values("object_lon") == ["7.5", "7.6", "7.7"])
        page.get_by_role("button", name="Changes").click()
        page.get_by_role("radio", name="Images").last.click()
        page.locator(".grid .td.active").wait_for()

        # A new column, and a level above.
        page.get_by_role("radio", name="Samples").click()
        page.locator(".grid .td.active").wait_for()
        page.get_by_role("button", name="Add column").click()
        page.get_by_label("Name of the new column").fill("Ship")
        page.keyboard.press("Enter")
        page.locator(".grid .head .td", has_text="sample_ship").wait_for()
        column("sample_ship")
        page.keyboard.type("Thetys II")
        page.keyboard.press("Enter")
        w.wait_until("a value of a sample is one of all its images", lambda: values("sample_ship") == ["Thetys II"] * 3)
        page.get_by_role("button", name="Changes").click()
        page.locator(".trail li", has_text="sample_ship").first.wait_for()
        entry = page.locator(".trail li").first.inner_text()
        check("Thetys II" in entry and "2 more" in entry, "the change is listed with who, from and to", entry)
        w.axe("changes, light")
        page.locator(".trail li").first.get_by_role("button", name="Take back").click()
        w.wait_until("a change of the list is taken back", lambda: values("sample_ship") == [None] * 3)
        # Of a change of the pipeline the lines that differ are shown, whole.
        graph = w.api(base + "/graph")["body"]
        for config in ({}, {"level": 217}):
            for node in graph["nodes"]:
                if node["kind"] == "segment.threshold":
                    node["config"] = {**node["config"], **config}
            check(w.api(base + "/graph", "PUT", graph)["status"] == 200, "the pipeline is changed")
        page.wait_for_timeout(800)
        for _ in range(2):
            page.get_by_role("button", name="Changes").click()
            page.wait_for_timeout(400)
        told = page.locator(".trail li", has_text="graph").first
        told.wait_for(timeout=5000)
        text, cut = told.inner_text(), told.locator(".change").evaluate("e => e.scrollHeight > e.clientHeight + 1")
        check("217" in text and "measure.shape" not in text and not cut, "of a changed pipeline the step that differs is told, not cut off", text)
        for level in ["Acquisitions", "Processes", "Objects"]:
            page.get_by_role("radio", name=level).click()
            page.locator(".grid .td.active").wait_for()
            check(page.locator(".grid .tr").count() > 1, f"{level} are a table")
        # The refused value, which the browser itself writes to the console.
        w.bad = [b for b in w.bad if not b.startswith("422 PATCH")]
        w.console = [c for c in w.console if "422" not in c]
        w.report("metadata")

        # Many rows: only those in view are in the page.
        dark = Watched(chromium, s, color_scheme="dark")
        dark.context.add_cookies(w.context.cookies())
        page = dark.page
        rows = [{"id": f"s{i}", "name": f"sample {i}", "images": 1, "image": 1, "values": {"sample_id": f"s{i}"}, "sources": {}, "inherited": {}, "mixed": []} for i in range(10000)]
        page.route("**/metadata?level=sample*", lambda r: r.fulfill(json={"level": "sample", "total": 10000, "columns": ["sample_id", "sample_ship"], "rows": rows}))
        page.goto(f"{s.origin}/#/{project['user']}/{project['name']}/images")
        page.get_by_role("radio", name="Table").click()
        page.get_by_role("radio", name="Samples").click()
        page.locator(".grid .th", has_text="sample 0").first.wait_for(timeout=20000)
        drawn = page.locator(".grid .tr").count()
        check(drawn < 100, "of 10,000 rows only those near the view are drawn", str(drawn))
        page.get_by_role("grid").focus()
        page.keyboard.press("Control+End")
        page.locator(".grid .th", has_text="sample 9999").wait_for(timeout=5000)
        check(True, "the last of 10,000 rows is one key away")
        dark.axe("table, dark")
        dark.report("many rows")
    finish()


if __name__ == "__main__":
    main()
