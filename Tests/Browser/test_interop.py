"""Other people's programs on our addresses: OpenSeadragon, GDAL and the IIIF validator, on images and on masks.

Each is used where it is installed, and named where it is not: OpenSeadragon as a file (`OPENSEADRAGON`, or Debian's
python-openslide-examples), GDAL as the Python package `rasterio`, the validator as `iiif-validator`.
"""
import io
import json
import os
import urllib.request
from pathlib import Path

from PIL import Image

from harness import Watched, browser, check, finish, processed, server, skip

OPENSEADRAGON = Path(os.environ.get("OPENSEADRAGON") or "/usr/share/doc/python-openslide-examples/examples/deepzoom/static/openseadragon.js")
TOKEN = os.environ.setdefault("SHIP_TOKEN", "a-token-of-this-test-only")
BLUE = (0, 114, 178)


def fetch(url):
    return urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": f"Bearer {TOKEN}"})).read()


def picture(url, mode="RGB"):
    return Image.open(io.BytesIO(fetch(url))).convert(mode)


def openseadragon(w, base, image):
    """Opens each of the four addresses and looks at what is drawn in the middle of an object and in a corner of the frame."""
    if not OPENSEADRAGON.is_file():
        return skip(f"OpenSeadragon is not installed ({OPENSEADRAGON}), so nothing was opened with it")
    page, here = w.page, w.server.origin
    w.context.route(here + "/other/openseadragon.js", lambda route: route.fulfill(path=str(OPENSEADRAGON), content_type="text/javascript"))
    w.context.route(here + "/other/", lambda route: route.fulfill(content_type="text/html", body='<!doctype html><script src="openseadragon.js"></script><div id="v" style="width:800px;height:600px"></div>'))
    masks = picture(f"{here}{base}/iiif/{image['id']}-masks/full/max/0/gray.png", "L")
    largest = max(w.api(f"{base}/objects?blob={image['id']}&kind=region&limit=500")["body"]["objects"], key=lambda o: o["area"] / (o["box"]["width"] * o["box"]["height"]))["box"]
    inside = (largest["x"] + largest["width"] // 2, largest["y"] + largest["height"] // 2)
    assert masks.getpixel(inside) == 255, "the middle of the fullest object belongs to it"
    shown = picture(f"{here}{base}/iiif/{image['id']}/{inside[0] - 2},{inside[1] - 2},5,5/1,1/0/default.png").getpixel((0, 0))
    for name, source in (("Deep Zoom", f"{base}/blobs/{image['id']}.dzi"), ("IIIF", f"{base}/iiif/{image['id']}/info.json"), ("Deep Zoom, masks", f"{base}/blobs/{image['id']}/overlay.dzi"), ("IIIF, masks", f"{base}/iiif/{image['id']}-masks/info.json")):
        page.goto(here + "/other/")
        found = page.evaluate("""async ([source, point]) => {
          const viewer = OpenSeadragon({ element: document.getElementById('v'), tileSources: source, animationTime: 0, immediateRender: true, showNavigator: false, showNavigationControl: false, useCanvas: true })
          const failed = []
          viewer.addHandler('tile-load-failed', e => failed.push(e.message + ' ' + (e.tile.url ?? e.tile.getUrl())))
          await new Promise((resolve, reject) => { viewer.addHandler('open', resolve); viewer.addHandler('open-failed', e => reject(new Error(e.message))) })
          const item = viewer.world.getItemAt(0), size = item.getContentSize()
          const rest = async () => { do await new Promise(done => setTimeout(done, 250)); while (!item.getFullyLoaded()) }
          const pixel = (x, y) => { const p = item.imageToViewerElementCoordinates(new OpenSeadragon.Point(x, y)), k = devicePixelRatio; return [...viewer.drawer.context.getImageData(Math.round(p.x * k), Math.round(p.y * k), 1, 1).data] }
          await rest()
          const whole = pixel(...point)
          viewer.viewport.zoomTo(viewer.viewport.imageToViewportZoom(1), null, true)
          viewer.viewport.panTo(item.imageToViewportCoordinates(...point), true)
          await rest()
          return { size: [size.x, size.y], levels: item.source.maxLevel, whole, native: pixel(point[0] + 0.5, point[1] + 0.5), failed }
        }""", [source, list(inside)])
        check(found["size"] == [image["width"], image["height"]], f"OpenSeadragon, {name}: opens at its size", str(found["size"]))
        check(not found["failed"], f"OpenSeadragon, {name}: gets every tile", "; ".join(found["failed"][:3]))
        expected, reach = (BLUE, 12) if "masks" in name else (shown, 24)
        for zoom in ("whole", "native"):
            r, g, b, alpha = found[zoom]
            check(alpha == 255 and max(abs(a - e) for a, e in zip((r, g, b), expected)) <= reach, f"OpenSeadragon, {name}, {zoom}: the object is where it should be, in its colour", f"{found[zoom]}, not {expected}")


def gdal(s, base, image):
    os.environ["GDAL_HTTP_HEADERS"] = f"Authorization: Bearer {TOKEN}"
    try:
        import numpy
        import rasterio
    except ImportError:
        return skip("GDAL (the Python package rasterio) is not installed, so nothing was opened with it")
    import warnings
    warnings.filterwarnings("ignore", category=rasterio.errors.NotGeoreferencedWarning)
    width, height, levels, tile = (image[k] for k in ("width", "height", "levels", "tileSize"))
    here = s.origin + base
    original = numpy.asarray(picture(f"{here}/iiif/{image['id']}/full/max/0/default.png")).astype(int)
    masks = numpy.asarray(picture(f"{here}/iiif/{image['id']}-masks/full/max/0/gray.png", "L")) > 0
    files = list((s.root / "local" / "interop").glob("images/pyramids/*.tif"))
    with rasterio.open(files[0]) as file:
        check((file.width, file.height, file.count) == (width, height, 3) and file.overviews(1) == [2 ** k for k in range(1, levels)], f"GDAL {rasterio.__gdal_version__} reads the pyramid file with its levels", str(file.overviews(1)))
    deepest = (max(width, height) - 1).bit_length()
    for name, url, bands, level in (
        ("XYZ", f"{here}/blobs/{image['id']}/tiles/${{z}}/${{x}}/${{y}}", 3, levels - 1), ("XYZ, masks", f"{here}/blobs/{image['id']}/overlay/${{z}}/${{x}}/${{y}}.png", 4, levels - 1),
        ("Deep Zoom", f"{here}/blobs/{image['id']}_files/${{z}}/${{x}}_${{y}}.jpg", 3, deepest), ("Deep Zoom, masks", f"{here}/blobs/{image['id']}/overlay_files/${{z}}/${{x}}_${{y}}.png", 4, deepest),
    ):
        description = f"""<GDAL_WMS><Service name="TMS"><ServerUrl>{url}</ServerUrl></Service>
          <DataWindow><UpperLeftX>0</UpperLeftX><UpperLeftY>0</UpperLeftY><LowerRightX>{width}</LowerRightX><LowerRightY>{height}</LowerRightY>
          <SizeX>{width}</SizeX><SizeY>{height}</SizeY><TileLevel>{level}</TileLevel><YOrigin>top</YOrigin></DataWindow>
          <BlockSizeX>{tile}</BlockSizeX><BlockSizeY>{tile}</BlockSizeY><BandsCount>{bands}</BandsCount><OverviewCount>{levels - 1}</OverviewCount></GDAL_WMS>"""
        try:
            with rasterio.open(description) as view:
                read = view.read()
                half = view.read(bands, out_shape=((height + 1) // 2, (width + 1) // 2))
        except rasterio.errors.RasterioIOError as error:
            check(False, f"GDAL reads {name}", str(error)[:300])
            continue
        if bands == 3:
            difference = abs(read.transpose(1, 2, 0) - original)
            # Two decoders of JPEG; a misplaced tile would differ by the contrast of an object.
            check(difference.max() <= 24 and difference.mean() < 1, f"GDAL reads {name}: the same picture", f"mean {difference.mean():.2f}, at most {difference.max()}")
            check(abs(half.mean() - original[:, :, 2].mean()) < 1, f"GDAL reads {name}: and its overviews")
        else:
            check(((read[3] > 0) == masks).all(), f"GDAL reads {name}: the same pixels", f"{((read[3] > 0) != masks).sum()} differ")
            check((half > 0).sum() * 4 >= masks.sum(), f"GDAL reads {name}: and its overviews")


def validator(w, folder):
    """All tests of level 2, but that of CORS: that header would let any page of the web read what is private."""
    try:
        from iiif_validator import validator as iiif
    except ImportError:
        return skip("iiif-validator is not installed, so the IIIF views were not validated")
    import subprocess
    info = iiif.ValidationInfo()
    name = "67352ccc-d1b0-11e1-89ae-279075081939"
    squares = Image.new("RGB", (1000, 1000))
    for x in range(10):
        for y in range(10):
            squares.paste(info.colorInfo[x][y], (100 * x, 100 * y, 100 * x + 100, 100 * y + 100))
    (folder / "squares").mkdir()
    squares.save(folder / "squares" / f"{name}.png")
    made = subprocess.run([os.environ["SHIP"], "import", str(w.server.root / "local" / "squares"), str(folder / "squares")], capture_output=True, text=True)
    base = "/api/projects/local/squares"
    if not check(made.returncode == 0, "the validator's image is imported", made.stderr[-300:]):
        return
    image = w.api(f"{base}/blobs")["body"]["images"][0]["id"]
    # Squares of a chessboard as objects, so that each place of the masks says which it is.
    boxes = [(x, y) for x in range(10) for y in range(10) if (x * 7 + y * 3) % 4 < 2]
    corner = lambda x, y: [[100 * x - .5, 100 * y - .5], [100 * x + 99.5, 100 * y - .5], [100 * x + 99.5, 100 * y + 99.5], [100 * x - .5, 100 * y + 99.5], [100 * x - .5, 100 * y - .5]]
    features = [{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [corner(x, y)]}, "properties": {}} for x, y in boxes]
    drawn = w.api(f"{base}/edits", "POST", {"image": image, "operation": "draw", "objects": [], "annotations": {"type": "FeatureCollection", "features": features}})
    check(drawn["status"] in (200, 201), "squares are drawn as objects", str(drawn["body"])[:200])

    # Its requests carry our token, and not the address of another site that it makes up: ship answers none of those.
    def signed(plain):
        return lambda url, headers={}, **more: plain(url, headers={**{k: v for k, v in headers.items() if k not in ("Origin", "Referer")}, "Authorization": f"Bearer {TOKEN}"}, **more)
    iiif.Request = signed(iiif.Request)
    opener = urllib.request.build_opener()
    opener.addheaders = [("Authorization", f"Bearer {TOKEN}")]
    urllib.request.install_opener(opener)
    colors = [[BLUE if (x, y) in boxes else (255, 255, 255) for y in range(10)] for x in range(10)]
    for what, identifier, truth in (("image", str(image), info.colorInfo), ("masks", f"{image}-masks", colors)):
        passed, failed = 0, []
        for test, about in iiif.TestSuite(iiif.ValidationInfo()).list_tests("3.0").items():
            if about["level"] > 2 or test == "cors":
                continue
            own = iiif.ValidationInfo()
            own.colorInfo = truth
            result = iiif.ImageAPI(identifier, w.server.origin.removeprefix("http://"), base.strip("/") + "/iiif", "http", "", "3.0", debug=False)
            try:
                iiif.TestSuite(own).run_test(test, result)
                error = result.exception
            except Exception as other:
                error = other
            if error:
                failed.append(f"{test}: {getattr(error, 'got', error)} instead of {getattr(error, 'expected', '')} {result.urls[-1:]}")
            else:
                passed += 1
        check(not failed and passed > 25, f"iiif-validator, {what}: {passed} tests of level 2 pass, {len(failed)} fail", "; ".join(failed))


def main():
    if os.environ.get("SHIP_URL"):
        skip("a server that runs already has another token")
        return finish()
    with server() as s, browser() as chromium:
        w = Watched(chromium, s).open()
        if not processed(s.root, "interop", frames=1, size="1700x1300"):
            return finish()
        base = "/api/projects/local/interop"
        image = w.api(f"{base}/blobs")["body"]["images"][0]
        w.expected.append("favicon")
        openseadragon(w, base, image)
        w.go("#/")
        gdal(s, base, image)
        validator(w, s.root.parent)
        w.report("interop")
    finish()


if __name__ == "__main__":
    main()
