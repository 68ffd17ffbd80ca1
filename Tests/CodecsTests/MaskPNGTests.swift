import Codecs
import Raster
import Testing

struct MaskPNGTests {
    /// Blobs, thin lines and noise.
    private func drawn(_ width: Int, _ height: Int, kind: Int, x: Int = 0, y: Int = 0) -> Mask {
        var random = Drawn.Random(UInt64(width * 31 + height * 7 + kind))
        var raster = BitRaster(width: width, height: height)
        var runs: [Run] = []
        for row in 0..<height {
            switch kind {
            case 0: break
            case 1: runs.append(Run(y: row, first: 0, last: width - 1))
            case 2: for column in 0..<width where random.below(2) == 0 { runs.append(Run(y: row, first: column, last: column)) }
            default:
                let first = random.below(width)
                runs.append(Run(y: row, first: first, last: min(width - 1, first + random.below(max(1, width / 2)))))
            }
        }
        raster.add(Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs))
        return raster.mask(x: x, y: y)
    }

    @Test(arguments: [(1, 1), (7, 3), (8, 8), (9, 2), (64, 64), (65, 5), (257, 100), (300_001, 3), (3, 1000)])
    func `masks of any size come back as they were`(width: Int, height: Int) throws {
        for kind in 0...3 {
            let mask = drawn(width, height, kind: kind, x: 12, y: -5)
            let png = MaskPNG.encode(mask, color: 0x0072B2)
            #expect(try MaskPNG.decode(png, origin: (12, -5)) == mask)
        }
    }

    @Test func `any reader sees colour on transparent ground`() throws {
        let png = MaskPNG.encode(Mask("#.", ".#"), color: 0x102030)
        #expect(try Drawn.bytes(ImageFile.decode(bytes: png, name: "a")) == [0x30, 0x20, 0x10, 255, 255, 255, 255, 255, 255, 0x30, 0x20, 0x10])
        #expect(try ImageFile.header(bytes: png, name: "a").hadAlpha)
    }

    @Test func `another colour changes the palette and its checksum only`() throws {
        let mask = drawn(90, 40, kind: 3)
        let red = MaskPNG.encode(mask, color: 0xFF0000)
        let blue = try MaskPNG.recolored(red, color: 0x0000FF)
        #expect(blue == MaskPNG.encode(mask, color: 0x0000FF))
        #expect(zip(red, blue).filter { $0 != $1 }.count <= 3 + 4)
        #expect(throws: CodecError.self) { try MaskPNG.recolored(PNGWriter.encode(Drawn.gray8(2, 2)), color: 0) }
        #expect(throws: CodecError.self) { try MaskPNG.recolored([1, 2, 3], color: 0) }
    }

    @Test func `an empty box becomes one transparent pixel`() throws {
        let png = MaskPNG.encode(Mask(bounds: Rect(x: 4, y: 4, width: 0, height: 0), sortedRuns: []))
        let mask = try MaskPNG.decode(png)
        #expect(mask.isEmpty && mask.bounds == Rect(x: 0, y: 0, width: 1, height: 1))
    }

    @Test func `a damaged file of our own is refused or has the right size, and never another picture`() throws {
        let mask = Mask("##..#.", "#.##..", "......", ".#####")
        let png = MaskPNG.encode(mask, color: 0x123456)
        for index in png.indices {
            var damaged = png
            damaged[index] ^= 0x10
            if let decoded = try? MaskPNG.decode(damaged) { #expect(decoded == mask, "byte \(index)") }
            if index < png.count - 12 { #expect(throws: CodecError.self) { try MaskPNG.decode(Array(png[..<index])) } }
        }
    }

    @Test func `one-bit pictures of others are read: gray, palettes either way round`() throws {
        let rows: [UInt8] = [0, 0b1100_0000, 0, 0b0010_0000]
        let expected = Mask("##.", "..#")
        #expect(try MaskPNG.decode(HandmadePNG.file(width: 3, height: 2, bits: 1, colorType: 0, rows: rows)) == expected)
        let palette: (String, [UInt8]) = ("PLTE", [0, 0, 0, 255, 255, 255])
        #expect(try MaskPNG.decode(HandmadePNG.file(width: 3, height: 2, bits: 1, colorType: 3, chunks: [palette], rows: rows)) == expected)
        let turned: [UInt8] = [0, 0b0010_0000, 0, 0b1100_0000]
        #expect(
            try MaskPNG.decode(
                HandmadePNG.file(width: 3, height: 2, bits: 1, colorType: 3, chunks: [palette, ("tRNS", [255, 0])], rows: turned)) == expected)
    }

    @Test func `what is no one-bit picture is refused`() throws {
        for bytes in [[], [1, 2, 3], try PNGWriter.encode(Drawn.gray8(2, 2)), Array(MaskPNG.encode(Mask("##")).dropLast(30))] {
            #expect(throws: CodecError.self) { try MaskPNG.decode(bytes) }
        }
    }

    @Test func `drawn bits give the same file as runs`() {
        for (width, height) in [(1, 1), (63, 4), (64, 4), (130, 17)] {
            for kind in 0...3 {
                let mask = drawn(width, height, kind: kind)
                var raster = BitRaster(width: width, height: height)
                raster.add(mask)
                #expect(MaskPNG.encode(raster, color: 7) == MaskPNG.encode(mask, color: 7))
            }
        }
    }

    @Test func `bytes whose frequencies grow like Fibonacci numbers, where codes would be too long, come back`() throws {
        var (bytes, counts) = ([UInt8](), (1, 1))
        for symbol in 0..<24 {
            bytes += [UInt8](repeating: UInt8(symbol * 11), count: counts.0)
            counts = (counts.1, counts.0 + counts.1)
        }
        var random = Drawn.Random(77)
        bytes.shuffle(using: &random)
        let width = 8 * 400
        var raster = BitRaster(width: width, height: bytes.count / 400)
        for row in 0..<raster.height {
            for byte in 0..<400 {
                let word = row * raster.wordsPerRow + byte / 8
                raster.words[word] |= UInt64(bytes[row * 400 + byte]) << UInt64(56 - byte % 8 * 8)
            }
        }
        #expect(try MaskPNG.decode(MaskPNG.encode(raster)) == raster.mask())
    }

    @Test func `a picture of specks is refused when its runs pass the limit`() throws {
        let specks = Image<UInt8>(width: 64, height: 64, pixels: (0..<4096).map { $0 % 2 == 0 ? 255 : 0 })
        let mask = BitRaster(specks).mask()
        #expect(throws: CodecError.self) { try MaskPNG.decode(MaskPNG.encode(mask), limits: DecodeLimits(maxPixelBytes: 12 * 2000)) }
        #expect(try MaskPNG.decode(MaskPNG.encode(mask), limits: DecodeLimits(maxPixelBytes: 12 * 2048)) == mask)
    }
}

extension BitRaster {
    fileprivate init(_ image: Image<UInt8>) {
        self.init(width: image.width, height: image.height)
        for y in 0..<height { for x in 0..<width where image[x, y] > 0 { words[y * wordsPerRow + x / 64] |= 1 << UInt64(63 - x % 64) } }
    }
}
