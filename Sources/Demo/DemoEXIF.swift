/// EXIF block of a demo frame, written as the standard (EXIF 2.32, little-endian TIFF) prescribes.
package struct DemoEXIF: Equatable {
    /// "2026:04:12 06:40:00".
    package var dateTime = ""
    /// Degrees, north and east positive.
    package var latitude = 0.0
    package var longitude = 0.0
    package var make = "ship"
    package var model = "Demo Microscope"
    package var software = "ship demo"

    private struct Folder {
        var entries: [(tag: Int, type: Int, count: Int, bytes: [UInt8])] = []

        mutating func text(_ tag: Int, _ value: String) {
            let bytes = Array(value.utf8) + [0]
            entries.append((tag, 2, bytes.count, bytes))
        }
        mutating func short(_ tag: Int, _ value: Int) { entries.append((tag, 3, 1, number(value, 2))) }
        mutating func long(_ tag: Int, _ value: Int) { entries.append((tag, 4, 1, number(value, 4))) }
        mutating func fractions(_ tag: Int, _ values: [(Int, Int)]) {
            entries.append((tag, 5, values.count, values.flatMap { number($0.0, 4) + number($0.1, 4) }))
        }

        func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 255) } }

        var size: Int { 2 + 12 * entries.count + 4 + entries.reduce(0) { $0 + ($1.bytes.count > 4 ? ($1.bytes.count + 1) / 2 * 2 : 0) } }

        func bytes(at offset: Int) -> [UInt8] {
            var head = number(entries.count, 2)
            var heap: [UInt8] = []
            let heapStart = offset + 2 + 12 * entries.count + 4
            for entry in entries.sorted(by: { $0.tag < $1.tag }) {
                head += number(entry.tag, 2) + number(entry.type, 2) + number(entry.count, 4)
                if entry.bytes.count <= 4 {
                    head += entry.bytes + [UInt8](repeating: 0, count: 4 - entry.bytes.count)
                } else {
                    head += number(heapStart + heap.count, 4)
                    heap += entry.bytes
                    if heap.count % 2 == 1 { heap.append(0) }
                }
            }
            return head + number(0, 4) + heap
        }
    }

    /// Degrees, minutes and ten-thousandths of seconds as fractions.
    private static func parts(_ degrees: Double) -> [(Int, Int)] {
        let all = Int((abs(degrees) * 36_000_000).rounded())
        return [(all / 36_000_000, 1), (all / 600_000 % 60, 1), (all % 600_000, 10_000)]
    }

    /// TIFF structure without the leading "Exif\0\0".
    var block: [UInt8] {
        let pixelsPerCentimetre = Int((10_000 / DemoScene.pixelSize).rounded())
        var image = Folder(), exif = Folder(), gps = Folder()
        image.text(0x010e, "Drawn by ship: plankton in bright field")
        image.text(0x010f, make)
        image.text(0x0110, model)
        image.short(0x0112, 1)
        image.fractions(0x011a, [(pixelsPerCentimetre, 1)])
        image.fractions(0x011b, [(pixelsPerCentimetre, 1)])
        image.short(0x0128, 3)
        image.text(0x0131, software)
        image.text(0x0132, dateTime)
        exif.fractions(0x829a, [(1, 400)])
        exif.short(0x8827, 100)
        exif.entries.append((0x9000, 7, 4, Array("0232".utf8)))
        exif.text(0x9003, dateTime)
        exif.text(0x9004, dateTime)
        gps.entries.append((0x0000, 1, 4, [2, 3, 0, 0]))
        gps.text(0x0001, latitude < 0 ? "S" : "N")
        gps.fractions(0x0002, Self.parts(latitude))
        gps.text(0x0003, longitude < 0 ? "W" : "E")
        gps.fractions(0x0004, Self.parts(longitude))
        gps.text(0x0012, "WGS-84")
        let start = 8
        let exifStart = start + image.size + 24  // two pointers follow in the first folder
        image.long(0x8769, exifStart)
        image.long(0x8825, exifStart + exif.size)
        return [0x49, 0x49, 42, 0, 8, 0, 0, 0] + image.bytes(at: start) + exif.bytes(at: exifStart) + gps.bytes(at: exifStart + exif.size)
    }

    /// The JPEG file with this block behind its JFIF header.
    package func inserted(into jpeg: [UInt8]) -> [UInt8] {
        let body = Array("Exif\0\0".utf8) + block
        let segment: [UInt8] = [0xff, 0xe1, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 255)] + body
        var at = 2
        if jpeg.count > 6, jpeg[2] == 0xff, jpeg[3] == 0xe0 { at = 4 + (Int(jpeg[4]) << 8 | Int(jpeg[5])) }
        return Array(jpeg[..<at]) + segment + jpeg[at...]
    }
}
