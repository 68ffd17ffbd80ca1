#!/usr/bin/env python3
"""End to end: a folder of frames to an EcoTaxa archive with every measure, beside a script of OpenCV and scikit-image on the same frames.

  scripts/bench_run.py SHIP [--frames N] [--input FOLDER]

200 drawn frames of 5 megapixels unless FOLDER is given. Prints processor milliseconds a frame (all threads; wall time means little on a busy
machine), wall time, the largest resident size, objects and the size of the archive. The peer (flat field of the first 20 frames, Otsu, connected
components, region properties, JPEG crops, ZIP, two processes) is left out where Python has no cv2 and skimage.
"""
import argparse, csv, glob, io, json, os, resource, shutil, subprocess, sys, tempfile, time, zipfile

arguments = argparse.ArgumentParser()
arguments.add_argument("ship")
arguments.add_argument("--frames", type=int, default=200)
arguments.add_argument("--input")
arguments.add_argument("--peer", nargs=2, help=argparse.SUPPRESS)
options = arguments.parse_args()
PROPERTIES = (
    "label area bbox centroid axis_major_length axis_minor_length orientation eccentricity perimeter area_convex area_filled solidity euler_number extent "
    "equivalent_diameter_area feret_diameter_max moments_hu intensity_mean intensity_min intensity_max intensity_std").split()


def flat_field(names):
    import cv2, numpy as np
    total = sum(cv2.imread(name).astype(np.float32) for name in names[:20]) / len(names[:20])
    small = cv2.resize(total, (total.shape[1] // 8, total.shape[0] // 8), interpolation=cv2.INTER_AREA)
    return np.clip(cv2.resize(cv2.GaussianBlur(small, (0, 0), 8), total.shape[1::-1]), 1, 255).astype(np.uint8)


def peer_frame(job):
    import cv2, numpy as np, skimage.measure, warnings
    warnings.filterwarnings("ignore")
    cv2.setNumThreads(0)
    name, flat = job
    image = cv2.divide(cv2.imread(name), flat, scale=220)
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    mask = cv2.threshold(gray, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, 8)
    keep = [k for k in range(1, count) if stats[k, cv2.CC_STAT_AREA] >= 200]
    table = np.zeros(count, np.int32)
    table[keep] = np.arange(1, len(keep) + 1)
    values = skimage.measure.regionprops_table(table[labels], gray, properties=PROPERTIES)
    stem = os.path.splitext(os.path.basename(name))[0]
    rows, pictures = [], []
    for index, k in enumerate(keep):
        x, y, w, h = stats[k, :4]
        crop = image[max(0, y - 10):y + h + 10, max(0, x - 10):x + w + 10]
        file = f"{stem}_{index:04d}.jpg"
        pictures.append((file, cv2.imencode(".jpg", crop, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()))
        rows.append({"img_file_name": file, "object_id": file[:-4], **{"object_" + name: column[index] for name, column in values.items()}})
    return rows, pictures


def peer(folder, out):
    import multiprocessing
    names = sorted(glob.glob(folder + "/*.jpg"))
    flat, rows = flat_field(names), []
    with multiprocessing.Pool(2) as pool, zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for found, pictures in pool.imap(peer_frame, ((name, flat) for name in names)):
            rows += found
            for file, data in pictures:
                archive.writestr(file, data)
        text = io.StringIO()
        writer = csv.DictWriter(text, rows[0], delimiter="\t")
        writer.writeheader()
        writer.writerow({name: "[t]" if name in ("img_file_name", "object_id") else "[f]" for name in rows[0]})
        writer.writerows(rows)
        archive.writestr("ecotaxa_export.tsv", text.getvalue())


def objects(path):
    with zipfile.ZipFile(path) as archive:
        return sum(len(archive.read(name).decode().splitlines()) - 2 for name in archive.namelist() if name.endswith(".tsv"))


def largest(pid, sizes):
    """Largest resident size of the process and its children together, looked at while it runs."""
    try:
        total, waiting = 0, [pid]
        while waiting:
            one = waiting.pop()
            total += int(open(f"/proc/{one}/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            for task in os.listdir(f"/proc/{one}/task"):
                waiting += [int(child) for child in open(f"/proc/{one}/task/{task}/children").read().split()]
        sizes.append(total)
    except (FileNotFoundError, ProcessLookupError):
        pass


def run(name, command, archive, frames):
    before, start, sizes = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), [0]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    while process.poll() is None:
        largest(process.pid, sizes)
        time.sleep(0.05)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - start
    path = archive()
    if process.returncode != 0 or not path:
        sys.exit(f"{name} ended with {process.returncode}: {process.stderr.read()[-400:]}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(
        f"{name:42}{1000 * cpu / frames:9.1f} CPU ms/frame{wall:8.1f} s wall{max(sizes) / 1e6:8.0f} MB{objects(path):9} objects"
        f"{os.path.getsize(path) / 1e6:8.0f} MB archive", flush=True)


if options.peer:
    peer(*options.peer)
    sys.exit(0)
ship = os.path.abspath(options.ship)
work = tempfile.mkdtemp(prefix="ship-bench-run-")
try:
    folder = options.input or work + "/frames"
    if not options.input:
        subprocess.run([ship, "demo", folder, "--frames-only", "--frames", str(options.frames), "--size", "2592x1944"], check=True, capture_output=True)
    names = sorted(glob.glob(folder + "/*.jpg"))
    print(f"# {len(names)} frames, {os.path.getsize(names[0]) / 1e6:.2f} MB each; load {os.getloadavg()[0]:.1f}")
    graph = json.loads(subprocess.run([ship, "pipeline"], check=True, capture_output=True).stdout)
    for name, picture in (("zooprocess", ("gray", "vignetting.image")), ("color", ("image", "images.image")), ("texture", ("gray", "vignetting.image"))):
        graph["nodes"].append({"name": name, "kind": "measure." + name, "config": {}})
        graph["edges"] += [
            {"from": "objects.regions", "to": name + ".regions"}, {"from": picture[1], "to": f"{name}.{picture[0]}"},
            {"from": name + ".measurements", "to": "ecotaxa.measurements"}]
    for picture in ("png", "jpeg"):
        for each in graph["nodes"]:
            if each["kind"] == "export.ecotaxa":
                each["config"]["picture"] = picture
        pipeline = f"{work}/{picture}.json"
        json.dump(graph, open(pipeline, "w"))
        out = f"{work}/out-{picture}"
        run(
            f"ship, all measures, {picture.upper()} pictures", [ship, "run", pipeline, "--input", folder, "--output", out],
            lambda: next(iter(glob.glob(out + "/ecotaxa/*.zip")), None), len(names))
        shutil.rmtree(out)
    try:
        import cv2, skimage
    except ImportError:
        print("peer skipped: this Python has no cv2 and skimage")
    else:
        path = work + "/peer.zip"
        run(
            f"OpenCV {cv2.__version__} + scikit-image {skimage.__version__}", [sys.executable, os.path.abspath(__file__), ship, "--peer", folder, path],
            lambda: path if os.path.exists(path) else None, len(names))
finally:
    shutil.rmtree(work, ignore_errors=True)
