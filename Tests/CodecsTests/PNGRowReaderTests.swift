import Codecs
import Raster
import Testing

struct PNGRowReaderTests {
    private func decode(_ file: [UInt8]) throws -> AnyImage { try ImageFile.decode(bytes: file, name: "a.png") }

    @Test func `one-bit gray becomes 0 and 255`() throws {
        let file = HandmadePNG.file(width: 10, height: 2, bits: 1, colorType: 0, rows: [0, 0b1010_0000, 0b0100_0000, 0, 0xFF, 0xC0])
        #expect(try Drawn.bytes(decode(file)) == [255, 0, 255, 0, 0, 0, 0, 0, 0, 255] + [UInt8](repeating: 255, count: 10))
    }

    @Test func `two and four bits are spread over the whole range`() throws {
        let two = HandmadePNG.file(width: 4, height: 1, bits: 2, colorType: 0, rows: [0, 0b0001_1011])
        #expect(try Drawn.bytes(decode(two)) == [0, 85, 170, 255])
        let four = HandmadePNG.file(width: 2, height: 1, bits: 4, colorType: 0, rows: [0, 0x1F])
        #expect(try Drawn.bytes(decode(four)) == [17, 255])
    }

    @Test func `a palette gives colours in the order blue, green, red`() throws {
        let file = HandmadePNG.file(width: 2, height: 1, bits: 8, colorType: 3, chunks: [("PLTE", [1, 2, 3, 4, 5, 6])], rows: [0, 1, 0])
        #expect(try Drawn.bytes(decode(file)) == [6, 5, 4, 3, 2, 1])
        let header = try ImageFile.header(bytes: file, name: "a.png")
        #expect(header.channels == 3 && !header.hadAlpha)
    }

    @Test func `transparency is composed on white and noted`() throws {
        let file = HandmadePNG.file(width: 3, height: 1, bits: 8, colorType: 6, rows: [0, 10, 20, 30, 255, 10, 20, 30, 0, 10, 20, 30, 128])
        // (c * a + 255 * (255 - a)) / 255, rounded
        #expect(try Drawn.bytes(decode(file)) == [30, 20, 10, 255, 255, 255, 142, 137, 132])
        let header = try ImageFile.header(bytes: file, name: "a.png")
        #expect(header.hadAlpha && header.notes == ["Transparency was composed on white"])
        let gray = HandmadePNG.file(width: 2, height: 1, bits: 16, colorType: 4, rows: [0, 0x10, 0, 0x80, 0, 0x12, 0x34, 0xFF, 0xFF])
        guard case .gray16(let wide) = try decode(gray) else { Issue.record("not 16-bit gray"); return }
        // (0x1000 * 0x8000 + 65535 * (65535 - 0x8000) + 32767) / 65535
        #expect([wide[0, 0], wide[1, 0]] == [34_815, 0x1234])
        let keyed = HandmadePNG.file(width: 2, height: 1, bits: 8, colorType: 0, chunks: [("tRNS", [0, 7])], rows: [0, 7, 8])
        #expect(try Drawn.bytes(decode(keyed)) == [255, 8])
    }

    @Test func `sixteen bits come in native order`() throws {
        let file = HandmadePNG.file(width: 1, height: 1, bits: 16, colorType: 2, rows: [0, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06])
        guard case .color16(let image) = try decode(file) else { Issue.record("not 16-bit colour"); return }
        #expect(image[0, 0] == BGR(blue: 0x0506, green: 0x0304, red: 0x0102))
    }

    @Test func `an interlaced picture comes out as a plain one`() throws {
        // Adam7 of 3 × 3: passes 1 (1 pixel), 4 (one pixel), 5 (row 2: 2 pixels), 6 (rows 0, 2: 1 pixel), 7 (row 1: 3 pixels).
        let file = HandmadePNG.file(
            width: 3, height: 3, bits: 8, colorType: 0, interlace: 1, rows: [0, 1, 0, 3, 0, 7, 9, 0, 2, 0, 8, 0, 4, 5, 6])
        #expect(try Drawn.bytes(decode(file)) == [1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    @Test func `resolution is read`() throws {
        let file = HandmadePNG.file(
            width: 1, height: 1, bits: 8, colorType: 0, chunks: [("pHYs", HandmadePNG.big(200_000) + HandmadePNG.big(100_000) + [1])], rows: [0, 9])
        let resolution = try #require(try ImageFile.header(bytes: file, name: "a.png").resolution)
        let size = resolution.pixelSizeMicrometres
        #expect((size.x, size.y) == (5, 10))
    }

    @Test func `a text that says it is huge takes no memory`() throws {
        // 700 MB by its length, though the file ends after a few bytes; libpng would take all of it at once.
        let plain = HandmadePNG.file(width: 1, height: 1, bits: 8, colorType: 0, rows: [0, 9])
        let file = Array(plain[..<33]) + HandmadePNG.big(700_000_000) + Array("tEXtTitle\0drawn".utf8)
        #expect(throws: CodecError.truncated(file: "a.png", row: nil)) { try decode(file) }
        #expect(FileMetadata.read(bytes: file) != nil)
    }

    @Test func `a wrong checksum is an error`() throws {
        var file = try PNGWriter.encode(Drawn.gray8(8, 8))
        file[file.count - 13] ^= 1  // checksum of IDAT
        #expect(throws: CodecError.self) { try decode(file) }
    }
}
