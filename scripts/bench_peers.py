#!/usr/bin/env python3
"""Times other libraries on the scenes that ship-bench drew, and puts their figures beside its own. Usage: bench_peers.py FOLDER

FOLDER holds the scenes (ship-bench --inputs) and ship.tsv, a case's name and CPU seconds a line (--table). One thread, CPU seconds,
medians; a case that ship-bench did not run is left out.
"""
import os, sys, time

os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(1 << 40)
import cv2, numpy as np, scipy, skimage
from scipy.spatial import cKDTree
from skimage.measure import regionprops_table
from skimage.segmentation import watershed

cv2.setNumThreads(1)
folder = sys.argv[1]
ship = dict(line.rstrip("\n").rsplit("\t", 1) for line in open(os.path.join(folder, "ship.tsv")))
images = {}


def image(name):
    """One of the drawn scenes; `sparse` and `dense` end with the level that splits them."""
    if name not in images:
        file = next(f for f in sorted(os.listdir(folder)) if f.startswith(name))
        images[name] = cv2.imread(os.path.join(folder, file), cv2.IMREAD_UNCHANGED)
    return images[name]


def level(name):
    return int(next(f for f in os.listdir(folder) if f.startswith(name)).split("-")[1].split(".")[0])


def mask(name):
    return (image(name) <= level(name)).astype(np.uint8)


def gray():
    if "gray" not in images:
        images["gray"] = cv2.cvtColor(image("frame"), cv2.COLOR_BGR2GRAY)
    return images["gray"]


def wide_blur(g):
    """The quickest way there is: a copy of 1/16 of the size."""
    h, w = g.shape
    small = cv2.resize(g, (w // 16, h // 16), interpolation=cv2.INTER_AREA)
    return cv2.resize(cv2.GaussianBlur(small, (0, 0), min(h, w) / 8 / 16), (w, h))


def regions(name):
    g, t = image(name), level(name)
    return lambda: cv2.connectedComponentsWithStats(cv2.threshold(g, t, 1, cv2.THRESH_BINARY_INV)[1], connectivity=8)


def nearest():
    m = mask("sparse")
    points = np.random.default_rng(3).integers(0, m.shape, (2000, 2))
    return lambda: cKDTree(points).query(np.argwhere(m))


def masked_watershed():
    part = mask("sparse")[:2736, :3648]
    distance = cv2.distanceTransform(part, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    markers = cv2.connectedComponents((distance > 4).astype(np.uint8))[1]
    return lambda: watershed(-distance, markers, mask=part.astype(bool))


def fill():
    m = mask("sparse")

    def run():
        ground = np.pad(m, 1)
        cv2.floodFill(ground, None, (0, 0), 2)
        return ground != 2
    return run


def measures():
    labels, g = image("ellipse-labels").astype(np.int32), image("ellipses")
    names = ("area area_bbox area_convex area_filled axis_major_length axis_minor_length centroid eccentricity equivalent_diameter_area euler_number "
             "extent feret_diameter_max intensity_max intensity_mean intensity_min orientation perimeter perimeter_crofton solidity").split()
    return lambda: regionprops_table(labels, g, properties=names)


def flat_field():
    g = gray()
    flat = wide_blur(g)
    return lambda: cv2.divide(g, flat, scale=200)


CASES = [
    ("gray of 40 MP colour", "OpenCV", lambda: (lambda f: lambda: cv2.cvtColor(f, cv2.COLOR_BGR2GRAY))(image("frame"))),
    ("Otsu 40 MP, histogram and mask", "OpenCV", lambda: (lambda g: lambda: cv2.threshold(g, 0, 1, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU))(gray())),
    ("flat field 40 MP, 8 bits by 8 bits", "OpenCV", flat_field),
    ("Gaussian 40 MP, sigma side / 8", "OpenCV, 1/16 copy", lambda: (lambda g: lambda: wide_blur(g))(gray())),
    ("regions: threshold, label, box, moments, gray, 40 MP sparse", "OpenCV", lambda: regions("sparse")),
    ("regions: threshold, label, box, moments, gray, 40 MP dense", "OpenCV", lambda: regions("dense")),
    ("fill holes, sparse", "OpenCV flood fill", fill),
    ("outer contours, sparse", "OpenCV", lambda: (lambda m: lambda: cv2.findContours(m, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE))(mask("sparse"))),
    ("distance, objects' boxes, sparse", "OpenCV precise",
     lambda: (lambda m: lambda: cv2.distanceTransform(m, cv2.DIST_L2, cv2.DIST_MASK_PRECISE))(mask("sparse"))),
    ("nearest of 2,000 points, sparse", "SciPy k-d tree", nearest),
    ("watershed, sparse", "scikit-image", masked_watershed),
    ("shape, gray levels, ZooProcess at once", "scikit-image, 19 properties", measures),
]

print(f"peers: OpenCV {cv2.__version__}, SciPy {scipy.__version__}, scikit-image {skimage.__version__}; one thread, CPU seconds, medians")
print(f"{'':64}{'ship':>10}{'peer':>10}{'ratio':>8}")
for name, peer, prepare in CASES:
    own = next((float(seconds) for case, seconds in ship.items() if case.startswith(name)), None)
    if own is None:
        continue
    work = prepare()
    work()
    seconds = []
    for _ in range(3):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
        if sum(seconds) > 10:
            break
    other = sorted(seconds)[len(seconds) // 2]
    print(f"{name[:62]:64}{own:9.4f}s{other:9.4f}s{other / own:7.1f}x  {peer}", flush=True)
