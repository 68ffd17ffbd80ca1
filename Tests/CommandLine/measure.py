"""`ship measure` from outside: small images drawn here, numbers compared with plain computations (standard library only)."""
import csv, math, os, pathlib, struct, subprocess, zlib

AGGREGATE = [
    "..................",
    "..#############...",
    "..#...........#...",
    "..#.##..##....#...",
    "..#.##..##.##.#...",
    "..#........##.#...",
    "..#...........#...",
    "..#############...",
    ".................."]


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(path, rows, bits=8, channels=1, density=None, alpha=False):
    """Rows of numbers; of tuples for more channels."""
    kind = {(1, False): 0, (3, False): 2, (1, True): 4, (3, True): 6}[channels, alpha]
    body = b""
    for row in rows:
        flat = [value for pixel in row for value in (pixel if isinstance(pixel, tuple) else (pixel,))]
        if bits == 4:
            flat = flat + [0] * (len(flat) % 2)
            body += b"\0" + bytes(flat[i] << 4 | flat[i + 1] for i in range(0, len(flat), 2))
        else:
            body += b"\0" + (bytes(flat) if bits == 8 else struct.pack(f">{len(flat)}H", *flat))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), bits, kind, 0, 0, 0)
    density = chunk(b"pHYs", struct.pack(">IIB", density, density, 1)) if density else b""
    pathlib.Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + density + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b""))
    return path


def drawn(picture, dark=20, bright=220):
    """Gray levels that differ from pixel to pixel, so that a mean or a weighted centroid cannot be right by chance."""
    return [[(dark if cell == "#" else bright) + (3 * x + 5 * y) % 11 for x, cell in enumerate(row)] for y, row in enumerate(picture)]


def padded(rows, by, level):
    width = len(rows[0]) + 2 * by
    return [[level] * width for _ in range(by)] + [[level] * by + row + [level] * by for row in rows] + [[level] * width for _ in range(by)]


def noise(width, height, seed, share):
    """Clumped random levels: dark in about this part of the picture."""
    state, rows = seed, []
    for _ in range(height):
        row = []
        for _ in range(width):
            state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
            row.append((state >> 40) % 100 if (state >> 33) % 1000 < share * 1000 else 150 + (state >> 45) % 100)
        rows.append(row)
    return rows


def components(rows, is_object, connectivity=8):
    """Lists of (x, y) in raster order of first pixels, by flood fill."""
    height, width = len(rows), len(rows[0])
    seen, found = set(), []
    for y in range(height):
        for x in range(width):
            if (x, y) in seen or not is_object(rows[y][x]):
                continue
            stack, pixels = [(x, y)], []
            seen.add((x, y))
            while stack:
                a, b = stack.pop()
                pixels.append((a, b))
                for dx in (-1, 0, 1):
                    for dy in (-1, 0, 1):
                        if connectivity == 4 and dx and dy:
                            continue
                        u, v = a + dx, b + dy
                        if 0 <= u < width and 0 <= v < height and (u, v) not in seen and is_object(rows[v][u]):
                            seen.add((u, v))
                            stack.append((u, v))
            found.append(sorted(pixels, key=lambda p: (p[1], p[0])))
    return found


def plain(pixels, rows):
    """What some columns must say of an object."""
    xs, ys = [p[0] for p in pixels], [p[1] for p in pixels]
    levels = sorted(rows[y][x] for x, y in pixels)
    n, total = len(pixels), sum(levels)
    mean, mx, my = total / n, sum(xs) / n, sum(ys) / n
    middle = levels[n // 2] if n % 2 else (levels[n // 2 - 1] + levels[n // 2]) / 2
    return {
        "area": n, "bbox_min_x": min(xs), "bbox_min_y": min(ys), "bbox_max_x": max(xs) + 1, "bbox_max_y": max(ys) + 1, "centroid_x": mx, "centroid_y": my,
        "area_bbox": (max(xs) - min(xs) + 1) * (max(ys) - min(ys) + 1), "moments_central_2_0": sum((y - my) ** 2 for y in ys),
        "moments_central_0_2": sum((x - mx) ** 2 for x in xs), "moments_central_1_1": sum((x - mx) * (y - my) for x, y in pixels),
        "intensity_mean": mean, "intensity_min": levels[0], "intensity_max": levels[-1], "intensity_sum": total, "intensity_median": middle,
        "intensity_std": math.sqrt(sum((level - mean) ** 2 for level in levels) / n),
        "centroid_weighted_x": sum(x * rows[y][x] for x, y in pixels) / total if total else None,
        "centroid_weighted_y": sum(y * rows[y][x] for x, y in pixels) / total if total else None,
        "equivalent_diameter_area": math.sqrt(4 * n / math.pi),
    }


def otsu(levels):
    """Level of largest between-class variance, in whole numbers; of equal ones the lowest."""
    counts = {}
    for level in levels:
        counts[level] = counts.get(level, 0) + 1
    n, total = len(levels), sum(levels)
    best, weight, part = None, 0, 0
    for level in sorted(counts)[:-1]:
        weight += counts[level]
        part += level * counts[level]
        # (part/weight − rest/others)² · weight · others, over n²
        variance = (part * (n - weight) - (total - part) * weight) ** 2 / (weight * (n - weight))
        if best is None or variance > best[0]:
            best = (variance, level)
    return best[1]


def run(ship, work, check):
    """`ship`: path of the program; `work`: a folder that exists; `check(ok, what, detail)`."""
    work = pathlib.Path(work) / "measure"
    work.mkdir()

    def call(*arguments):
        return subprocess.run([str(ship), "measure", *map(str, arguments)], cwd=work, capture_output=True, text=True, timeout=120)

    def table(*arguments, output="t.csv"):
        """Rows as dictionaries; None when the program failed."""
        result = call(*arguments, "--output", output)
        if result.returncode != 0:
            check(False, f"measure {' '.join(map(str, arguments))}", result.stderr)
            return None
        with open(work / output, newline="") as file:
            return list(csv.DictReader(file))

    def numbers(row, leave=()):
        return {name: value for name, value in row.items() if name not in leave}

    def agrees(row, expected):
        wrong = []
        for name, value in expected.items():
            cell = row.get(name)
            if value is None:
                if cell != "":
                    wrong.append(f"{name} {cell} is not empty")
            elif cell in (None, "") or abs(float(cell) - value) > 1e-9 * max(1, abs(value)):
                wrong.append(f"{name} {cell} is not {value}")
        return wrong

    def matches(rows, objects, levels, what):
        wrong = [] if len(rows) == len(objects) else [f"{len(rows)} rows for {len(objects)} objects"]
        for index, (row, pixels) in enumerate(zip(rows, objects)):
            wrong += [f"object {index + 1}: {text}" for text in agrees(row, {"label": index + 1, **plain(pixels, levels)})]
        check(not wrong, what, "; ".join(wrong[:4]))

    # Rows, order, numbers against a flood fill.
    levels = noise(90, 61, 7, 0.3)
    png(work / "noise.png", levels)
    level = otsu([value for row in levels for value in row])
    for connectivity in (4, 8):
        rows = table("noise.png", "--connectivity", connectivity)
        matches(rows, components(levels, lambda v: v <= level, connectivity), levels, f"noise, connectivity {connectivity}: every object as by flood fill, in raster order")
    rows = table("noise.png", "--polarity", "bright", "--threshold", "180", "--connectivity", 4)
    matches(rows, components(levels, lambda v: v > 180, 4), levels, "bright objects are brighter than the level")
    rows = table("noise.png", "--threshold", "60", "--min-area", 3)
    matches(rows, [o for o in components(levels, lambda v: v <= 60) if len(o) >= 3], levels, "dark objects are not brighter than the level; small ones are dropped")
    ordered = sorted(value for row in levels for value in row)
    place = 0.1 * (len(ordered) - 1)
    quantile = int(ordered[int(place)] + (place - int(place)) * (ordered[int(place) + 1] - ordered[int(place)]))
    matches(table("noise.png", "--threshold", "q0.1"), components(levels, lambda v: v <= quantile), levels, "a quantile as threshold")
    check(table("noise.png", "--threshold", "triangle") is not None, "the triangle threshold")
    check("level" in call("noise.png", "--output", "t.csv").stdout, "the level is told")
    default = (work / "t.csv").read_bytes()
    call("noise.png", "--output", "t.csv", "--threshold", "otsu", "--polarity", "dark", "--connectivity", 8, "--min-area", 1, "--nested", "all", "--measures", "shape,gray")
    check((work / "t.csv").read_bytes() == default, "the defaults are otsu, dark, 8, 1, all, shape,gray")
    lines = default.split(b"\r\n")
    check(lines[-1] == b"" and len({line.count(b",") for line in lines[:-1]}) == 1 and b"\n" not in default.replace(b"\r\n", b""), "RFC 4180: CRLF, as many cells in every line")
    check(lines[0].startswith(b"label,parent_id,n_inner,touches,area,"), "first columns")
    header = lines[0].decode().split(",")
    check(len(set(header)) == len(header), "no column name twice")
    cells = [cell for line in lines[1:-1] for cell in line.decode().split(",") if cell]
    check(all(repr(float(cell)) == cell or str(int(float(cell))) == cell or float(repr(float(cell))) == float(cell) and len(cell) <= 24 for cell in cells), "numbers in full")
    check(any(len(cell) > 15 for cell in cells) and all(math.isfinite(float(cell)) for cell in cells), "double precision, all finite")

    # 16 bits.
    deep = [[value * 200 + (7 * x + y) % 100 for x, value in enumerate(row)] for y, row in enumerate(levels)]
    png(work / "deep.png", deep, bits=16)
    matches(table("deep.png", "--threshold", "20000"), components(deep, lambda v: v <= 20000), deep, "16-bit images are thresholded and measured in 16 bits")
    level = otsu([value for row in deep for value in row])
    matches(table("deep.png"), components(deep, lambda v: v <= level), deep, "Otsu over 65,536 levels")

    # Colour and transparency.
    color = [[(value, 255 - value, (value * 7 + x) % 256) for x, value in enumerate(row)] for row in levels]
    gray = [[(9798 * r + 19235 * g + 3735 * b + 16384) >> 15 for r, g, b in row] for row in color]
    png(work / "color.png", color, channels=3)
    rows = table("color.png", "--threshold", "130", "--measures", "shape,gray,color")
    objects = components(gray, lambda v: v <= 130)
    matches(rows, objects, gray, "gray levels of a colour image by OpenCV's weights")
    wrong = [i for i, (row, o) in enumerate(zip(rows, objects)) if agrees(row, {"red_mean": sum(color[y][x][0] for x, y in o) / len(o), "blue_mean": sum(color[y][x][2] for x, y in o) / len(o)})]
    check(not wrong, "mean colours", str(wrong[:5]))
    clear = [[(value, 255 if (x + y) % 3 else 100) for x, value in enumerate(row)] for y, row in enumerate(levels)]
    white = [[(v * a + 255 * (255 - a) + 127) // 255 for v, a in row] for row in clear]
    png(work / "clear.png", clear, alpha=True)
    matches(table("clear.png", "--threshold", "100"), components(white, lambda v: v <= 100), white, "transparency is composed on white")

    # Nested objects.
    picture = drawn(AGGREGATE)
    png(work / "aggregate.png", picture)
    rows = table("aggregate.png")
    check([(r["label"], r["parent_id"], r["n_inner"]) for r in rows] == [("1", "", "3"), ("2", "1", "0"), ("3", "1", "0"), ("4", "1", "0")], "an aggregate with three pellets: 4 objects under all", str(rows)[:300])
    rows = table("aggregate.png", "--nested", "outermost")
    check([(r["label"], r["n_inner"]) for r in rows] == [("1", "3")], "1 under outermost")
    rows = table("aggregate.png", "--nested", "innerOnly")
    check([(r["label"], r["n_inner"]) for r in rows] == [("1", "0"), ("2", "0"), ("3", "0")], "3 under innerOnly")
    said = call("aggregate.png", "--output", "t.csv", "--nested", "outermost").stdout
    check("1 object" in said and "3 inside others" in said, "dropped segments are told with their rule", said)

    # Sides of the frame.
    rows = table(png(work / "sides.png", drawn(["##..#", "....#", "#...#", ".....", "..#.."])))
    check([r["touches"] for r in rows] == ["3", "6", "1", "8"], "touched sides: left 1, top 2, right 4, bottom 8", str([r["touches"] for r in rows]))

    # Padding.
    rows = {}
    positions = ("bbox_min_x", "bbox_max_x", "centroid_x", "centroid_weighted_x", "bbox_min_y", "bbox_max_y", "centroid_y", "centroid_weighted_y")
    zoo_positions = ("x", "xm", "bx", "xstart", "y", "ym", "by", "ystart")
    for by in (0, 5, 50):
        png(work / "padded.png", padded(picture, by, 225))
        rows[by] = table("padded.png", "--threshold", "100", "--measures", "shape,gray,zooprocess,color,texture")
    for by in (5, 50):
        same = [numbers(r, positions + zoo_positions) for r in rows[by]] == [numbers(r, positions + zoo_positions) for r in rows[0]]
        check(same, f"{by} pixels of padding change no value")
        moved = all(abs(float(a[name]) - float(b[name]) - by) < 1e-9 for a, b in zip(rows[by], rows[0]) for name in positions + zoo_positions)
        check(moved, f"{by} pixels of padding move positions by {by}")

    # Shapes that divide by zero elsewhere.
    for name, drawing in (
        ("one pixel", [".....", "..#..", "....."]), ("1 × n", [".......", ".#####.", "......."]), ("n × 1", ["...", ".#.", ".#.", ".#.", "..."]),
        ("full frame", ["####", "####", "####"]), ("ring", [".......", ".#####.", ".#...#.", ".#...#.", ".#####.", "......."]), ("one pixel in all", ["#"]),
        ("holes only", ["#######", "#.#.#.#", "#######", "#.#.#.#", "#######"]), ("diagonal", ["#...", ".#..", "..#.", "...#"]),
    ):
        for dark in (0, 7):
            even = [[dark if cell == "#" else 250 for cell in row] for row in drawing]
            png(work / "odd.png", even)
            got = table("odd.png", "--threshold", "100", "--measures", "shape,gray,zooprocess,color,texture", "--pixel-size-um", "2")
            area = sum(row.count("#") for row in drawing)
            ok = len(got) == 1 and got[0]["area"] == str(area) and all(value == "" or math.isfinite(float(value)) for value in got[0].values())
            check(ok, f"{name}, level {dark}: one object, every value finite or empty", str([kv for kv in got[0].items() if kv[1] and not math.isfinite(float(kv[1]))]) if got else "")

    # Calibration.
    plain_rows, one, two = (table("noise.png", "--measures", "shape,gray", *size) for size in ([], ["--pixel-size-um", "3.5"], ["--pixel-size-um", "7"]))
    lengths = [name for name in one[0] if name.endswith("_um")]
    areas = [name for name in one[0] if name.endswith("_um2")]
    rest = [name for name in one[0] if name not in lengths + areas]
    check(len(lengths) >= 6 and len(areas) >= 4 and all(r[name] == "" for r in plain_rows for name in lengths + areas), "without a pixel size the µm columns are empty")
    check(all(a[name] == b[name] == c[name] for a, b, c in zip(plain_rows, one, two) for name in rest), "a calibration leaves other columns alone")
    check(all(2 * float(a[name]) == float(b[name]) for a, b in zip(one, two) for name in lengths), "twice the pixel size, twice the µm")
    check(all(4 * float(a[name]) == float(b[name]) for a, b in zip(one, two) for name in areas), "and four times the µm²")
    check(all(abs(float(r["area_um2"]) - 12.25 * float(r["area"])) < 1e-9 for r in one), "µm² = px² · 3.5²")
    png(work / "scaled.png", levels, density=400_000)
    check(table("scaled.png") == table("noise.png", "--pixel-size-um", "2.5"), "the file's own pixel size is used")
    check(table("scaled.png", "--pixel-size-um", "3.5") == one, "--pixel-size-um goes before the file's")
    png(work / "print.png", levels, density=2835)
    check(table("print.png") == plain_rows, "a print density is no calibration")

    # Groups.
    for group in ("shape", "gray", "zooprocess", "color", "texture"):
        got = table("aggregate.png", "--measures", group)
        check(len(got) == 4 and len(got[0]) > 4, f"the group {group} alone")
    both = table("aggregate.png", "--measures", "shape,zooprocess")
    alone = table("aggregate.png", "--measures", "zooprocess")
    check("zooprocess_area" in both[0] and both[0]["zooprocess_area"] == alone[0]["area"], "a name that two groups share gets the later group's prefix")
    check(both[0]["area"] == table("aggregate.png")[0]["area"], "and stays with the first")

    # Labels.
    parts = [[0] * 90 for _ in range(61)]
    for x, y, value in [(3, 4, 300), (4, 4, 300), (60, 50, 300), (10, 2, 9), (11, 3, 9), (80, 60, 65535)]:
        parts[y][x] = value
    png(work / "labels.png", parts, bits=16)
    rows = table("noise.png", "--labels", "labels.png")
    expected = {value: sorted([(x, y) for y, row in enumerate(parts) for x, v in enumerate(row) if v == value], key=lambda p: (p[1], p[0])) for value in (9, 300, 65535)}
    check([r["label"] for r in rows] == ["9", "300", "65535"], "labels: one object a value, in raster order of first pixels, numbered by value", str([r["label"] for r in rows]))
    wrong = [text for row in rows for text in agrees(row, plain(expected[int(row["label"])], levels))]
    check(not wrong, "labels: an object may be in several parts", "; ".join(wrong[:3]))
    png(work / "bits4.png", [[7, 0, 3, 0]], bits=4)
    png(work / "four.png", [[1, 2, 3, 4]])
    said = call("four.png", "--output", "t.csv", "--labels", "bits4.png")
    check(said.returncode == 1 and "bits4.png" in said.stderr, "labels of 4 bits, which are spread when read, are refused", said.stderr)
    check([r["label"] for r in table("noise.png", "--labels", "labels.png", "--min-area", 2)] == ["9", "300"], "labels: small ones are dropped")
    png(work / "labels8.png", [[min(value, 255) for value in row] for row in parts])
    check([r["label"] for r in table("noise.png", "--labels", "labels8.png")] == ["9", "255"], "8-bit labels")
    png(work / "empty.png", [[0] * 90 for _ in range(61)])
    check(table("noise.png", "--labels", "empty.png") == [], "labels without objects")

    # Blank images.
    png(work / "blank.png", [[77] * 20 for _ in range(10)])
    for choice in ("otsu", "triangle", "q0.5"):
        result = call("blank.png", "--output", "blank.csv", "--threshold", choice)
        lines = (work / "blank.csv").read_text().splitlines()
        check(result.returncode == 0 and len(lines) == 1 and lines[0].startswith("label,") and "0 objects" in result.stdout, f"a blank image has no objects under {choice}, said in a sentence", result.stdout + result.stderr)
    check(len(table("blank.png", "--threshold", "76")) == 0 and len(table("blank.png", "--threshold", "77")) == 1, "a fixed level is taken as it is")

    # An image larger than what is kept in memory, with objects far apart and one from top to bottom.
    width, height = 15_000, 13_000
    body = bytearray(b"\xdc" * width)
    patches = [(40, 10, 30, 4), (7000, 6400, 50, 3), (200, 12_950, 25, 20), (14_990, 12_999, 10, 1), (9000, 100, 2, 12_800)]
    packer = zlib.compressobj(1)
    parts = []
    for y in range(height):
        row = bytearray(body)
        row[y % 64] = 219
        for left, top, wide, high in patches:
            if top <= y < top + high:
                row[left:left + wide] = bytes((10 + (x + y) % 50) for x in range(left, left + wide))
        parts.append(packer.compress(b"\0" + row))
    parts.append(packer.flush())

    (work / "large.png").write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) + chunk(b"IDAT", b"".join(parts)) + chunk(b"IEND", b""))
    for choice in ("otsu", "100"):
        process = subprocess.Popen([str(ship), "measure", "large.png", "--output", "large.csv", "--threshold", choice], cwd=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        rows = list(csv.DictReader(open(work / "large.csv", newline=""))) if process.returncode == 0 else []
        order = sorted(patches, key=lambda p: (p[1], p[0]))
        wrong = [] if len(rows) == len(order) else [f"{len(rows)} rows"]
        for row, (left, top, wide, high) in zip(rows, order):
            total = sum(10 + (x + y) % 50 for y in range(top, top + high) for x in range(left, left + wide))
            expected = {"area": wide * high, "bbox_min_x": left, "bbox_min_y": top, "bbox_max_x": left + wide, "bbox_max_y": top + high, "intensity_sum": total}
            wrong += agrees(row, {**expected, "centroid_x": left + (wide - 1) / 2, "centroid_y": top + (high - 1) / 2})
        check(not wrong, f"195 megapixels under {choice}: every object right", "; ".join(wrong[:4]))
        check(usage.ru_maxrss < 300_000, f"and at most 300 MB of memory under {choice}", f"{usage.ru_maxrss} kB")
    (work / "large.png").unlink()

    # A level that is found from the whole image gives what the same level given outright does, over many strips.
    def same_as_fixed(what, *arguments):
        said = call("strips.png", "--output", "found.csv", *arguments)
        level = said.stdout.partition("gray level ")[2].split(" ")[0]
        fixed = call("strips.png", "--output", "fixed.csv", *arguments, "--threshold", level)
        same = said.returncode == fixed.returncode == 0 and (work / "found.csv").read_bytes() == (work / "fixed.csv").read_bytes()
        check(same and (work / "found.csv").read_bytes().count(b"\n") > 1, f"{what}: a level found equals the same level given", said.stdout + said.stderr + fixed.stderr)

    tile = noise(100, 50, 3, 0.02)
    png(work / "strips.png", [tile[y % 50] * 12 for y in range(2000)])
    same_as_fixed("few objects")
    same_as_fixed("few objects, with ZooProcess", "--measures", "shape,gray,zooprocess")
    png(work / "strips.png", [[255 - value for value in tile[y % 50]] * 12 for y in range(2000)])
    same_as_fixed("few bright objects", "--polarity", "bright")
    png(work / "strips.png", [[value * 257 for value in tile[y % 50]] * 12 for y in range(2000)], bits=16)
    same_as_fixed("few objects in 16 bits")
    # The lower part is so much brighter that all of the upper part becomes one object.
    png(work / "strips.png", [([value // 3 for value in tile[y % 50]] if y < 900 else [min(255, value + 100) for value in tile[y % 50]]) * 12 for y in range(2000)])
    same_as_fixed("a level that rises late")
    png(work / "strips.png", [([255 - value // 3 for value in tile[y % 50]] if y < 900 else [255 - min(255, value + 100) for value in tile[y % 50]]) * 12 for y in range(2000)])
    same_as_fixed("a level that falls late", "--polarity", "bright")

    # Errors: one sentence, exit 1, no table.
    (work / "text.png").write_text("no picture")
    (work / "cut.png").write_bytes((work / "noise.png").read_bytes()[:300])
    png(work / "small-labels.png", [[1, 2], [0, 0]])
    png(work / "color-labels.png", color, channels=3)
    for arguments, words in (
        (["none.png"], ["none.png"]), (["text.png"], ["text.png"]), (["cut.png"], ["cut.png"]), (["."], ["read"]),
        (["noise.png", "--threshold", "300"], ["noise.png", "300", "255"]), (["noise.png", "--page", 1], ["noise.png", "page"]),
        (["noise.png", "--labels", "none.png"], ["none.png"]), (["noise.png", "--labels", "small-labels.png"], ["small-labels.png", "2 × 2", "90 × 61"]),
        (["noise.png", "--labels", "color-labels.png"], ["color-labels.png", "gray"]), (["noise.png", "--labels", "cut.png"], ["cut.png"]),
    ):
        (work / "never.csv").unlink(missing_ok=True)
        result = call(*arguments, "--output", "never.csv")
        sentence = result.stderr.strip()
        ok = result.returncode == 1 and len(sentence.splitlines()) == 1 and all(word in sentence for word in words)
        check(ok and not (work / "never.csv").exists() and not (work / "never.csv.part").exists(), f"one sentence, exit 1, no table: {' '.join(map(str, arguments))}", sentence)
    result = call("noise.png", "--output", "no/where.csv")
    check(result.returncode == 1 and "where.csv" in result.stderr and "folder" in result.stderr, "a folder that is not there", result.stderr)
    (work / "trap.csv.part").write_bytes((work / "noise.png").read_bytes())
    result = call("trap.csv.part", "--output", "trap.csv")
    check(result.returncode == 1 and (work / "trap.csv.part").read_bytes() == (work / "noise.png").read_bytes(), "an image named like the unfinished table is not lost", result.stderr)
    before = (work / "noise.png").read_bytes()
    result = call("noise.png", "--output", "noise.png")
    check(result.returncode == 1 and (work / "noise.png").read_bytes() == before, "the image is not overwritten by its table", result.stderr)
    (work / "kept.csv").write_text("old")
    call("cut.png", "--output", "kept.csv")
    check((work / "kept.csv").read_text() == "old", "a table stays when measuring fails")
    for arguments in (
        [], ["noise.png"], ["noise.png", "--output", "t.csv", "--threshold", "70000"], ["noise.png", "--output", "t.csv", "--threshold", "-1"],
        ["noise.png", "--output", "t.csv", "--threshold", "q1.5"], ["noise.png", "--output", "t.csv", "--threshold", "q"], ["noise.png", "--output", "t.csv", "--threshold", "Otsu!"],
        ["noise.png", "--output", "t.csv", "--polarity", "pale"], ["noise.png", "--output", "t.csv", "--connectivity", 6], ["noise.png", "--output", "t.csv", "--min-area", 0],
        ["noise.png", "--output", "t.csv", "--nested", "some"], ["noise.png", "--output", "t.csv", "--measures", "shape,taste"], ["noise.png", "--output", "t.csv", "--measures", ""],
        ["noise.png", "--output", "t.csv", "--measures", "shape,shape"], ["noise.png", "--output", "t.csv", "--pixel-size-um", 0], ["noise.png", "--output", "t.csv", "--pixel-size-um", "nan"],
        ["noise.png", "--output", "t.csv", "--page", -1], ["noise.png", "--output", "t.csv", "--labels", "labels.png", "--threshold", "otsu"],
        ["noise.png", "--output", "t.csv", "--labels", "labels.png", "--nested", "outermost"], ["noise.png", "--output", "t.csv", "--loud"],
    ):
        result = call(*arguments)
        check(result.returncode == 64, f"wrong arguments end with 64: measure {' '.join(map(str, arguments))}", f"{result.returncode} {result.stderr}")
