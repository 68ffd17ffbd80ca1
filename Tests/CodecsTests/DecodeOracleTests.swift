import Codecs
import Foundation
import Raster
import Testing

/// What Pillow, OpenCV and tifffile decode from the same files (`oracle/decode.csv` of the shared data).
struct DecodeOracleTests {
    private static let rows: [[String: String]] = {
        guard let text = SharedData.text("oracle/decode.csv") else { return [] }
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        let names = lines[0].components(separatedBy: ",")
        return lines.dropFirst().map { Dictionary(zip(names, $0.components(separatedBy: ",")), uniquingKeysWith: { first, _ in first }) }
    }()

    /// Rows in RGB order, as the oracles hash them.
    private func hash(_ image: AnyImage, oneBit: Bool) -> String {
        var bytes = Drawn.bytes(image)
        if oneBit { bytes = bytes.map { $0 > 127 ? 1 : 0 } }
        if image.channels == 3 {
            let size = image.bitsPerSample / 8
            for at in stride(from: 0, to: bytes.count, by: 3 * size) {
                for byte in 0..<size { bytes.swapAt(at + byte, at + 2 * size + byte) }
            }
        }
        return SHA256.hex(bytes)
    }

    @Test(.enabled(if: SharedData.folder != nil), arguments: ["png-suite", "png-odd", "jpeg-variants", "tiff-variants", "tiff-libtiffpic", "exif", "exif-cameras", "remote-sensing"])
    func `pixels equal those of another reader`(set: String) throws {
        var (equal, other, refused) = (0, 0, 0)
        for row in Self.rows {
            guard let file = row["file"], file.hasPrefix(set + "/"), let folder = SharedData.folder else { continue }
            let oracles = ["pillow", "opencv", "tifffile"]
            let decodable = oracles.contains { row[$0] == "ok" }
            do throws(CodecError) {
                let image = try ImageFile.decode(path: folder + "/" + file)
                let hashes = oracles.compactMap { row[$0 + "_sha256"] }.filter { !$0.isEmpty }
                if hashes.contains(hash(image, oneBit: false)) || hashes.contains(hash(image, oneBit: true)) {
                    equal += 1
                } else {
                    // Palettes, alpha, CMYK and few bits have another shape there; our own tables test them.
                    other += 1
                    let header = try ImageFile.header(path: folder + "/" + file)
                    #expect(!header.notes.isEmpty || row["tifffile_shape"]?.hasPrefix("3x") == true || !decodable, "\(file) differs from every other reader")
                }
            } catch {
                refused += 1
                // What others read and we refuse: samples of other kinds, and files with checksums that are wrong.
                let kinds = ["float16", "float32", "float64", "int8", "int16", "int32", "uint32", "uint64"]
                let foreign = oracles.contains { kinds.contains(row[$0 + "_dtype"] ?? "") }
                if decodable, !foreign { #expect("\(error)".contains("CRC error"), "\(file): \(error)") }
            }
        }
        print("\(set): \(equal) equal, \(other) of another shape, \(refused) refused")
        #expect(equal + other > 0)
    }

    @Test(.enabled(if: SharedData.folder != nil))
    func `every damaged file is an error or an image`() throws {
        var (decoded, refused) = (0, 0)
        for path in SharedData.files("malformed") {
            do throws(CodecError) {
                _ = try ImageFile.decode(path: path)
                decoded += 1
            } catch {
                refused += 1
                #expect("\(error)".count < 400)
            }
        }
        print("malformed: \(decoded) decoded, \(refused) refused")
        #expect(refused > 150)
    }

    @Test(.enabled(if: SharedData.folder != nil))
    func `the whole PngSuite is read and its broken files are refused`() throws {
        for path in SharedData.files("png-suite") where path.hasSuffix(".png") {
            let name = path.split(separator: "/").last.map(String.init) ?? ""
            if name.hasPrefix("x") {
                #expect(throws: CodecError.self, "\(name)") { try ImageFile.decode(path: path) }
            } else {
                #expect(throws: Never.self, "\(name)") { try ImageFile.decode(path: path) }
            }
        }
    }

    @Test(.enabled(if: SharedData.folder != nil))
    func `pages of a TIFF are chosen by number`() throws {
        let path = SharedData.path("tiff-variants/multipage.tiff")
        #expect(try ImageFile.header(path: path).pages == 3)
        let first = try ImageFile.decode(path: path)
        for page in 1..<3 { #expect(try ImageFile.decode(path: path, page: page) != first) }
        #expect(throws: CodecError.noSuchPage(file: "multipage.tiff", page: 3, pages: 3)) { try ImageFile.decode(path: path, page: 3) }
    }
}

/// FIPS 180-4, for tests only: the imaging core needs no hashes.
enum SHA256 {
    static func hex(_ bytes: [UInt8]) -> String {
        let primes = (2..<312).filter { n in !(2..<n).contains { n % $0 == 0 } }
        func fraction(_ value: Double) -> UInt32 { UInt32((value - value.rounded(.down)) * 4_294_967_296) }
        let constants = primes.prefix(64).map { fraction(cbrt(Double($0))) }
        var state = primes.prefix(8).map { fraction(Double($0).squareRoot()) }
        var data = bytes + [0x80]
        while data.count % 64 != 56 { data.append(0) }
        data += (0..<8).map { UInt8((bytes.count * 8) >> (56 - 8 * $0) & 255) }
        func turn(_ x: UInt32, _ n: UInt32) -> UInt32 { x >> n | x << (32 - n) }
        var words = [UInt32](repeating: 0, count: 64)
        for block in stride(from: 0, to: data.count, by: 64) {
            for i in 0..<16 { words[i] = (0..<4).reduce(0) { $0 << 8 | UInt32(data[block + 4 * i + $1]) } }
            for i in 16..<64 {
                let a = turn(words[i - 15], 7) ^ turn(words[i - 15], 18) ^ words[i - 15] >> 3
                let b = turn(words[i - 2], 17) ^ turn(words[i - 2], 19) ^ words[i - 2] >> 10
                words[i] = words[i - 16] &+ a &+ words[i - 7] &+ b
            }
            var (a, b, c, d, e, f, g, h) = (state[0], state[1], state[2], state[3], state[4], state[5], state[6], state[7])
            for i in 0..<64 {
                let one = h &+ (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) &+ (e & f ^ ~e & g) &+ constants[i] &+ words[i]
                let two = (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) &+ (a & b ^ a & c ^ b & c)
                (h, g, f, e, d, c, b, a) = (g, f, e, d &+ one, c, b, a, one &+ two)
            }
            state = zip(state, [a, b, c, d, e, f, g, h]).map { $0 &+ $1 }
        }
        return state.map { word in (0..<8).map { String(word >> (28 - 4 * UInt32($0)) & 15, radix: 16) }.joined() }.joined()
    }
}
