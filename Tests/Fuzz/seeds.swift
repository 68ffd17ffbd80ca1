import Codecs
import Foundation
import Pyramid
import Raster

// Small files of every kind to start from, drawn here: seeds FOLDER writes FOLDER/<target>/….
let root = URL(filePath: CommandLine.arguments[1])

func save(_ target: String, _ name: String, _ bytes: [UInt8]) throws {
    let folder = root.appending(path: target)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(bytes).write(to: folder.appending(path: name))
}

func drawn(_ width: Int, _ height: Int) -> [AnyImage] {
    func level(_ x: Int, _ y: Int) -> Int { (x * 7 + y * 13 + (x - 9) * (y - 5)) & 255 }
    let places = (0..<height).flatMap { y in (0..<width).map { (x: $0, y: y) } }
    let gray = places.map { UInt8(level($0.x, $0.y)) }
    return [
        .gray8(Image(width: width, height: height, pixels: gray)),
        .gray16(Image(width: width, height: height, pixels: gray.map { UInt16($0) * 255 })),
        .color8(Image(width: width, height: height, pixels: gray.map { BGR(blue: $0, green: ~$0, red: $0 &* 3) })),
        .color16(Image(width: width, height: height, pixels: gray.map { BGR(blue: UInt16($0) * 200, green: UInt16(~$0), red: 65_535) })),
    ]
}

var metadata = FileMetadata()
metadata.exif.date = "2024-05-06T07:08:09"
metadata.exif.orientation = 6
(metadata.exif.latitude, metadata.exif.longitude, metadata.exif.altitude) = (54.175, -7.9, -12.5)
metadata.exif.gpsDate = "2024-05-06"
metadata.exif.resolution = Resolution(x: 4000, y: 4000, unit: .centimetre, source: .exif)
(metadata.exif.make, metadata.exif.model, metadata.exif.lens, metadata.exif.software) = ("Maker", "Model 3", "50 mm", "ship")
(metadata.exif.exposureTime, metadata.exif.fNumber, metadata.exif.iso, metadata.exif.focalLength) = (0.002, 5.6, 200, 50)
metadata.texts = [.init(keyword: "Title", text: "drawn"), .init(keyword: "Comment", text: "net haul, 200 µm"), .init(keyword: "Place", text: "北海")]
metadata.xmp = "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:Description tiff:Orientation=\"6\"/></x:xmpmeta>"

for (index, image) in (drawn(17, 11) + drawn(1, 1) + drawn(64, 40)).enumerated() {
    for compression in [TIFFWriter.Compression.none, .lzw, .deflate] {
        try save("tiff", "strips-\(index)-\(compression).tif", TIFFWriter.encode(image, compression: compression, pixelSizeMicrometres: 2.5))
    }
    for format in [ImageFormat.png, .tiff, .jpeg] where format != .jpeg || image.bitsPerSample == 8 {
        let file = try ImageFile.encode(image, as: format, metadata: metadata)
        try save("\(format)", "metadata-\(index).\(format)", file)
        if image.width == 1 { try save("metadata", "\(index).\(format)", file) }
    }
    try save("png", "plain-\(index).png", PNGWriter.encode(image, compression: 9))
    guard image.bitsPerSample == 8 else { continue }
    for quality in [5, 95] { try save("jpeg", "\(index)-\(quality).jpg", JPEGWriter.encode(image, quality: quality, fullChroma: quality > 50)) }
    let path = root.appending(path: "pyramid-\(index).tif").path
    try PyramidBuilder.build(source: MemoryRowReader(image, format: .png), to: path, tileSize: 64, quality: 80)
    let pyramid = Array(try Data(contentsOf: URL(filePath: path)))
    try FileManager.default.removeItem(atPath: path)
    try save("pyramid", "\(index).tif", pyramid)
    try save("tiff", "tiles-\(index).tif", pyramid)
}

// PNG of other depths: palette and gray of few bits, by the one-bit writer and by hand.
for (index, rows) in [["#.#", ".#."], ["."], ["########.########", "#...............#", "########.########"]].enumerated() {
    let mask = Mask(bounds: Rect(x: 0, y: 0, width: rows[0].count, height: rows.count), sortedRuns: rows.enumerated().flatMap { y, row in
        row.enumerated().filter { $0.element == "#" }.map { Run(y: y, first: $0.offset, last: $0.offset) }
    })
    try save("mask", "\(index).png", MaskPNG.encode(mask, color: 0x0072B2))
    try save("png", "mask-\(index).png", MaskPNG.encode(mask))
}
for (kind, depths) in [(0, [1, 2, 4, 8, 16]), (2, [8, 16]), (3, [1, 2, 4, 8]), (4, [8, 16]), (6, [8, 16])] {
    for bits in depths {
        for interlaced in [0, 1] { try save("png", "kind-\(kind)-\(bits)-\(interlaced).png", plainPNG(kind: kind, bits: bits, interlaced: interlaced)) }
    }
}
/// 5 × 5 pixels in a stored block; the checksums are left to the fuzzer's repair.
func plainPNG(kind: Int, bits: Int, interlaced: Int) throws -> [UInt8] {
    func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [0, 0, UInt8(data.count >> 8), UInt8(data.count & 255)]
        bytes += Array(name.utf8)
        bytes += data
        return bytes + [0, 0, 0, 0]
    }
    let samples: Int = [0: 1, 2: 3, 3: 1, 4: 2, 6: 4][kind] ?? 1
    let passes: [(Int, Int)] = interlaced == 0 ? [(5, 5)] : [(1, 1), (1, 1), (2, 1), (1, 2), (3, 1), (2, 3), (5, 2)]
    var rows: [UInt8] = []
    for (width, height) in passes {
        for y in 0..<height {
            rows.append(0)
            for byte in 0..<((width * samples * bits + 7) / 8) { rows.append(UInt8((byte * 37 + y * 11) & 255)) }
        }
    }
    var (a, b) = (1, 0)
    for byte in rows {
        a = (a + Int(byte)) % 65_521
        b = (b + a) % 65_521
    }
    let (low, high) = (UInt8(rows.count & 255), UInt8(rows.count >> 8))
    var stream: [UInt8] = [0x78, 1, 1, low, high, ~low, ~high]
    stream += rows
    for number in [b, a] { stream += [UInt8(number >> 8), UInt8(number & 255)] }
    var file: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    file += chunk("IHDR", [0, 0, 0, 5, 0, 0, 0, 5, UInt8(bits), UInt8(kind), 0, 0, UInt8(interlaced)])
    if kind == 3 {
        let entries: Int = 3 << bits
        file += chunk("PLTE", (0..<entries).map { UInt8($0 * 5 & 255) })
        file += chunk("tRNS", [0, 128])
    }
    file += chunk("IDAT", stream)
    return file + chunk("IEND", [])
}

let archive = root.appending(path: "seed.zip").path
let table = Array("object_id\timg_file_name\tobject_area\n[t]\t[t]\t[f]\na\ta.png\t12.5\n\"b\"\t\"b \"\"c\"\".png\"\t3\n".utf8)
for compress in [true, false] {
    let writer = try ZipWriter(path: archive)
    try writer.add(name: "ecotaxa_a.tsv", bytes: table, compress: compress)
    try writer.add(name: "a.png", bytes: PNGWriter.encode(drawn(3, 3)[0]), compress: compress)
    try writer.close()
    try save("zip", "\(compress).zip", Array(try Data(contentsOf: URL(filePath: archive))))
}
try FileManager.default.removeItem(atPath: archive)
try save("tsv", "table.tsv", table)
try save("tsv", "mark.tsv", TSV.byteOrderMark + table)
try save("tsv", "latin.tsv", [0xE9, 9, 0xB5, 13, 10, 34, 9, 34])
