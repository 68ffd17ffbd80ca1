#!/usr/bin/env python3
"""Where the frames of a scan lie: `ship stitch` beside an OpenCV script of phase correlation, ASHLAR and m2stitch, on the same frames in the same run.

  scripts/bench_stitch.py [SHIP] [--grid 10] [--size 2592x1944] [--frames FOLDER] [--peers opencv,ashlar,m2stitch]

Draws grid × grid frames with 10 % overlap, stage errors of up to 12 px and noise of its own in each (numpy and OpenCV needed), or takes a FOLDER of
tile_RR_CC.png with nominal.csv and truth.csv (tile,y,x). Prints CPU seconds (user and system, with reading the files), root mean square and largest
error in px once the best common shift is removed, and peak memory. Errors are given for positions as found, and rounded to whole pixels, where
frames come to lie. The OpenCV script and ASHLAR are told the nominal positions to the pixel; `ship` reads rows and columns from the names and looks
for the overlap itself. Peers that Python lacks are left out; m2stitch needs hours for 10 × 10 frames of 5 MP, so it is run on demand only.
"""
import argparse, csv, os, resource, subprocess, sys, tempfile, time

try:
    import numpy as np
except ImportError:
    sys.exit("stitch skipped: this Python has no numpy")

arguments = argparse.ArgumentParser()
arguments.add_argument("ship", nargs="?", default=".build/release/ship")
arguments.add_argument("--grid", type=int, default=10)
arguments.add_argument("--size", default="2592x1944")
arguments.add_argument("--frames")
arguments.add_argument("--peers", default="opencv,ashlar")
arguments.add_argument("--child")
options = arguments.parse_args()
N = options.grid
W, H = map(int, options.size.split("x"))


def draw(folder):
    import cv2
    random = np.random.default_rng(77)
    step = int(W * .9), int(H * .9)
    big = np.full((step[1] * (N - 1) + H + 32, step[0] * (N - 1) + W + 32), 200, np.float32)
    for octave, share in ((512, 6), (128, 4), (32, 3)):  # texture of the background
        small = random.standard_normal((big.shape[0] // octave + 2, big.shape[1] // octave + 2)).astype(np.float32)
        big += share * cv2.resize(small, big.shape[::-1], interpolation=cv2.INTER_CUBIC)
    for _ in range(big.size // 80_000):
        x, y = int(random.integers(0, big.shape[1])), int(random.integers(0, big.shape[0]))
        axes = int(random.integers(5, 60)), int(random.integers(5, 25))
        cv2.ellipse(big, (x, y), axes, float(random.uniform(0, 180)), 0, 360, float(random.uniform(40, 140)), -1, cv2.LINE_AA)
    truth, nominal = [], []
    for row in range(N):
        for column in range(N):
            y, x = row * step[1] + 16 + int(random.integers(-12, 13)), column * step[0] + 16 + int(random.integers(-12, 13))
            frame = big[y:y + H, x:x + W] + random.standard_normal((H, W), dtype=np.float32) * 3
            cv2.imwrite(f"{folder}/tile_{row:02d}_{column:02d}.png", np.clip(frame, 0, 255).astype(np.uint8), [cv2.IMWRITE_PNG_COMPRESSION, 1])
            truth.append((y, x))
            nominal.append((row * step[1], column * step[0]))
    for name, places in (("truth", truth), ("nominal", nominal)):
        with open(f"{folder}/{name}.csv", "w") as out:
            out.write("tile,y,x\n" + "".join(f"tile_{i // N:02d}_{i % N:02d}.png,{y},{x}\n" for i, (y, x) in enumerate(places)))


def places(folder, name):
    with open(f"{folder}/{name}.csv") as lines:
        return np.array([(float(row["y"]), float(row["x"])) for row in csv.DictReader(lines)])


def names(folder):
    with open(f"{folder}/truth.csv") as lines:
        return [row["tile"] for row in csv.DictReader(lines)]


def child(kind, folder):
    """Positions by a peer, one a line."""
    nominal, files = places(folder, "nominal"), names(folder)
    import cv2
    frames = np.stack([cv2.imread(f"{folder}/{name}", 0) for name in files])
    h, w = frames.shape[1:]
    if kind == "opencv":
        cv2.setNumThreads(2)
        pairs, found, weights = [], [], []
        ox, oy = w - int(w * .9), h - int(h * .9)
        for i in range(N * N):
            for j, across in ((i + 1, True), (i + N, False)):
                if j >= N * N or across and i % N == N - 1:
                    continue
                a, b = (frames[i][:, -ox:], frames[j][:, :ox]) if across else (frames[i][-oy:], frames[j][:oy])
                a, b = a.astype(np.float32), b.astype(np.float32)
                (dx, dy), response = cv2.phaseCorrelate(a - a.mean(), b - b.mean(), cv2.createHanningWindow(a.shape[::-1], cv2.CV_32F))
                pairs.append((i, j))
                found.append(nominal[j] - nominal[i] - (dy, dx))
                weights.append(response)
        matrix = np.zeros((len(pairs) + 1, N * N))
        for q, (i, j) in enumerate(pairs):
            matrix[q, i], matrix[q, j] = -1, 1
        matrix[-1, 0] = 1
        known, base = np.vstack([found, [[0, 0]]]), np.append(weights, 1)
        weight = base
        for _ in range(6):
            result = np.linalg.lstsq(matrix * weight[:, None], known * weight[:, None], rcond=None)[0]
            weight = base / (1 + np.linalg.norm(matrix @ result - known, axis=1) ** 2)
    elif kind == "ashlar":
        from ashlar import reg

        class Metadata(reg.Metadata):
            _num_images, num_channels, pixel_size, pixel_dtype = len(files), 1, 1.0, np.dtype(np.uint8)

            def tile_position(self, i): return nominal[i].astype(float)

            def tile_size(self, i): return np.array([h, w])

        class Reader(reg.Reader):
            metadata = Metadata()

            def read(self, series, c): return frames[series]

        aligner = reg.EdgeAligner(Reader(), max_shift=40, filter_sigma=1.0, do_make_thumbnail=False)
        aligner.run()
        result = aligner.positions
    else:
        import m2stitch
        # Its correlation divides by norms that keep the mean, so it gets dark fields.
        dark = np.clip(np.median(frames[0]) - frames.astype(np.float32), 0, None)
        table, _ = m2stitch.stitch_images(dark, position_indices=np.array([(i // N, i % N) for i in range(N * N)]), position_initial_guess=nominal, row_col_transpose=False)
        result = np.stack([table["y_pos"], table["x_pos"]], 1)
    for y, x in result:
        print("PLACE", float(y), float(x))


if options.child:
    child(options.child, options.frames)
    sys.exit(0)

temporary = None
if options.frames:
    folder = options.frames
    N = round(len(names(folder)) ** 0.5)
else:
    temporary = tempfile.TemporaryDirectory(prefix="ship-stitch-")
    folder = temporary.name
    draw(folder)
truth = places(folder, "truth")
print(f"{len(truth)} frames; load {os.getloadavg()[0]:.1f} of {os.cpu_count()} cores")
print(f"{'':34}{'CPU s':>8}{'RMS px':>9}{'max px':>9}{'rounded RMS':>13}{'max':>6}{'peak MB':>9}")


def line(name, command, read):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL, text=True)
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        text = out.read()
    if status != 0:
        return print(f"{name:34}  failed")
    cpu = usage.ru_utime + usage.ru_stime
    found = read(text)
    row = f"{name:34}{cpu:8.2f}"
    for values in (found, np.round(found)):
        error = values - truth
        distance = np.linalg.norm(error - np.median(error, 0), axis=1)
        row += f"{np.sqrt((distance ** 2).mean()):{9 if values is found else 13}.3f}{distance.max():{9 if values is found else 6}.2f}"
    print(row + f"{usage.ru_maxrss / 1024:9.0f}", flush=True)


def own(text):
    with open(f"{folder}/places.tsv") as lines:
        table = {row["file"]: row for row in csv.DictReader(lines, delimiter="\t")}
    return np.array([(float(table[name]["y_px"]), float(table[name]["x_px"])) for name in names(folder)])


line("ship stitch, positions", [options.ship, "stitch", folder, "none.tif", "--table-only", "--table", f"{folder}/places.tsv"], own)
for peer, module in (("opencv", "cv2"), ("ashlar", "ashlar"), ("m2stitch", "m2stitch")):
    if peer not in options.peers.split(","):
        continue
    if subprocess.run([sys.executable, "-c", f"import {module}, cv2"], capture_output=True).returncode != 0:
        print(f"{peer:34}  left out: {sys.executable} has no {module}")
        continue
    command = [sys.executable, os.path.abspath(__file__), "--child", peer, "--frames", folder, "--grid", str(N)]
    line({"opencv": "OpenCV phase correlation script"}.get(peer, peer), command, lambda text: np.array([list(map(float, row.split()[1:])) for row in text.splitlines() if row.startswith("PLACE")]))
