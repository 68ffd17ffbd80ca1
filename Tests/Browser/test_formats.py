"""Masks and archives that are dropped on a project become objects; the export page offers every format, sets it up and makes it."""
import io
import json
import struct
import tempfile
import zipfile
import zlib
from pathlib import Path

from harness import Watched, browser, check, draw_frames, finish, server


def gray_png(width, height, pixel):
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes(pixel(x, y) for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def main():
    with browser() as chromium, server() as s, tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        w = Watched(chromium, s)
        page = w.page
        w.open()

        # A picture, its label image (which is no picture of the project), another picture and a COCO file.
        project, base, _ = w.project("Masks")
        place = f"#/{project['user']}/{project['name']}"
        (folder / "one.png").write_bytes(gray_png(200, 150, lambda x, y: (x * 3 + y) % 251))
        (folder / "one_labels.png").write_bytes(gray_png(200, 150, lambda x, y: 5 if x < 40 and y < 30 else 9 if 100 <= x < 150 and 50 <= y < 90 else 0))
        (folder / "two.png").write_bytes(gray_png(200, 150, lambda x, y: (x + y * 7) % 253))
        coco = {"images": [{"id": 1, "file_name": "two.png", "width": 200, "height": 150}], "categories": [{"id": 1, "name": "copepod"}],
                "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": [[10, 10, 60, 10, 60, 40, 10, 40]], "iscrowd": 0}]}
        (folder / "annotations.json").write_text(json.dumps(coco))
        w.go(place + "/images")
        page.wait_for_selector(".drop")
        page.set_input_files("input.files-input", [str(folder / n) for n in ("one.png", "one_labels.png", "two.png", "annotations.json")])
        w.wait_until("objects of masks", lambda: w.api(base)["body"]["objects"] == 3)
        images = {i["name"]: i for i in w.api(base + "/blobs")["body"]["images"]}
        check(any(u.endswith("/imports/masks") for u in w.urls), "the page asks which of the files are masks")
        check(sorted(images) == ["one.png", "two.png"], "masks are no images of the project", str(sorted(images)))
        boxes = sorted(tuple(o["box"][k] for k in ("x", "y", "width", "height")) if isinstance(o["box"], dict) else tuple(o["box"]) for o in w.api(base + "/objects?limit=10")["body"]["objects"])
        check(boxes == [(0, 0, 40, 30), (10, 10, 50, 30), (100, 50, 50, 40)], "labels and COCO polygons are drawn where they say", str(boxes))
        check([c["name"] for c in w.api(base + "/categories")["body"]["categories"]] == ["copepod"], "COCO's categories become classes")
        page.wait_for_function("() => document.querySelectorAll('.card.image').length === 2")
        w.axe("images with masks")

        # The viewer's history knows where they come from.
        w.view(project, images["one.png"])
        history = w.api(f"{base}/edits?blob={images['one.png']['id']}")["body"]
        check("one_labels.png" in json.dumps(history), "the history names the file", json.dumps(history)[:300])

        # Every format is offered; the ones without a step in the pipeline too.
        w.go(place + "/export")
        page.wait_for_selector(".formats input[type=radio]")
        titles = page.locator(".formats strong").all_inner_texts()
        check(titles == ["EcoTaxa archive", "Table", "Pictures of objects", "COCO", "GeoJSON", "Label images"], "the export page offers every format", str(titles))
        for title, ending in (("COCO", "_coco.json"), ("Table", "_objects.tsv"), ("Label images", "_labels.zip"), ("GeoJSON", "_geojson.zip"), ("Pictures of objects", "_images.zip")):
            page.get_by_role("radio", name=title).check()
            page.wait_for_selector(".good")
            page.get_by_role("button", name="Make export").click()
            page.locator(".mono", has_text=ending).wait_for(timeout=20000)
        check(True, "each is made at its defaults")
        name = next(e["name"] for e in w.api(base + "/exports")["body"]["exports"] if e["name"].endswith("_coco.json"))
        with page.expect_download() as download:
            page.locator(".list-row", has_text=name).get_by_role("link", name="Download").click()
        made = json.loads(Path(download.value.path()).read_text())
        check(len(made["annotations"]) == 3 and sorted(a["area"] for a in made["annotations"]) == [1200, 1500, 2000], "the downloaded COCO file holds all objects")
        page.get_by_role("radio", name="COCO").check()
        page.get_by_role("button", name="Add to the pipeline").click()
        page.get_by_label("Outlines").wait_for()
        page.get_by_label("Outlines").select_option(label="polygons, where they are exact")
        w.wait_until("setting stored", lambda: any(n["kind"] == "export.coco" and n["config"].get("outline") == "polygon" for n in w.api(base + "/graph")["body"]["nodes"]))
        page.wait_for_selector(".good")
        page.get_by_role("button", name="Make export").click()
        w.wait_until("second export", lambda: sum(j["type"] == "export" and j["state"] == "done" for j in w.api(base + "/jobs")["body"]["jobs"]) == 6)
        check(True, "a format can be added to the pipeline and set up where it is made")
        w.axe("export page")

        # An EcoTaxa archive on an empty project.
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as z:
            z.writestr("ecotaxa_x.tsv", "\ufeffimg_file_name\timg_rank\tobject_id\tobject_annotation_status\tobject_annotation_category\tobject_area\tsample_id\tacq_id\n"
                       "[t]\t[f]\t[t]\t[t]\t[t]\t[f]\t[t]\t[t]\na.png\t0\tx1\tvalidated\tAcantharea\t12\ts\ta\n")
            z.writestr("a.png", gray_png(50, 40, lambda x, y: 90 if 10 < x < 30 and 10 < y < 30 else 250))
        (folder / "x.zip").write_bytes(archive.getvalue())
        other, base, _ = w.project("Archive")
        place = f"#/{other['user']}/{other['name']}"
        w.go(place + "/images")
        page.wait_for_selector(".drop.big")
        page.set_input_files("input.files-input", [str(folder / "x.zip")])
        w.wait_until("archive brought in", lambda: w.api(base)["body"]["objects"] == 1)
        w.wait_until("its label", lambda: [(c["name"], c["count"]) for c in w.api(base + "/categories")["body"]["categories"]] == [("Acantharea", 1)])
        check(True, "an archive that is dropped becomes images, objects and labels")
        w.go(place + "/export")
        page.get_by_text("objects", exact=True).wait_for()
        w.report("formats")
    finish()


if __name__ == "__main__":
    main()
