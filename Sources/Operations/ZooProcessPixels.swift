import Raster

/// One object's gray levels and bits in its box with a margin of one pixel around; memory that is gone after use.
///
/// Pixel (x, y) of the box is byte `(y + 1) * pitch + x + 1` of `crop` and the bit of that number in its row of words.
package struct ZooProcessPixels {
    let box: Rect
    /// 64-bit words a row; a byte row has 64 times as many bytes.
    let stride: Int
    let rows: Int
    let limit: UInt8
    /// Gray level where it is at most the limit and inside the filled object, otherwise 255.
    let crop: UnsafeMutablePointer<UInt8>
    /// Filled object, and its pixels not brighter than the limit; grids have two spare rows at their ends.
    let filled: UnsafeMutablePointer<UInt64>
    package let dark: UnsafeMutablePointer<UInt64>
    /// Two grids for whoever measures.
    package let work: (UnsafeMutablePointer<UInt64>, UnsafeMutablePointer<UInt64>)

    var pitch: Int { 64 * stride }
    /// Words of one grid.
    var words: Int { rows * stride }

    /// - Parameters:
    ///   - object: the filled object, inside the image.
    ///   - hasBright: whether a pixel of it is brighter than `limit`.
    package static func with<Result>(
        _ object: Mask, box: Rect, image: Image<UInt8>, limit: UInt8, hasBright: Bool, _ body: (ZooProcessPixels) -> Result
    ) -> Result {
        let (stride, rows) = ((box.width + 2 + 63) / 64, box.height + 2)
        let words = stride * rows
        let grid = words + 2 * stride
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 8 * words + 4 * grid) { memory in
            let base = memory.baseAddress!
            let grids = base + 8 * words
            grids.initialize(repeating: 0, count: 4 * grid)
            let crop = UnsafeMutableRawPointer(base).bindMemory(to: UInt8.self, capacity: 64 * words)
            crop.initialize(repeating: 255, count: 64 * words)
            let pixels = ZooProcessPixels(
                box: box, stride: stride, rows: rows, limit: limit, crop: crop, filled: grids, dark: grids + grid, work: (grids + 2 * grid, grids + 3 * grid))
            let (left, top) = (box.x - 1, box.y - 1)
            image.withBuffer { source in
                for run in object.runs {
                    let (x, y) = (Int(run.first) &- left, Int(run.y) &- top)
                    let from = source.baseAddress! + (Int(run.y) &* image.width &+ Int(run.first))
                    (crop + (y &* 64 &* stride &+ x)).update(from: from, count: run.count)
                    setBits(pixels.filled + y &* stride, from: x, through: x &+ run.count &- 1)
                }
            }
            if hasBright {
                pixels.bits(atMost: limit, into: pixels.dark)
                for index in 0..<words { pixels.dark[index] &= pixels.filled[index] }
                for run in object.runs {
                    let row = crop + ((Int(run.y) &- top) &* 64 &* stride &- left)
                    for x in Int(run.first)...Int(run.last) where row[x] > limit { row[x] = 255 }
                }
            } else {
                pixels.dark.update(from: pixels.filled, count: words)
            }
            return body(pixels)
        }
    }

    /// Bits of all pixels of `crop` whose gray level is at most this one.
    @inline(__always) func bits(atMost level: UInt8, into target: UnsafeMutablePointer<UInt64>) {
        // x > level, byte by byte: bit 7 of the sum tells it for the lower seven bits.
        let rest = UInt64(0x7F &- (level & 0x7F)) &* UInt64.eachByte
        eachChunk(into: target) { bytes in
            let sum = (bytes & UInt64.lowBits) &+ rest
            return ~(level < 128 ? sum | bytes : sum & bytes)
        }
    }

    /// Bits of all pixels of `crop` whose gray level is one of three.
    @inline(__always) func bits(equal levels: (UInt8, UInt8, UInt8), into target: UnsafeMutablePointer<UInt64>) {
        let (a, b, c) = (UInt64(levels.0) &* UInt64.eachByte, UInt64(levels.1) &* UInt64.eachByte, UInt64(levels.2) &* UInt64.eachByte)
        eachChunk(into: target) { bytes in ~((bytes ^ a).nonzeroBytes & (bytes ^ b).nonzeroBytes & (bytes ^ c).nonzeroBytes) }
    }

    /// - Parameter flags: bit 7 of each of eight bytes tells whether the pixel is set.
    @inline(__always) private func eachChunk(into target: UnsafeMutablePointer<UInt64>, _ flags: (UInt64) -> UInt64) {
        let raw = UnsafeRawPointer(crop)
        let last = box.width + 2
        for row in 0..<rows {
            for word in 0..<stride {
                var bits: UInt64 = 0
                for chunk in 0..<(min(64, last &- 64 &* word) &+ 7) / 8 {
                    let bytes = raw.load(fromByteOffset: row &* pitch &+ 64 &* word &+ 8 &* chunk, as: UInt64.self)
                    // Gathers the eight flags into one byte.
                    let gathered = (((flags(bytes) & UInt64.highBits) &>> 7) &* 0x0102_0408_1020_4080) &>> 56
                    bits |= gathered &<< UInt64(truncatingIfNeeded: 8 &* chunk)
                }
                target[row &* stride &+ word] = bits
            }
        }
    }
}

extension UInt64 {
    static var eachByte: UInt64 { 0x0101_0101_0101_0101 }
    static var lowBits: UInt64 { 0x7F7F_7F7F_7F7F_7F7F }
    static var highBits: UInt64 { 0x8080_8080_8080_8080 }

    /// Bit 7 of each byte that is not 0; the other bits mean nothing.
    @inline(__always) var nonzeroBytes: UInt64 { ((self & UInt64.lowBits) &+ UInt64.lowBits) | self }
}

/// Sets bits of a row of words, both ends included.
@inline(__always) func setBits(_ row: UnsafeMutablePointer<UInt64>, from first: Int, through last: Int) {
    let (from, to) = (first &>> 6, last &>> 6)
    let head = ~0 &<< UInt64(truncatingIfNeeded: first & 63)
    let tail = ~0 &>> UInt64(truncatingIfNeeded: 63 &- (last & 63)) as UInt64
    if from == to {
        row[from] |= head & tail
    } else {
        row[from] |= head
        for word in (from &+ 1)..<to { row[word] = ~0 }
        row[to] |= tail
    }
}
