import Codecs
import Raster
import Testing

struct LabelFileTests {
    private static func written(_ labels: [LabelFile.Label], _ width: Int, _ height: Int, _ bits: Int, _ format: ImageFormat) throws -> [UInt8] {
        try LabelFile.encode(labels, width: width, height: height, bits: bits, as: format)
    }

    /// Rectangles side by side.
    private static func drawn(_ count: Int, values: (Int) -> UInt32 = { UInt32($0 + 1) }) -> (labels: [LabelFile.Label], width: Int, height: Int) {
        let across = max(1, Int(Double(count).squareRoot()))
        let (width, height) = (across * 4 + 3, (count / across + 1) * 3 + 2)
        let frame = Rect(x: 0, y: 0, width: width, height: height)
        let labels = (0..<count).map { index in
            let (x, y) = (index % across * 4 + 1, index / across * 3 + 1)
            return LabelFile.Label(value: values(index), mask: Mask(bounds: frame, sortedRuns: [Run(y: y, first: x, last: x + 2), Run(y: y + 1, first: x, last: x)]))
        }
        return (labels, width, height)
    }

    @Test(arguments: [(8, ImageFormat.png), (16, .png), (8, .tiff), (16, .tiff), (32, .tiff)])
    func `labels of every depth come back`(bits: Int, format: ImageFormat) throws {
        let (labels, width, height) = Self.drawn(200)
        let image = try LabelFile.read(bytes: try Self.written(labels, width, height, bits, format), name: "a")
        #expect(image.width == width && image.height == height && image.labels == labels && image.pages == 1)
    }

    @Test func `more than 65,535 objects fit into 32 bits`() throws {
        let (labels, width, height) = Self.drawn(70_000)
        let image = try LabelFile.read(bytes: try Self.written(labels, width, height, 32, .tiff), name: "a")
        #expect(image.labels == labels)
        #expect(throws: CodecError.self) { try Self.written(labels, width, height, 32, .png) }
        #expect(throws: CodecError.self) { try Self.written(labels, width, height, 32, .jpeg) }
    }

    @Test(arguments: [ImageFormat.png, .tiff]) func `1-bit masks are 0 and 1`(format: ImageFormat) throws {
        let (labels, width, height) = Self.drawn(1)
        #expect(try LabelFile.read(bytes: try Self.written(labels, width, height, 1, format), name: "a").labels == labels)
        // Palette of our own masks: index 1 is foreground.
        let own = try LabelFile.read(bytes: MaskPNG.encode(labels[0].mask), name: "a")
        #expect(own.labels == labels)
    }

    @Test func `gray pictures hold what their samples say, also 255 and 65535`() throws {
        for value: UInt32 in [1, 3, 255, 65_535] {
            let (labels, width, height) = Self.drawn(1) { _ in value }
            let bits = value > 255 ? 16 : 8
            #expect(try LabelFile.read(bytes: try Self.written(labels, width, height, bits, .png), name: "a").labels.map(\.value) == [value])
        }
    }

    @Test func `of colour pictures each colour is a label`() throws {
        let black = BGR<UInt8>(blue: 0, green: 0, red: 0), red = BGR<UInt8>(blue: 0, green: 0, red: 200), gray = BGR<UInt8>(blue: 9, green: 9, red: 9)
        let picture = AnyImage.color8(Image(width: 3, height: 2, pixels: [black, red, red, gray, black, red]))
        for bytes in [try PNGWriter.encode(picture), try TIFFWriter.encode(picture)] {
            let image = try LabelFile.read(bytes: bytes, name: "a")
            #expect(image.labels.map(\.value) == [9, 200 << 16] && image.labels.map(\.mask.area) == [1, 3])
        }
    }

    @Test func `what holds no labels is refused`() throws {
        let jpeg = try JPEGWriter.encode(Drawn.gray8(9, 9), quality: 90)
        #expect { try LabelFile.read(bytes: jpeg, name: "a") } throws: { "\($0)".contains("JPEG changes values") }
        #expect(throws: CodecError.empty(file: "a")) { try LabelFile.read(bytes: [], name: "a") }
        let png = try PNGWriter.encode(Drawn.gray8(300, 300))
        #expect(throws: CodecError.self) { try LabelFile.read(bytes: Array(png.prefix(png.count / 2)), name: "a") }
        #expect { try LabelFile.read(bytes: png, name: "a", limits: DecodeLimits(maxPixelBytes: 100_000)) } throws: { "\($0)".contains("pieces") }
    }

    /// Palette of a PNG: the index is the label, whatever its colour.
    @Test func `a palette's index is the label`() throws {
        func chunk(_ name: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(name.utf8) + data
            var table = [UInt32](repeating: 0, count: 256)
            for index in 0..<256 {
                var value = UInt32(index)
                for _ in 0..<8 { value = value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
                table[index] = value
            }
            var sum = ~UInt32(0)
            for byte in body { sum = table[Int((sum ^ UInt32(byte)) & 255)] ^ (sum >> 8) }
            sum = ~sum
            func big(_ value: UInt32) -> [UInt8] { [24, 16, 8, 0].map { (shift: UInt32) in UInt8(truncatingIfNeeded: value >> shift) } }
            let length: [UInt8] = big(UInt32(data.count))
            return length + body + big(sum)
        }
        // 4 × 1 pixels of 4 bits: 0 2 1 2, stored without compression.
        let raw: [UInt8] = [0, 0x02, 0x12]
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in raw {
            a += UInt32(byte)
            b += a
        }
        let data: [UInt8] = [0x78, 1, 1, 3, 0, 0xFC, 0xFF] + raw + [UInt8(b >> 8), UInt8(b & 255), UInt8(a >> 8), UInt8(a & 255)]
        var png: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 13, 10, 26, 10]
        png += chunk("IHDR", [0, 0, 0, 4, 0, 0, 0, 1, 4, 3, 0, 0, 0])
        png += chunk("PLTE", [255, 255, 255, 10, 20, 30, 255, 255, 255])
        png += chunk("IDAT", data)
        png += chunk("IEND", [])
        let image = try LabelFile.read(bytes: png, name: "a")
        #expect(image.labels.map(\.value) == [1, 2] && image.labels[1].mask.runs == [Run(y: 0, first: 1, last: 1), Run(y: 0, first: 3, last: 3)])
    }

    @Test func `somebody's mask of 0 and 1 has the area that NumPy counts`() throws {
        guard SharedData.folder != nil, let bytes = SharedData.bytes(SharedData.path("uploaded-masks/plateLabel2D.tif")) else { return }
        let image = try LabelFile.read(bytes: bytes, name: "plateLabel2D.tif")
        #expect(image.width == 1024 && image.height == 943 && image.labels.map(\.value) == [1] && image.labels[0].mask.area == 139_391)
    }
}
