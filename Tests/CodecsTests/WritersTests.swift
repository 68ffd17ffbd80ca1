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
