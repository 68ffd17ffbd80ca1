import Raster

extension ZooProcessPixels {
    /// Pixels that are left when the dark pixels are thinned to lines (skelarea).
    ///
    /// - Complexity: passes × rows, and a step for each border pixel of each pass; there are about as many passes as the object is thick.
    /// - Source: "Skeletonize" of ImageJ before 1.50, a variant of Zhang & Suen 1984, doi:10.1145/357994.358023: passes of two kinds
    ///   take turns, each deletes at once all pixels whose eight neighbours are in its set, until a pass of the second kind deletes none.
    func skeletonArea() -> Int {
        var (from, to) = work
        from.update(from: dark, count: words)
        to.initialize(repeating: 0, count: words)
        // Whether a row changed in this pass, in the last one and in the one before that; a row whose surroundings did in neither of
        // the two stays as it is.
        return withUnsafeTemporaryAllocation(of: Bool.self, capacity: 3 * rows) { flags in
            flags.initialize(repeating: true)
            var (now, last, before) = (flags.baseAddress!, flags.baseAddress! + rows, flags.baseAddress! + 2 * rows)
            var kind: UInt8 = 1
            while true {
                var deleted = false
                for row in 1..<(rows - 1) {
                    let (source, target) = (from + row &* stride, to + row &* stride)
                    now[row] = false
                    for word in 0..<stride { target[word] = source[word] }
                    guard last[row &- 1] || last[row] || last[row &+ 1] || before[row &- 1] || before[row] || before[row &+ 1] else { continue }
                    let (above, middle, below) = (self.row(from, row &- 1), self.row(from, row), self.row(from, row &+ 1))
                    for word in 0..<stride where source[word] != 0 {
                        let gone = deletedBits(above, middle, below, word, kind)
                        guard gone != 0 else { continue }
                        target[word] &= ~gone
                        now[row] = true
                        deleted = true
                    }
                }
                (from, to) = (to, from)
                if kind == 2, !deleted { break }
                kind = 3 - kind
                // The rows of the margin never change.
                now[0] = false
                now[rows - 1] = false
                (now, last, before) = (before, now, last)
            }
            var area = 0
            for index in 0..<words { area &+= from[index].nonzeroBitCount }
            return area
        }
    }
}

/// Bits of a word whose neighbourhood is in the set of this kind of pass.
@inline(__always)
private func deletedBits(_ above: BitRow, _ middle: BitRow, _ below: BitRow, _ word: Int, _ kind: UInt8) -> UInt64 {
    let (a, b, c) = (above[word], middle[word], below[word])
    let (left, right) = (middle.leftNeighbours(word), middle.rightNeighbours(word))
    let surrounded = a & above.leftNeighbours(word) & above.rightNeighbours(word) & left & right
        & c & below.leftNeighbours(word) & below.rightNeighbours(word)
    var candidates = b & ~surrounded
    var gone: UInt64 = 0
    thinningTable.withUnsafeBufferPointer { table in
        while candidates != 0 {
            let place = UInt64(truncatingIfNeeded: candidates.trailingZeroBitCount)
            candidates &= candidates &- 1
            let index: Int
            if place &- 1 < 62 {
                let shift = place &- 1
                index = Int(truncatingIfNeeded: (a &>> shift) & 7 | ((b &>> shift) & 7) &<< 3 | ((c &>> shift) & 7) &<< 6)
            } else {
                func three(_ row: BitRow) -> UInt64 {
                    (row.leftNeighbours(word) &>> place) & 1 | ((row[word] &>> place) & 1) &<< 1 | ((row.rightNeighbours(word) &>> place) & 1) &<< 2
                }
                index = Int(truncatingIfNeeded: three(above) | three(middle) &<< 3 | three(below) &<< 6)
            }
            gone |= UInt64(truncatingIfNeeded: (table[index] & kind) != 0 ? 1 : 0) &<< place
        }
    }
    return gone
}

/// Which neighbourhoods make a pixel go: bit 0 in a pass of the first kind, bit 1 in one of the second. The index holds the nine pixels,
/// three a row from the one above left.
private let thinningTable: [UInt8] = {
    // A bit for each ring of eight neighbours, numbered clockwise from the one above left; four words of 64.
    let first: [UInt64] = [0x1000_0100_D000_DCC8, 0x1101_0000_0000_0000, 0x0000_0003_8000_80CC, 0x000B_008A_0000_80CE]
    let second: [UInt64] = [0xD100_0100_D500_8480, 0x5101_1101_0000_0000, 0x0001_0000_0100_0084, 0x1303_0003_0000_008B]
    let clockwise = [0, 1, 2, 5, 8, 7, 6, 3]
    return (0..<512).map { index in
        guard index >> 4 & 1 == 1 else { return 0 }
        let ring = clockwise.enumerated().reduce(0) { $0 | (index >> $1.element & 1) << $1.offset }
        func bit(_ set: [UInt64]) -> UInt8 { UInt8(set[ring / 64] >> UInt64(ring % 64) & 1) }
        return bit(first) | bit(second) << 1
    }
}()
