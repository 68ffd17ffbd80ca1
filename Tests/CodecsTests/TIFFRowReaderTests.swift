import Codecs
import Raster
import Testing

struct TIFFRowReaderTests {
    private func decode(_ file: [UInt8]) throws -> AnyImage { try ImageFile.decode(bytes: file, name: "a.tif") }
    private typealias T = HandmadeTIFF

    @Test func `min-is-white is turned, one bit becomes 0 and 255`() throws {
        let white = T.file(tags: T.tags(width: 10, height: 1, bits: [1], photometric: 0), strips: [[0b1010_0000, 0b0100_0000]])
        #expect(try Drawn.bytes(decode(white)) == [0, 255, 0, 255, 255, 255, 255, 255, 255, 0])
        let gray = T.file(tags: T.tags(width: 3, height: 1, bits: [8], photometric: 0), strips: [[0, 10, 255]])
        #expect(try Drawn.bytes(decode(gray)) == [255, 245, 0])
    }

    @Test(arguments: [false, true])
    func `twelve and sixteen bits keep their values in either byte order`(bigEndian: Bool) throws {
        let twelve = T.file(bigEndian: bigEndian, tags: T.tags(width: 3, height: 1, bits: [12], photometric: 1), strips: [[0xFF, 0xF0, 0x01, 0x80, 0x00]])
        guard case .gray16(let image) = try decode(twelve) else { Issue.record("not 16-bit gray"); return }
        #expect([image[0, 0], image[1, 0], image[2, 0]] == [0xFFF, 0x001, 0x800])
        let bytes: [UInt8] = bigEndian ? [0x12, 0x34, 0, 7] : [0x34, 0x12, 7, 0]
        let sixteen = T.file(bigEndian: bigEndian, tags: T.tags(width: 1, height: 2, bits: [16], photometric: 1, rowsPerStrip: 1), strips: [Array(bytes[..<2]), Array(bytes[2...])])
        guard case .gray16(let wide) = try decode(sixteen) else { Issue.record("not 16-bit gray"); return }
        #expect([wide[0, 0], wide[0, 1]] == [0x1234, 7])
    }

    @Test func `separate planes equal contiguous pixels`() throws {
        let planes = T.file(
            tags: T.tags(width: 2, height: 2, bits: [8, 8, 8], photometric: 2, planar: 2), strips: [[1, 2, 3, 4], [11, 12, 13, 14], [21, 22, 23, 24]])
        let pixels = T.file(
            tags: T.tags(width: 2, height: 2, bits: [8, 8, 8], photometric: 2), strips: [[1, 11, 21, 2, 12, 22, 3, 13, 23, 4, 14, 24]])
        #expect(try decode(planes) == decode(pixels))
        #expect(try Drawn.bytes(decode(pixels)).prefix(6) == [21, 11, 1, 22, 12, 2])
    }

    @Test func `separate planes of packed strips are read side by side`() throws {
        func row(_ plane: Int, _ y: Int) -> [UInt8] { (0..<5).map { UInt8(100 * plane + 10 * y + $0) } }
        // Two strips a plane, of three rows and one.
        let strips = (0..<3).flatMap { plane in [T.packBits((0..<3).map { row(plane, $0) }), T.packBits([row(plane, 3)])] }
        let file = T.file(
            tags: T.tags(width: 5, height: 4, bits: [8, 8, 8], photometric: 2, rowsPerStrip: 3, planar: 2, compression: 32773), strips: strips)
        var expected: [UInt8] = []
        for y in 0..<4 { for x in 0..<5 { for plane in [2, 1, 0] { expected.append(row(plane, y)[x]) } } }
        #expect(try Drawn.bytes(decode(file)) == expected)
    }

    @Test func `a palette of 16-bit colours gives their upper halves`() throws {
        let map = (0..<16).map { $0 * 0x1111 } + (0..<16).map { _ in 0x0200 } + (0..<16).map { 0xFFFF - $0 }
        let file = T.file(tags: T.tags(width: 2, height: 1, bits: [4], photometric: 3, more: [(320, .short(map))]), strips: [[0x2F]])
        #expect(try Drawn.bytes(decode(file)) == [0xFF, 2, 0x22, 0xFF, 2, 0xFF])
    }

    @Test func `alpha is composed on white, whether multiplied in or not`() throws {
        let plain = T.file(tags: T.tags(width: 1, height: 1, bits: [8, 8, 8, 8], photometric: 2, more: [(338, .short([2]))]), strips: [[10, 20, 30, 128]])
        #expect(try Drawn.bytes(decode(plain)) == [142, 137, 132])
        let multiplied = T.file(tags: T.tags(width: 1, height: 1, bits: [8, 8, 8, 8], photometric: 2, more: [(338, .short([1]))]), strips: [[10, 20, 30, 128]])
        #expect(try Drawn.bytes(decode(multiplied)) == [157, 147, 137])
        let unnamed = T.file(tags: T.tags(width: 1, height: 1, bits: [8, 8], photometric: 1, more: [(338, .short([0]))]), strips: [[10, 20]])
        #expect(try Drawn.bytes(decode(unnamed)) == [10])
        #expect(try ImageFile.header(bytes: unnamed, name: "a").notes == ["Only the first 1 of 2 channels are used"])
    }

    @Test func `CMYK becomes colour`() throws {
        let file = T.file(tags: T.tags(width: 2, height: 1, bits: [8, 8, 8, 8], photometric: 5), strips: [[0, 0, 0, 0, 255, 0, 100, 51]])
        #expect(try Drawn.bytes(decode(file)) == [255, 255, 255, 124, 204, 0])
    }

    @Test func `tiles that reach beyond the picture are cut`() throws {
        let (width, height) = (20, 18)
        var tiles = [[UInt8]](repeating: [UInt8](repeating: 99, count: 256), count: 4)
        for y in 0..<height {
            for x in 0..<width { tiles[y / 16 * 2 + x / 16][y % 16 * 16 + x % 16] = UInt8((x * 7 + y * 11) & 255) }
        }
        let tags = T.tags(width: width, height: height, bits: [8], photometric: 1).filter { $0.0 != 278 } + [(322, .short([16])), (323, .short([16]))]
        let file = T.file(tags: tags, strips: tiles, tiles: true)
        #expect(try Drawn.bytes(decode(file)) == (0..<(width * height)).map { UInt8(($0 % width * 7 + $0 / width * 11) & 255) })
    }

    @Test(arguments: [(32, 1, "its samples have 32 bits"), (16, 2, "its samples are signed numbers"), (32, 3, "its samples are floating-point numbers")])
    func `samples that 8 and 16 bits cannot hold are refused`(bits: Int, format: Int, reason: String) throws {
        let file = T.file(tags: T.tags(width: 1, height: 1, bits: [bits], photometric: 1, more: [(339, .short([format]))]), strips: [[1, 2, 3, 4]])
        #expect(throws: CodecError.unsupported(file: "a.tif", reason: reason)) { try decode(file) }
    }

    @Test func `a strip outside the file is an error`() throws {
        var file = T.file(tags: T.tags(width: 4, height: 4, bits: [8], photometric: 1), strips: [[UInt8](repeating: 5, count: 16)])
        file = Array(file)
        let tags = T.tags(width: 4, height: 40_000, bits: [8], photometric: 1)
        let long = T.file(tags: tags, strips: [[UInt8](repeating: 5, count: 16)])
        #expect(throws: CodecError.self) { try decode(long) }
        #expect(try decode(file).width == 4)
    }
}
