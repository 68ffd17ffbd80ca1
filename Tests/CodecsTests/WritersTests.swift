import Codecs
import Raster
import Testing

struct PNGWriterTests {
    @Test(arguments: [(1, 1), (7, 5), (64, 3)])
    func `every kind comes back bit for bit`(width: Int, height: Int) throws {
        for picture in Drawn.all(width, height) {
            for level in [0, 3, 9] { #expect(try ImageFile.decode(bytes: PNGWriter.encode(picture, compression: level), name: "a") == picture) }
        }
    }

    /// 400 × 300 in colour is more than two blocks of the packing, and flat rows hold runs longer than one match.
    @Test(arguments: [(400, 300), (523, 4), (3, 700)])
    func `grain, steps and flat pictures come back bit for bit, and flat ones are small`(width: Int, height: Int) throws {
        for strength in [0, 1, 2, 7, 60, 255] {
            var state: UInt32 = 9
            func level(_ x: Int, _ y: Int) -> UInt8 {
                state = state &* 1_664_525 &+ 1_013_904_223
                // Rows that repeat the row above stand between those of grain.
                return y % 3 == 0 && strength < 255 ? UInt8(x / 40 * 3 % 256) : UInt8((100 + Int(state >> 16) % (strength + 1)) % 256)
            }
            var gray = Image<UInt8>(width: width, height: height, repeating: 0)
            var color = Image(width: width, height: height, repeating: BGR<UInt8>(blue: 0, green: 0, red: 0))
            for y in 0..<height {
                for x in 0..<width {
                    gray[x, y] = level(x, y)
                    color[x, y] = BGR(blue: level(x, y), green: UInt8(y % 256), red: level(x, y))
                }
            }
            for picture in [AnyImage.gray8(gray), .color8(color)] { #expect(try ImageFile.decode(bytes: PNGWriter.encode(picture), name: "a") == picture) }
        }
        let flat = AnyImage.color8(Image(width: width, height: height, repeating: BGR<UInt8>(blue: 3, green: 200, red: 90)))
        let bytes = try PNGWriter.encode(flat)
        #expect(try ImageFile.decode(bytes: bytes, name: "a") == flat)
        // A code or two for each row, whose first byte names its filter.
        #expect(bytes.count < 200 + height + width * height * 3 / 100)
        #expect(try PNGWriter.encode(flat) == bytes)
    }

    @Test func `pixel size is stored`() throws {
        let header = try ImageFile.header(bytes: PNGWriter.encode(Drawn.gray8(2, 2), pixelSizeMicrometres: 2.5), name: "a")
        #expect(header.resolution?.pixelSizeMicrometres.x == 2.5)
    }

    @Test func `an empty picture is refused`() {
        #expect(throws: CodecError.self) { try PNGWriter.encode(.gray8(Image(width: 0, height: 3, pixels: []))) }
    }
}

struct TIFFWriterTests {
    @Test(arguments: [TIFFWriter.Compression.none, .lzw, .deflate])
    func `every kind comes back bit for bit`(compression: TIFFWriter.Compression) throws {
        for picture in Drawn.all(61, 47) + Drawn.all(1, 1) {
            #expect(try ImageFile.decode(bytes: TIFFWriter.encode(picture, compression: compression), name: "a") == picture)
        }
    }

    @Test func `pixel size is stored`() throws {
        let header = try ImageFile.header(bytes: TIFFWriter.encode(Drawn.gray8(2, 2), pixelSizeMicrometres: 2.5), name: "a")
        #expect(header.resolution == Resolution(x: 4000, y: 4000, unit: .centimetre, source: .tiff))
    }
}

struct JPEGWriterTests {
    @Test func `gray and colour come back within the loss of their quality`() throws {
        var gray = Image<UInt8>(width: 40, height: 30, repeating: 0)
        var color = Image(width: 40, height: 30, repeating: BGR<UInt8>(blue: 0, green: 100, red: 0))
        for y in 0..<30 {
            for x in 0..<40 {
                gray[x, y] = UInt8(4 * x + 3 * y)
                color[x, y].blue = UInt8(4 * x)
                color[x, y].red = UInt8(5 * y)
            }
        }
        for picture in [AnyImage.gray8(gray), .color8(color)] {
            let back = try ImageFile.decode(bytes: JPEGWriter.encode(picture, quality: 95, fullChroma: true), name: "a")
            #expect(back.channels == picture.channels)
            let worst = zip(Drawn.bytes(back), Drawn.bytes(picture)).map { abs(Int($0) - Int($1)) }.max() ?? 0
            #expect(worst <= 6)
        }
    }

    @Test func `what JPEG cannot hold is refused`() {
        #expect(throws: CodecError.cannotEncode(reason: "JPEG holds 8 bits a sample, and it has 16; write PNG or TIFF")) { try JPEGWriter.encode(Drawn.gray16(2, 2)) }
        #expect(throws: CodecError.self) { try JPEGWriter.encode(.gray8(Image(width: 65_501, height: 1, repeating: 0))) }
    }
}
