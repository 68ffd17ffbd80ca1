import Raster

/// One bit a pixel in 64-bit words, the leftmost pixel in the highest bit: what 1-bit pictures are drawn in.
package struct BitRaster: Sendable, Equatable {
    package let width: Int
    package let height: Int
    package let wordsPerRow: Int
    /// Bits past the width are 0.
    package var words: [UInt64]

    package init(width: Int, height: Int) {
        precondition(width >= 0 && height >= 0, "raster size \(width) × \(height) is negative")
        (self.width, self.height) = (width, height)
        wordsPerRow = (width + 63) / 64
        words = Array(repeating: 0, count: wordsPerRow * height)
    }

    package subscript(x: Int, y: Int) -> Bool {
        precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y)) is outside \(width) × \(height)")
        return (words[y * wordsPerRow + x >> 6] << UInt64(x & 63)) >> 63 != 0
    }

    /// Sets the pixels of `mask` after moving it by -`origin` and dividing by 2^`shift`: a pixel is set if any covered one is.
    ///
    /// - Parameters: `origin` in pixels of the smaller level, subtracted after the division. What lies outside is left out.
    package mutating func add(_ mask: Mask, shift: Int = 0, origin: (x: Int, y: Int) = (0, 0)) {
        let runs = mask.runs
        // Runs are in raster order, so those above the raster are skipped by bisection.
        let top = origin.y << shift
        var (low, high) = (0, runs.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(runs[middle].y) < top { low = middle + 1 } else { high = middle }
        }
        words.withUnsafeMutableBufferPointer { words in
            for run in runs[low...] {
                let y = Int(run.y) >> shift - origin.y
                if y >= height { break }
                let first = max(0, Int(run.first) >> shift - origin.x)
                let last = min(width - 1, Int(run.last) >> shift - origin.x)
                guard first <= last else { continue }
                let (start, end) = (y * wordsPerRow + first >> 6, y * wordsPerRow + last >> 6)
                let head = ~UInt64(0) >> UInt64(first & 63)
                let tail = ~UInt64(0) << UInt64(63 - last & 63)
                if start == end {
                    words[start] |= head & tail
                } else {
                    words[start] |= head
                    for word in (start + 1)..<end { words[word] = ~0 }
                    words[end] |= tail
                }
            }
        }
    }

    /// The set pixels as runs; the picture's top left pixel becomes (x, y).
    package func mask(x: Int = 0, y: Int = 0) -> Mask {
        var runs: [Run] = []
        for row in 0..<height {
            var begin = -1
            for index in 0..<wordsPerRow {
                let word = words[row * wordsPerRow + index]
                var at = 0
                while at < 64 {
                    let rest = (begin < 0 ? word : ~word) << UInt64(at)
                    at += rest.leadingZeroBitCount
                    if at >= 64 { break }
                    if begin < 0 {
                        begin = index * 64 + at
                    } else {
                        runs.append(Run(y: y + row, first: x + begin, last: x + index * 64 + at - 1))
                        begin = -1
                    }
                }
            }
            if begin >= 0 { runs.append(Run(y: y + row, first: x + begin, last: x + width - 1)) }
        }
        return Mask(bounds: Rect(x: x, y: y, width: width, height: height), sortedRuns: runs)
    }
}
