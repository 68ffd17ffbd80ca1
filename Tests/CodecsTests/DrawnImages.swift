import Codecs
import Raster

/// Pictures and files drawn by the tests themselves.
enum Drawn {
    /// The same numbers on every machine (xorshift64*).
    struct Random: RandomNumberGenerator {
        var state: UInt64
        init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
        mutating func next() -> UInt64 {
            state ^= state >> 12
            state ^= state << 25
            state ^= state >> 27
            return state &* 0x2545_F491_4F6C_DD1D
        }
        mutating func below(_ bound: Int) -> Int { Int(next() >> 11) % bound }
    }

    static func gray8(_ width: Int, _ height: Int, seed: UInt64 = 1) -> AnyImage {
        var random = Random(seed)
        return .gray8(Image(width: width, height: height, pixels: (0..<(width * height)).map { UInt8(($0 % width * 3 + $0 / width * 5 + random.below(9)) & 255) }))
    }

    static func gray16(_ width: Int, _ height: Int, seed: UInt64 = 2) -> AnyImage {
        var random = Random(seed)
        return .gray16(Image(width: width, height: height, pixels: (0..<(width * height)).map { UInt16(($0 * 37 + random.below(500)) & 65535) }))
    }

    static func color8(_ width: Int, _ height: Int, seed: UInt64 = 3) -> AnyImage {
        var random = Random(seed)
        return .color8(
            Image(
                width: width, height: height,
                pixels: (0..<(width * height)).map {
                    BGR(blue: UInt8($0 % width & 255), green: UInt8($0 / width & 255), red: UInt8(random.below(256)))
                }))
    }

    static func color16(_ width: Int, _ height: Int, seed: UInt64 = 4) -> AnyImage {
        var random = Random(seed)
        return .color16(
            Image(
                width: width, height: height,
                pixels: (0..<(width * height)).map {
                    BGR(blue: UInt16($0 & 65535), green: UInt16(random.below(65536)), red: UInt16(65535 - $0 & 65535))
                }))
    }

    static func all(_ width: Int, _ height: Int) -> [AnyImage] {
        [gray8(width, height), gray16(width, height), color8(width, height), color16(width, height)]
    }

    /// All samples as bytes in native order.
    static func bytes(_ image: AnyImage) -> [UInt8] {
        func go<Pixel>(_ image: Image<Pixel>) -> [UInt8] { image.withBuffer { Array(UnsafeRawBufferPointer($0)) } }
        return switch image {
        case .gray8(let image): go(image)
        case .gray16(let image): go(image)
        case .color8(let image): go(image)
        case .color16(let image): go(image)
        }
    }
}

/// PNG files put together by hand, uncompressed, for kinds that our writer does not make.
enum HandmadePNG {
    static func file(
        width: Int, height: Int, bits: Int, colorType: Int, interlace: Int = 0, chunks: [(String, [UInt8])] = [], rows: [UInt8]
    ) -> [UInt8] {
        var out: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
        func chunk(_ name: String, _ data: [UInt8]) {
            let body = Array(name.utf8) + data
            out += big(data.count) + body + big(Int(crc(body)))
        }
        chunk("IHDR", big(width) + big(height) + [UInt8(bits), UInt8(colorType), 0, 0, UInt8(interlace)])
        for (name, data) in chunks { chunk(name, data) }
        chunk("IDAT", zlib(rows))
        chunk("IEND", [])
        return out
    }

    static func big(_ value: Int) -> [UInt8] { [24, 16, 8, 0].map { UInt8(value >> $0 & 255) } }

    static func crc(_ bytes: [UInt8]) -> UInt32 {
        var crc = ~UInt32(0)
        for byte in bytes {
            crc ^= UInt32(byte)
            for _ in 0..<8 { crc = crc & 1 != 0 ? crc >> 1 ^ 0xEDB8_8320 : crc >> 1 }
        }
        return ~crc
    }

    /// Stored blocks, no compression.
    static func zlib(_ data: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        var at = 0
        repeat {
            let part = Array(data[at..<min(data.count, at + 65_535)])
            at += part.count
            out += [at == data.count ? 1 : 0, UInt8(part.count & 255), UInt8(part.count >> 8), UInt8(~part.count & 255), UInt8(~part.count >> 8 & 255)]
            out += part
        } while at < data.count
        var (a, b) = (1, 0)
        for byte in data {
            a = (a + Int(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return out + big(b << 16 | a)
    }
}

/// TIFF files put together by hand: one directory, uncompressed strips, either byte order.
enum HandmadeTIFF {
    enum Value {
        case short([Int])
        case long([Int])
    }

    static func file(bigEndian: Bool = false, tags: [(Int, Value)], strips: [[UInt8]], tiles: Bool = false) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] {
            let bytes = (0..<count).map { UInt8(value >> (8 * $0) & 255) }
            return bigEndian ? bytes.reversed() : bytes
        }
        var out: [UInt8] = bigEndian ? [0x4D, 0x4D, 0, 42] : [0x49, 0x49, 42, 0]
        out += number(0, 4)
        var offsets: [Int] = []
        for strip in strips {
            offsets.append(out.count)
            out += strip
            if out.count % 2 != 0 { out.append(0) }
        }
        var all = tags
        all.append((tiles ? 324 : 273, .long(offsets)))
        all.append((tiles ? 325 : 279, .long(strips.map(\.count))))
        all.sort { $0.0 < $1.0 }
        var directory = number(all.count, 2)
        for (tag, value) in all {
            let (type, size, numbers) =
                switch value {
                case .short(let numbers): (3, 2, numbers)
                case .long(let numbers): (4, 4, numbers)
                }
            var data = numbers.flatMap { number($0, size) }
            if data.count > 4 {
                let at = out.count
                out += data
                if out.count % 2 != 0 { out.append(0) }
                data = number(at, 4)
            }
            directory += number(tag, 2) + number(type, 2) + number(numbers.count, 4) + data + [UInt8](repeating: 0, count: 4 - data.count)
        }
        out.replaceSubrange(4..<8, with: number(out.count, 4))
        return out + directory + number(0, 4)
    }

    /// Tags every page needs.
    static func tags(
        width: Int, height: Int, bits: [Int], photometric: Int, rowsPerStrip: Int? = nil, planar: Int = 1, compression: Int = 1, more: [(Int, Value)] = []
    ) -> [(Int, Value)] {
        [
            (256, .long([width])), (257, .long([height])), (258, .short(bits)), (259, .short([compression])), (262, .short([photometric])),
            (277, .short([bits.count])), (278, .long([rowsPerStrip ?? height])), (284, .short([planar])),
        ] + more
    }

    /// PackBits without any packing: rows of up to 128 bytes, each after its length.
    static func packBits(_ rows: [[UInt8]]) -> [UInt8] { rows.flatMap { [UInt8($0.count - 1)] + $0 } }
}
