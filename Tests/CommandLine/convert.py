"""`ship convert` from outside: run.py calls run(ship, work, check). Writes and reads its own small files; standard library only."""
import pathlib, struct, zlib


def png(width, height, rows, kind=0, bits=8, chunks=()):
    """rows: bytes of each row, unfiltered"""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    body = b"".join(b"\0" + bytes(row) for row in rows)
    extra = b"".join(chunk(name, data) for name, data in chunks)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)) + extra + chunk(b"IDAT", zlib.compress(body)) + chunk(b"IEND", b"")


def read_png(path):
    """(width, height, kind, bits, rows, chunks by name)"""
    data, at, chunks, packed = pathlib.Path(path).read_bytes(), 8, {}, b""
    while at < len(data):
        (length,), name = struct.unpack(">I", data[at:at + 4]), data[at + 4:at + 8]
        body = data[at + 8:at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length:at + 12 + length])[0] == zlib.crc32(name + body)
        packed += body if name == b"IDAT" else b""
        chunks[name] = body
        at += 12 + length
    width, height, bits, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert interlaced == 0
    step = max(1, {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind] * bits // 8)
    stride = (width * {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[kind] * bits + 7) // 8
    raw, rows, above = zlib.decompress(packed), [], bytes(stride)
    for y in range(height):
        filter, row = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for x in range(stride):
            a, b, c = row[x - step] if x >= step else 0, above[x], above[x - step] if x >= step else 0
            p = a + b - c
            paeth = a if abs(p - a) <= abs(p - b) and abs(p - a) <= abs(p - c) else b if abs(p - b) <= abs(p - c) else c
            row[x] = (row[x] + (0, a, b, (a + b) // 2, paeth)[filter]) & 255
        above = bytes(row)
        rows.append(above)
    return width, height, kind, bits, rows, chunks


def tiff(pages):
    """Little-endian TIFF; pages: (width, height, bits, samples, bytes, extra entries)"""
    out = bytearray(b"II*\0\0\0\0\0")
    link = 4
    for width, height, bits, samples, data, extra in pages:
        offset = len(out)
        out += data + b"\0" * (len(data) % 2)
        depth = len(out)
        out += struct.pack("<%dH" % samples, *[bits] * samples)
        entries = [(256, 3, 1, width), (257, 3, 1, height), (258, 3, samples, depth if samples > 2 else bits), (259, 3, 1, 1),
                   (262, 3, 1, 2 if samples == 3 else 1), (273, 4, 1, offset), (277, 3, 1, samples), (278, 3, 1, height), (279, 4, 1, len(data))] + list(extra)
        out += b"\0" * (len(out) % 2)
        struct.pack_into("<I", out, link, len(out))
        out += struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *entry) for entry in sorted(entries))
        link = len(out)
        out += b"\0\0\0\0"
    return bytes(out)


def read_tiff(path):
    """Tags of the first page: {tag: (type, count, value or offset)}, classic and little-endian as we write it"""
    data = pathlib.Path(path).read_bytes()
    assert data[:4] == b"II*\0"
    (at,) = struct.unpack("<I", data[4:8])
    (count,) = struct.unpack("<H", data[at:at + 2])
    return {tag: (kind, number, value) for tag, kind, number, value in (struct.unpack("<HHII", data[at + 2 + 12 * i:at + 14 + 12 * i]) for i in range(count))}


def run(ship, work, check):
    folder = pathlib.Path(work) / "convert"
    folder.mkdir()
    color = [[(x * 7 + y * 13 + c * 50) & 255 for x in range(11) for c in range(3)] for y in range(7)]
    gray16 = [struct.pack(">11H", *[(x * 5003 + y * 977) & 65535 for x in range(11)]) for y in range(7)]
    (folder / "color.png").write_bytes(png(11, 7, color, kind=2, chunks=[(b"pHYs", struct.pack(">IIB", 200000, 200000, 1)), (b"tEXt", b"Title\0net haul")]))
    (folder / "gray16.png").write_bytes(png(11, 7, gray16, bits=16))
    (folder / "alpha.png").write_bytes(png(2, 1, [[10, 20, 30, 255, 10, 20, 30, 128]], kind=6))
    (folder / "bits.png").write_bytes(png(10, 1, [[0b10100000, 0b01000000]], bits=1))
    pages = [(3, 2, 8, 1, bytes(range(n, n + 6)), ()) for n in (0, 100, 200)]
    (folder / "pages.tif").write_bytes(tiff(pages))
    turned = bytes(v for y in range(2) for x in range(3) for v in (x, y, 9))
    (folder / "turned.tif").write_bytes(tiff([(3, 2, 8, 3, turned, [(274, 3, 1, 6)])]))

    def convert(*arguments):
        return ship("convert", *arguments, cwd=folder)

    def clean():
        return not list(folder.glob("*.part")) and not list(folder.glob(".ship-*"))

    def same(a, b):
        return read_png(a)[:5] == read_png(b)[:5]

    for name, middle in (("color", "tif"), ("color", "tiff"), ("color", "png"), ("gray16", "TIF"), ("gray16", "PNG")):
        first = convert(f"{name}.png", f"{name}-1.{middle}")
        second = convert(f"{name}-1.{middle}", f"{name}-2.png")
        check(first.returncode == second.returncode == 0 and same(folder / f"{name}.png", folder / f"{name}-2.png"), f"convert: {name} to {middle} and back keeps every pixel",
              first.stderr + second.stderr)
    check(first.stdout == "" and first.stderr == "", "convert: nothing is said when all went well")
    chunks = read_png(folder / "color-2.png")[5]
    check(chunks.get(b"pHYs") == struct.pack(">IIB", 200000, 200000, 1), "convert: the pixel size goes along")
    convert("color.png", "text.png")
    check(read_png(folder / "text.png")[5].get(b"tEXt") == b"Title\0net haul", "convert: texts go along")

    convert("color.png", "gray.png", "--gray")
    want = [bytes((9798 * row[3 * x] + 19235 * row[3 * x + 1] + 3735 * row[3 * x + 2] + 16384) >> 15 for x in range(11)) for row in color]
    check(read_png(folder / "gray.png")[2:5] == (0, 8, want), "convert --gray: OpenCV's weights")
    convert("alpha.png", "white.png")
    check(read_png(folder / "white.png")[4] == [bytes([10, 20, 30, 132, 137, 142])], "convert: transparency is composed on white")
    convert("bits.png", "bits-1.png")
    check(read_png(folder / "bits-1.png")[2:5] == (0, 8, [bytes([255, 0, 255, 0, 0, 0, 0, 0, 0, 255])]), "convert: one bit becomes 0 and 255")
    for page in range(3):
        convert("pages.tif", f"page{page}.png", "--page", page)
        check(read_png(folder / f"page{page}.png")[4] == [bytes(range(100 * page, 100 * page + 3)), bytes(range(100 * page + 3, 100 * page + 6))], f"convert --page {page}")
    convert("turned.tif", "kept.tif")
    check(read_tiff(folder / "kept.tif").get(274) == (3, 1, 6), "convert: the orientation is kept as a tag")
    convert("turned.tif", "kept.png")
    check(read_png(folder / "kept.png")[:2] == (3, 2) and b"\x12\x01\x03\x00\x01\x00\x00\x00\x06\x00" in read_png(folder / "kept.png")[5][b"eXIf"], "convert: in PNG it is EXIF")
    convert("turned.tif", "upright.png", "--upright")
    upright = [bytes(v for x in range(2) for v in (y, 1 - x, 9)) for y in range(3)]
    result = read_png(folder / "upright.png")
    check(result[:2] == (2, 3) and result[4] == upright and b"eXIf" not in result[5], "convert --upright turns the pixels and drops the tag")

    sizes = []
    for quality in (20, 95):
        result = convert("color.png", f"q{quality}.JPG", "--quality", quality)
        sizes.append((folder / f"q{quality}.JPG").stat().st_size)
        check(result.returncode == 0 and (folder / f"q{quality}.JPG").read_bytes()[:3] == b"\xff\xd8\xff", f"convert --quality {quality}", result.stderr)
    check(sizes[0] < sizes[1], "convert: a lower quality takes fewer bytes")

    (folder / "cut.png").write_bytes((folder / "color.png").read_bytes()[:-30])
    (folder / "text.jpg").write_text("no picture")
    (folder / "keep.png").write_bytes(b"what was there")
    (folder / "folder.png").mkdir()
    for arguments, word in (
        (("none.png", "o.png"), "none.png"), (("text.jpg", "o.png"), "text.jpg"), (("cut.png", "keep.png"), "cut.png"), (("pages.tif", "o.png", "--page", 3), "3 pages"),
        (("gray16.png", "o.jpg"), "8 bits"), (("color.png", "color.png"), "another name"), (("color.png", "./color.png"), "another name"),
        (("color.png", "folder.png"), "folder"), (("color.png", "nowhere/o.png"), "o.png"), (("folder.png", "o.png"), "folder.png"),
    ):
        result = convert(*arguments)
        check(result.returncode == 1 and word in result.stderr and len(result.stderr.strip().splitlines()) == 1, f"convert: one sentence, exit 1: {' '.join(map(str, arguments))}", result.stderr)
    check((folder / "keep.png").read_bytes() == b"what was there" and same(folder / "color.png", folder / "color-2.png"), "convert: a failure leaves what was there")
    check(not any((folder / f"o.{ending}").exists() for ending in ("png", "jpg")) and clean(), "convert: a failure leaves nothing half-written")
    for arguments in (("color.png",), ("color.png", "o.gif"), ("color.png", "o"), ("color.png", "o.jpg", "--quality", 0), ("color.png", "o.png", "--page", -1), ("color.png", "o.png", "--dance")):
        check(convert(*arguments).returncode == 64, f"convert: wrong arguments end with 64: {' '.join(map(str, arguments))}")
