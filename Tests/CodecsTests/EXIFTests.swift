import Codecs
import Foundation
import Testing

/// Writes small EXIF blocks by hand, so that each test sees one peculiarity.
struct TagBlock {
    var bigEndian = false
    private var image: [[UInt8]] = [], exif: [[UInt8]] = [], gps: [[UInt8]] = []
    private var heap: [UInt8] = []

    init(bigEndian: Bool = false) { self.bigEndian = bigEndian }

    enum Group { case image, exif, gps }

    func number16(_ value: Int) -> [UInt8] {
        let bytes = [UInt8(value & 255), UInt8(value >> 8 & 255)]
        return bigEndian ? bytes.reversed() : bytes
    }
    func number32(_ value: Int) -> [UInt8] {
        let bytes = (0..<4).map { UInt8(value >> (8 * $0) & 255) }
        return bigEndian ? bytes.reversed() : bytes
    }

    // Offsets count from the TIFF header; the heap begins at a fixed place far behind all directories.
    private static let heapStart = 600

    mutating func add(_ group: Group, _ tag: Int, type: Int, count: Int, _ payload: [UInt8]) {
        var entry = number16(tag) + number16(type) + number32(count)
        if payload.count <= 4 {
            entry += payload + [UInt8](repeating: 0, count: 4 - payload.count)
        } else {
            entry += number32(Self.heapStart + heap.count)
            heap += payload
            if heap.count % 2 == 1 { heap.append(0) }
        }
        switch group {
        case .image: image.append(entry)
        case .exif: exif.append(entry)
        case .gps: gps.append(entry)
        }
    }
    mutating func text(_ group: Group, _ tag: Int, _ text: String) {
        add(group, tag, type: 2, count: text.utf8.count + 1, Array(text.utf8) + [0])
    }
    mutating func short(_ group: Group, _ tag: Int, _ value: Int) { add(group, tag, type: 3, count: 1, number16(value)) }
    mutating func fractions(_ group: Group, _ tag: Int, _ values: [(Int, Int)]) {
        add(group, tag, type: 5, count: values.count, values.flatMap { number32($0.0) + number32($0.1) })
    }

    func bytes() -> [UInt8] {
        var folders = image
        let pointer = { (tag: Int, offset: Int) in self.number16(tag) + self.number16(4) + self.number32(1) + self.number32(offset) }
        folders.append(pointer(0x8769, 200))
        folders.append(pointer(0x8825, 400))
        func folder(_ entries: [[UInt8]]) -> [UInt8] { number16(entries.count) + entries.flatMap { $0 } + number32(0) }
        var out = (bigEndian ? [0x4d, 0x4d] : [0x49, 0x49]) + number16(42) + number32(8) + folder(folders)
        out += [UInt8](repeating: 0, count: 200 - out.count) + folder(exif)
        out += [UInt8](repeating: 0, count: 400 - out.count) + folder(gps)
        out += [UInt8](repeating: 0, count: Self.heapStart - out.count) + heap
        return out
    }

    /// A JPEG header that holds the block, cut into segments of `step` bytes.
    func jpeg(density: (unit: UInt8, x: Int, y: Int)? = nil, step: Int = 60_000) -> [UInt8] {
        var out: [UInt8] = [0xff, 0xd8]
        if let density {
            out += [0xff, 0xe0, 0, 16] + Array("JFIF\0".utf8) + [1, 1, density.unit]
            out += [UInt8(density.x >> 8), UInt8(density.x & 255), UInt8(density.y >> 8), UInt8(density.y & 255), 0, 0]
        }
        let all = bytes()
        for start in stride(from: 0, to: all.count, by: step) {
            let part = Array("Exif\0\0".utf8) + all[start..<min(all.count, start + step)]
            out += [0xff, 0xe1, UInt8((part.count + 2) >> 8), UInt8((part.count + 2) & 255)] + part
        }
        return out + [0xff, 0xd9]
    }

    static func full(bigEndian: Bool = false) -> TagBlock {
        var block = TagBlock(bigEndian: bigEndian)
        block.text(.image, 0x010e, "net haul, 200 µm")
        block.text(.image, 0x010f, "Helmholtz ")
        block.text(.image, 0x0110, "Scope 3")
        block.short(.image, 0x0112, 6)
        block.fractions(.image, 0x011a, [(8000, 1)])
        block.fractions(.image, 0x011b, [(8000, 1)])
        block.short(.image, 0x0128, 3)
        block.text(.image, 0x0132, "2024:05:07 00:00:00")
        block.text(.exif, 0x9003, "2024:05:06 07:08:09")
        block.fractions(.exif, 0x829a, [(1, 500)])
        block.short(.exif, 0x8827, 200)
        block.text(.gps, 1, "S")
        block.fractions(.gps, 2, [(54, 1), (10, 1), (3015, 100)])
        block.text(.gps, 3, "W")
        block.fractions(.gps, 4, [(7, 1), (54, 1), (0, 1)])
        block.add(.gps, 5, type: 1, count: 1, [1])
        block.fractions(.gps, 6, [(125, 10)])
        return block
    }
}

struct EXIFTests {
    @Test(arguments: [false, true])
    func `all fields of a whole block are read in both byte orders`(bigEndian: Bool) throws {
        let exif = try #require(EXIF.read(bytes: TagBlock.full(bigEndian: bigEndian).jpeg()))
        #expect(exif.date == "2024-05-06T07:08:09")
        #expect(exif.orientation == 6)
        #expect(exif.make == "Helmholtz")
        #expect(exif.model == "Scope 3")
        #expect(exif.description == "net haul, 200 µm")
        #expect(exif.exposureTime == 0.002)
        #expect(exif.iso == 200)
        #expect(exif.latitude == -54.175_041_7)
        #expect(exif.longitude == -7.9)
        #expect(exif.altitude == -12.5)
        #expect(exif.resolution == Resolution(x: 8000, y: 8000, unit: .centimetre, source: .exif))
        #expect(exif.resolution?.pixelSize == .size(PixelSize(micrometres: 1.25, source: .exif)))
    }

    @Test func `a block cut into several segments is joined`() throws {
        #expect(EXIF.read(bytes: TagBlock.full().jpeg(step: 100)) == EXIF.read(bytes: TagBlock.full().jpeg()))
    }

    @Test func `coordinates without their letter are left out since the sign would be a guess`() throws {
        var block = TagBlock()
        block.fractions(.gps, 2, [(54, 1), (0, 1), (0, 1)])
        block.text(.gps, 3, "E")
        block.fractions(.gps, 4, [(7, 1), (0, 1), (0, 1)])
        let exif = try #require(EXIF.read(bytes: block.jpeg()))
        #expect(exif.latitude == nil && exif.longitude == nil)
    }

    @Test func `dates that do not exist are passed over for one that does`() throws {
        var block = TagBlock()
        block.text(.exif, 0x9003, "0000:00:00 00:00:00")
        block.text(.exif, 0x9004, "2023:02:29 10:00:00")
        block.text(.image, 0x0132, "2023:02:28 10:00:00")
        #expect(EXIF.read(bytes: block.jpeg())?.date == "2023-02-28T10:00:00")
    }

    @Test(arguments: [0, 9, 65535])
    func `an orientation outside 1 to 8 counts as upright`(value: Int) {
        var block = TagBlock()
        block.short(.image, 0x0112, value)
        #expect(EXIF.read(bytes: block.jpeg())?.orientation == 1)
    }

    @Test func `the JFIF density stands in where EXIF has none`() {
        var block = TagBlock()
        block.text(.image, 0x010f, "x")
        #expect(
            EXIF.read(bytes: block.jpeg(density: (2, 4000, 4000)))?.resolution
                == Resolution(x: 4000, y: 4000, unit: .centimetre, source: .jfif))
        #expect(EXIF.read(bytes: block.jpeg(density: (0, 1, 1)))?.resolution == nil)
        #expect(EXIF.read(bytes: TagBlock.full().jpeg(density: (1, 72, 72)))?.resolution?.source == .exif)
    }

    @Test func `an ImageJ file states its calibration in its description`() {
        var block = TagBlock()
        block.text(.image, 0x010e, "ImageJ=1.53t\nimages=1\nunit=micron\nmin=0\n")
        block.fractions(.image, 0x011a, [(2, 1)])
        block.fractions(.image, 0x011b, [(2, 1)])
        block.short(.image, 0x0128, 1)
        #expect(EXIF.read(bytes: block.jpeg())?.resolution?.pixelSize == .size(PixelSize(micrometres: 0.5, source: .imageJ)))
    }

    @Test func `OME XML states its calibration in its description`() {
        var block = TagBlock()
        block.text(
            .image, 0x010e,
            "<?xml version=\"1.0\"?><OME><Image><Pixels PhysicalSizeX=\"0.65\" PhysicalSizeXUnit=\"µm\" PhysicalSizeY=\"0.65\"/></Image></OME>")
        guard case .size(let size)? = EXIF.read(bytes: block.jpeg())?.resolution?.pixelSize else {
            Issue.record("no pixel size")
            return
        }
        #expect(abs(size.micrometres - 0.65) < 1e-12 && size.source == .ome)
    }

    @Test func `PNG chunks carry EXIF and density`() throws {
        func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
            let count = body.count
            return [UInt8(count >> 24), UInt8(count >> 16 & 255), UInt8(count >> 8 & 255), UInt8(count & 255)] + Array(name.utf8) + body + [0, 0, 0, 0]
        }
        let density: [UInt8] = [0, 0x0c, 0x35, 0, 0, 0x0c, 0x35, 0, 1]  // 800,000 a metre
        var block = TagBlock()
        block.short(.image, 0x0112, 3)
        let signature: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
        let exif = try #require(EXIF.read(bytes: signature + chunk("pHYs", density) + chunk("eXIf", block.bytes()) + chunk("IEND", [])))
        #expect(exif.orientation == 3)
        #expect(exif.resolution?.pixelSize == .size(PixelSize(micrometres: 1.25, source: .png)))
    }

    @Test func `files that are no pictures have no metadata`() {
        #expect(EXIF.read(bytes: []) == nil)
        #expect(EXIF.read(bytes: Array("hello, world".utf8)) == nil)
        #expect(EXIF.read(path: "/nonexistent/x.jpg") == nil)
        #expect(EXIF.read(path: "/") == nil)
        #expect(EXIF.read(bytes: [0xff, 0xd8]) == EXIF())
    }

    @Test func `a block cut or changed anywhere never fails and keeps what is readable`() throws {
        let whole = TagBlock.full().bytes()
        var random: UInt64 = 1
        func next(_ limit: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % limit
        }
        func jpeg(_ block: [UInt8]) -> [UInt8] {
            let part = Array("Exif\0\0".utf8) + block
            return [0xff, 0xd8, 0xff, 0xe1, UInt8((part.count + 2) >> 8), UInt8((part.count + 2) & 255)] + part + [0xff, 0xd9]
        }
        for length in 0..<whole.count { _ = EXIF.read(bytes: jpeg(Array(whole.prefix(length)))) }
        for _ in 0..<5000 {
            var damaged = whole
            for _ in 0..<(1 + next(6)) { damaged[next(damaged.count)] = UInt8(next(256)) }
            _ = EXIF.read(bytes: jpeg(damaged))
            _ = EXIF.read(bytes: damaged)  // as a TIFF file
        }
        // Texts lie at the end of the block: without them the numbers inside the directories remain.
        #expect(EXIF.read(bytes: jpeg(Array(whole.prefix(600))))?.orientation == 6)
    }

    @Test(.enabled(if: SharedData.folder != nil, "needs ../shared/data")) func `real files give what exiftool and Pillow read`() throws {
        let table = try #require(SharedData.text("oracle/decode.csv"))
        let rows = table.split(separator: "\n").map { $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init) }
        let head = rows[0]
        var compared = 0
        for row in rows.dropFirst() where row[0].hasPrefix("exif") {
            guard row.count == head.count else { continue }
            let want = Dictionary(uniqueKeysWithValues: zip(head, row))
            let file = row[0]
            let exif = try #require(EXIF.read(path: SharedData.path(file)), "\(file)")
            let orientation = Int(want["orientation"]!) ?? 1
            #expect(exif.orientation == (1...8 ~= orientation ? orientation : 1), "\(file)")
            for (key, value) in [("make", exif.make), ("model", exif.model), ("software", exif.software)] where want[key] != "" {
                #expect(value == want[key], "\(file) \(key)")
            }
            let date = want["datetimeoriginal"]! != "" ? want["datetimeoriginal"]! : want["datetime"]!
            if date != "" {
                let parts = date.split(separator: " ")
                #expect(exif.date == parts[0].replacing(":", with: "-") + "T" + parts[1], "\(file)")
            }
            for (key, value) in [("exposuretime", exif.exposureTime), ("fnumber", exif.fNumber), ("focallength", exif.focalLength)] {
                guard let number = Double(want[key]!), number < 4e9 else { continue }
                #expect(value.map { abs($0 - number) < 1e-9 * number } == true, "\(file) \(key)")
            }
            if let iso = Int(want["isospeedratings"]!) { #expect(exif.iso == iso, "\(file)") }
            for (key, value) in [("gps_lat", exif.latitude), ("gps_lon", exif.longitude)] {
                if let number = Double(want[key]!) { #expect(value.map { abs($0 - number) < 2e-7 } == true, "\(file) \(key)") }
            }
            compared += 1
        }
        #expect(compared >= 23)
        let resolution = [
            "exif/exif-200dpcm.jpg": Resolution(x: 200, y: 200, unit: .centimetre, source: .exif),
            "exif-cameras/Nikon_D70.jpg": Resolution(x: 240, y: 240, unit: .inch, source: .exif),
            "exif/exif_imagemagick_orientation.png": Resolution(x: 2834, y: 2834, unit: .metre, source: .png),
        ]
        for (file, want) in resolution { #expect(EXIF.read(path: SharedData.path(file))?.resolution == want, "\(file)") }
    }

    @Test func `damaged files of all kinds return`() throws {
        for folder in ["malformed", "tiff-variants", "tiff-libtiffpic", "png-suite", "jpeg-variants"] {
            for file in SharedData.files(folder) {
                _ = EXIF.read(path: file)
                if let bytes = SharedData.bytes(file) {
                    #expect(EXIF.read(bytes: bytes) == EXIF.read(path: file), "\(file)")
                }
            }
        }
    }
}
