import Raster

/// Drawn 40-megapixel pictures, the same in every run: what a scan looks like after correction, and one far too full.
enum Scenes {
    static let (width, height) = (7296, 5472)
    static var pixels: Double { Double(width * height) }

    /// About 12 objects a megapixel, outlines ragged and some hollow with pellets inside: 2.6 % at `sparseLevel`.
    static let sparse = drawSparse()
    static let sparseLevel: UInt8 = 150

    /// Blotches of all sizes, most of a few pixels: 37 % in about 110,000 components at `denseLevel`.
    static let dense = drawDense()
    static let denseLevel: UInt8 = 110

    private static func drawSparse() -> Image<UInt8> {
        var random = Generator(state: 1)
        var image = Image<UInt8>(width: width, height: height) { pixels in
            // Bright background with grain of 16 levels, eight pixels at a time.
            let bytes = UnsafeMutableRawPointer(pixels.baseAddress!)
            for offset in stride(from: 0, to: width * height, by: 8) {
                bytes.storeBytes(of: 0xC8C8_C8C8_C8C8_C8C8 &+ (random.next() & 0x0F0F_0F0F_0F0F_0F0F), toByteOffset: offset, as: UInt64.self)
            }
        }
        image.withMutableBuffer { pixels in
            for _ in 0..<(12 * width * height / 1_000_000) {
                let (x, y) = (random.below(width), random.below(height))
                let radius = 8 + random.below(random.below(3) == 0 ? 58 : 32)
                let flat = 40 + random.below(60)
                fill(pixels, x, y, radius, flat, 40...90, &random)
                if radius > 30, random.below(3) == 0 {
                    fill(pixels, x, y, radius - 6, flat, 200...215, &random)
                    for _ in 0..<3 { fill(pixels, x - 12 + random.below(24), y - 6 + random.below(12), 4, 100, 40...90, &random) }
                }
            }
        }
        return image
    }

    /// Ellipse of ragged outline; `flat` is its height in percent of its width.
    private static func fill(
        _ pixels: UnsafeMutableBufferPointer<UInt8>, _ x: Int, _ y: Int, _ radius: Int, _ flat: Int, _ levels: ClosedRange<Int>, _ random: inout Generator
    ) {
        let half = max(1, radius * flat / 100)
        for row in max(0, y - half)...min(height - 1, max(0, y + half)) {
            let part = Double(row - y) / Double(half)
            let reach = Int(Double(radius) * max(0, 1 - part * part).squareRoot())
            let (first, last) = (max(0, x - reach - random.below(3)), min(width - 1, x + reach + random.below(3)))
            guard first <= last else { continue }
            for column in first...last { pixels[row * width + column] = UInt8(levels.lowerBound + random.below(levels.count)) }
        }
    }

    private static func drawDense() -> Image<UInt8> {
        // Random levels on a coarse grid, joined by straight lines, plus grain.
        let spacing = 12
        let columns = width / spacing + 2
        var random = Generator(state: 2)
        var above = (0..<columns).map { _ in random.below(256) }
        var below = above
        return Image(width: width, height: height) { pixels in
            var line = [Int](repeating: 0, count: columns)
            for y in 0..<height {
                if y % spacing == 0 {
                    above = below
                    for column in 0..<columns { below[column] = random.below(256) }
                }
                for column in 0..<columns { line[column] = (above[column] * (spacing - y % spacing) + below[column] * (y % spacing)) }
                let row = pixels.baseAddress! + y * width
                var grain = random.next()
                for x in 0..<width {
                    let (cell, part) = (x / spacing, x % spacing)
                    if x & 7 == 0 { grain = random.next() }
                    let level = (line[cell] * (spacing - part) + line[cell + 1] * part) / (spacing * spacing)
                    row[x] = UInt8(truncatingIfNeeded: (level * 7 + Int(grain & 0x1F) * 8) / 8)
                    grain >>= 8
                }
            }
        }
    }
}

/// Repeatable random numbers (xorshift).
private struct Generator {
    var state: UInt64

    @inline(__always) mutating func next() -> UInt64 {
        state ^= state &<< 13
        state ^= state &>> 7
        state ^= state &<< 17
        return state
    }

    @inline(__always) mutating func below(_ count: Int) -> Int { Int(truncatingIfNeeded: ((next() &>> 33) &* UInt64(count)) &>> 31) }
}
