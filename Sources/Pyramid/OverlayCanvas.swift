/// The bits of a tile while objects are drawn into it.
struct OverlayCanvas {
    let words: UnsafeMutableBufferPointer<UInt64>
    let width: Int
    let height: Int
    let wordsPerRow: Int

    /// Sets a stretch of up to 64 pixels that begins at (x, y); x may be outside, y not. Bits past the width may be set: `clearMargin`.
    @inline(__always) private func put(_ bits: UInt64, x: Int, y: Int) {
        guard x > -64, x < width, bits != 0 else { return }
        let row = y * wordsPerRow
        if x < 0 {
            words[row] |= bits << UInt64(-x)
            return
        }
        let (index, shift) = (x >> 6, UInt64(x & 63))
        words[row + index] |= bits >> shift
        if shift > 0, index + 1 < wordsPerRow { words[row + index + 1] |= bits << (64 - shift) }
    }

    /// Draws an object whose box begins at (x, y), which may be outside.
    @inline(__always) func fill(_ rows: ObjectRows, x: Int, y: Int) {
        let (from, to) = (max(0, -y), min(rows.height, height - y))
        if rows.isNarrow {
            var row = from
            while row < to {
                put(rows.word(row), x: x, y: y + row)
                row += 1
            }
        } else {
            rows.forEachRun(from: from, to: to) { row, first, last in
                let (first, last) = (max(0, x + first), min(width - 1, x + last))
                guard first <= last else { return }
                let line = (y + row) * wordsPerRow
                let (start, end) = (line + first >> 6, line + last >> 6)
                let head = ~UInt64(0) >> UInt64(first & 63)
                let tail = ~UInt64(0) << UInt64(63 - last & 63)
                if start == end {
                    words[start] |= head & tail
                } else {
                    words[start] |= head
                    for index in (start + 1)..<end { words[index] = ~0 }
                    words[end] |= tail
                }
            }
        }
    }

    /// The inner border of a narrow object: its pixels within so many steps, left, right, up or down, of one that is not its own.
    @inline(__always) func outline(_ rows: ObjectRows, x: Int, y: Int, steps: Int) {
        let (from, to) = (max(0, -y), min(rows.height, height - y))
        guard from < to else { return }
        if steps == 1 {
            var above = from > 0 ? rows.word(from - 1) : 0
            var own = rows.word(from)
            var row = from
            while row < to {
                let below = row + 1 < rows.height ? rows.word(row + 1) : 0
                put(own & ~(own << 1 & own >> 1 & above & below), x: x, y: y + row)
                (above, own, row) = (own, below, row + 1)
            }
            return
        }
        // So many rows more that what is wrong at their ends does not reach the rows that are drawn.
        let (first, end) = (max(0, from - steps), min(rows.height, to + steps))
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: end - first) { inside in
            for row in first..<end { inside.initializeElement(at: row - first, to: rows.word(row)) }
            for _ in 0..<steps {
                var above: UInt64 = first > 0 ? ~0 : 0
                for index in 0..<inside.count {
                    let own = inside[index]
                    let below: UInt64 = index + 1 < inside.count ? inside[index + 1] : end < rows.height ? ~0 : 0
                    inside[index] = own & own << 1 & own >> 1 & above & below
                    above = own
                }
            }
            for row in from..<to { put(rows.word(row) & ~inside[row - first], x: x, y: y + row) }
        }
    }

    /// Bits past the width become 0 again.
    func clearMargin() {
        guard width & 63 != 0 else { return }
        let mask = ~(~UInt64(0) >> UInt64(width & 63))
        for row in 0..<height { words[row * wordsPerRow + wordsPerRow - 1] &= mask }
    }
}
