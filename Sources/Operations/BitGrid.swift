import Raster

/// One object's pixels as bits in its box with a margin of background around: bit `x - left` of row `y - top`.
///
/// Neighbourhood measures work on 64 pixels at a time here.
struct BitGrid {
    let left: Int
    let top: Int
    let height: Int
    /// 64-bit words a row. The last one has a free bit at least, so that a shifted row keeps its margin.
    let stride: Int
    var words: [UInt64]

    /// - Parameter box: must hold all runs.
    init(_ runs: [Run], box: Rect, margin: Int = 1) {
        (left, top) = (box.x - margin, box.y - margin)
        height = box.height + 2 * margin
        stride = (box.width + 2 * margin + 63) / 64
        words = [UInt64](repeating: 0, count: height * stride)
        words.withUnsafeMutableBufferPointer { words in
            for run in runs {
                let row = (Int(run.y) &- top) &* stride
                let (first, last) = (Int(run.first) &- left, Int(run.last) &- left)
                let (from, to) = (first &>> 6, last &>> 6)
                let head = ~0 &<< UInt64(truncatingIfNeeded: first & 63)
                let tail = ~0 &>> UInt64(truncatingIfNeeded: 63 &- (last & 63)) as UInt64
                if from == to {
                    words[row &+ from] |= head & tail
                } else {
                    words[row &+ from] |= head
                    for word in (from &+ 1)..<to { words[row &+ word] = ~0 }
                    words[row &+ to] |= tail
                }
            }
        }
    }

    init(like other: BitGrid) {
        (left, top, height, stride) = (other.left, other.top, other.height, other.stride)
        words = [UInt64](repeating: 0, count: other.words.count)
    }

    /// Runs of the set bits, in image coordinates; bits of the margin count too.
    func runs() -> [Run] {
        var writer = RunWriter()
        for row in 0..<height {
            let y = Int32(row + top)
            for word in 0..<stride { writer.append(words[row * stride + word], y: y, x: Int32(left + word * 64)) }
            writer.endRow(y: y, end: Int32(left + stride * 64))
        }
        return writer.runs
    }
}

/// A row of words seen with its horizontal neighbours.
struct BitRow {
    let words: UnsafePointer<UInt64>
    let count: Int

    @inline(__always) init(_ words: UnsafePointer<UInt64>, _ count: Int) { (self.words, self.count) = (words, count) }

    @inline(__always) subscript(_ word: Int) -> UInt64 { words[word] }

    /// Bit i holds the pixel left of i.
    @inline(__always) func leftNeighbours(_ word: Int) -> UInt64 {
        words[word] &<< 1 | (word > 0 ? words[word &- 1] &>> 63 : 0)
    }

    /// Bit i holds the pixel right of i.
    @inline(__always) func rightNeighbours(_ word: Int) -> UInt64 {
        words[word] &>> 1 | (word &+ 1 < count ? words[word &+ 1] &<< 63 : 0)
    }
}
