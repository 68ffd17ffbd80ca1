"""`ship stitch` from outside: run.py calls run(SHIP, work, check). Draws its own frames; standard library only."""
import csv, json, pathlib, random, resource, subprocess

import convert  # PNG reading and writing


def field(width, height, seed):
    """Gray rows with dark boxes in places that are the same everywhere."""
    rows = [bytearray(b"\xc8" * width) for _ in range(height)]
    draw = random.Random(seed)
    for _ in range(width * height // 3500):
        x, y, w, h, level = draw.randrange(width), draw.randrange(height), draw.randrange(4, 18), draw.randrange(4, 18), draw.randrange(30, 110)
        for row in rows[y:y + h]:
            row[x:min(width, x + w)] = bytes([level]) * (min(width, x + w) - x)
    return rows


def cut(rows, x, y, width, height, path):
    pathlib.Path(path).write_bytes(convert.png(width, height, [row[x:x + width] for row in rows[y:y + height]]))


def table(path):
    with open(path, encoding="utf-8") as lines:
        return {row["file"]: row for row in csv.DictReader(lines, delimiter="\t")}


def run(SHIP, work, check):
    def ship(*arguments, **more):
        return subprocess.run([SHIP, *map(str, arguments)], cwd=work, capture_output=True, text=True, timeout=120, **more)

    rows = field(900, 460, 5)
    corners = [(0, 4), (285, 0), (571, 7), (3, 212), (290, 215), (568, 209)]
    frames = work / "stitch frames"
    frames.mkdir()
    for index, (x, y) in enumerate(corners):
        cut(rows, x, y, 320, 240, frames / f"scan_r{index // 3}_c{index % 3}.png")
    plain = ("--no-even-light", "--no-balance", "--fill", 9)

    result = ship("stitch", frames, "mosaic.png", *plain)
    check(result.returncode == 0 and "6 of 6 frames" in result.stdout, "a grid of frames is stitched", result.stdout + result.stderr)
    places = {name: (float(row["x_px"]), float(row["y_px"])) for name, row in table(work / "mosaic.png.tsv").items()}
    check(all(abs(places[f"scan_r{i // 3}_c{i % 3}.png"][0] - x) < 0.5 and abs(places[f"scan_r{i // 3}_c{i % 3}.png"][1] - y) < 0.5 for i, (x, y) in enumerate(corners)),
          "every frame lies within half a pixel", str(places))
    width, height, kind, bits, made, _ = convert.read_png(work / "mosaic.png")
    check((width, height) == (891, 455), "the mosaic is as large as its frames together", f"{width} × {height}")
    covered = [[any(cx <= x < cx + 320 and cy <= y < cy + 240 for cx, cy in corners) for x in range(0, width, 7)] for y in range(0, height, 5)]
    same = all(made[y][x] == (rows[y][x] if covered[y // 5][x // 7] else 9) for y in range(0, height, 5) for x in range(0, width, 7))
    check(same, "without corrections the mosaic is the field that the frames were cut from")

    result = ship("stitch", frames, "again.png", *plain, "--workers", 1)
    check((work / "again.png").read_bytes() == (work / "mosaic.png").read_bytes() and (work / "again.png.tsv").read_bytes() == (work / "mosaic.png.tsv").read_bytes(),
          "one worker makes the same bytes")

    # A running number that looks like columns of one row; the frames were taken to and fro.
    turned = work / "turned"
    turned.mkdir()
    order = [0, 1, 2, 5, 4, 3]
    for number, index in enumerate(order):
        cut(rows, *corners[index], 320, 240, turned / f"C3-part{number + 10:04}.png")
    result = ship("stitch", turned, "turned.png", *plain)
    found = table(work / "turned.png.tsv")
    check(result.returncode == 0 and "row by row, to and fro, 3 in a row" in result.stdout and "1 row of 6 fits only" in result.stdout, "the order of frames is found out and said", result.stdout + result.stderr)
    check(all(abs(float(found[f"C3-part{n + 10:04}.png"]["x_px"]) - corners[i][0]) < 0.5 and abs(float(found[f"C3-part{n + 10:04}.png"]["y_px"]) - corners[i][1]) < 0.5 for n, i in enumerate(order)),
          "frames of a misleading running number lie within half a pixel", str(found))
    result = ship("stitch", turned, "wrong.png", *plain, "--arrangement", "rows", "--columns", 6, "--table", "wrong.json")
    check("warning: only" in result.stderr and "neighbours by the arrangement" in result.stderr and json.loads((work / "wrong.json").read_text())["warnings"],
          "an arrangement that the overlaps contradict is warned of", result.stdout + result.stderr)

    # A frame of something else, and names that say nothing.
    mixed = work / "mixed"
    mixed.mkdir()
    # Where nothing is known of the order, two frames need several things in common; with fewer they are listed rather than misplaced.
    close = [(0, 0), (203, 4), (407, 0), (2, 118), (205, 121), (409, 117)]
    for number, index in enumerate([3, 0, 5, 1, 4, 2]):
        cut(rows, *close[index], 320, 240, mixed / f"frame{number + 1}.png")
    cut(field(320, 240, 77), 0, 0, 320, 240, mixed / "other.png")
    result = ship("stitch", mixed, "mixed.tif", "--table", "mixed.json")
    check(result.returncode == 2 and "other.png is left out: it fits no other frame" in result.stderr, "a frame that fits nowhere is named, with exit code 2", result.stderr)
    told = json.loads((work / "mixed.json").read_text())
    check(sum(frame["state"] == "measured" for frame in told["frames"]) == 6 and told["width_px"] == 729, "the others find each other in no order", str(told["frames"]))

    # A person corrects the table.
    with open(work / "mosaic.png.tsv", encoding="utf-8") as lines:
        text = lines.read().split("\n")
    corrected = [line if not line.startswith("scan_r1_c2") else "scan_r1_c2.png\t\t" + "\t" * (line.count("\t") - 2) for line in text]
    (work / "corrected.tsv").write_text("\n".join(line.replace("scan_r1_c1.png\t290", "scan_r1_c1.png\t294") for line in corrected))
    result = ship("stitch", frames, "corrected.png", *plain, "--positions", "corrected.tsv", "--table", "given.tsv")
    given = table(work / "given.tsv")
    check(result.returncode == 2 and given["scan_r1_c1.png"]["state"] == "given" and float(given["scan_r1_c1.png"]["x_px"]) > 293 and given["scan_r1_c2.png"]["x_px"] == "",
          "positions corrected by hand are used as they are", result.stderr + str(given))

    for arguments, sentence in [
        (("nowhere", "x.tif"), "is not a folder"), ((frames, "x.gif"), "must end with"), ((frames, "x.tif", "--arrangement", "snake"), "needs --columns"),
        ((frames, "x.tif", "--positions", "mixed/other.png"), "of the table of positions"), ((frames, "x.tif", "--arrangement", "names", "--pattern", "{a}_{b}"), "row and column"),
        ((frames, frames / "scan_r0_c0.png"), "choose another name"),
    ]:
        result = ship("stitch", *arguments)
        check(result.returncode in (1, 64) and sentence in result.stderr, f"“{sentence}” is said", result.stderr)
    (frames / "broken.png").write_bytes((frames / "scan_r0_c0.png").read_bytes()[:300])
    result = ship("stitch", frames, "most.tif", "--pattern", "{name}_r{row:d}_c{column:d}")
    check(result.returncode == 1 and "broken.png does not fit the pattern" in result.stderr or result.returncode == 2, "a broken frame is named", result.stderr)
    check(not list(work.glob("*.part")), "nothing half-written is left")

    # 24 frames of 3 MP make 65 MP of colour, 195 MB; the program may have 150 MB of its own.
    large = work / "large"
    large.mkdir()
    big = field(2000, 1500, 9)
    for index in range(24):
        # The same picture over and over, moved by hand in the table: what counts here is memory.
        pathlib.Path(large / f"f{index:02}.png").write_bytes(convert.png(2000, 1500, [bytes(v for level in row for v in (level, level, level)) for row in big], kind=2) if index == 0 else (large / "f00.png").read_bytes())
    (work / "large.tsv").write_text("file\tx_px\ty_px\n" + "".join(f"f{i:02}.png\t{i % 4 * 1800}\t{i // 4 * 1350}\n" for i in range(24)))

    def limit():
        resource.setrlimit(resource.RLIMIT_DATA, (150 << 20, 150 << 20))

    result = ship("stitch", large, "large.tif", "--positions", "large.tsv", "--workers", 2, preexec_fn=limit)
    check(result.returncode == 0 and "7400 × 8250" in result.stdout, "a mosaic larger than the memory allowed is written", result.stdout + result.stderr)
