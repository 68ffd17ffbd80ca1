import Raster

/// Gray levels of an object without its bright pixels, counted, and what ZooProcess reads from the counts.
struct ZooProcessHistogram {
    /// Pixels at most as bright as the limit.
    let count: Int
    /// Largest gray levels whose cumulative share is below 25, 50 and 75 %; 255 excluded.
    let cumulated: (Int, Int, Int)
    /// Sample deviation of the counts of gray levels 0 ... 254 by the sample deviation of 0 ... 254.
    let slope: Double

    /// - Parameter counts: of gray levels 0 ... 255 of the filled object.
    init(_ counts: UnsafePointer<UInt32>, limit: UInt8) {
        let end = min(255, Int(limit) + 1)
        var (total, squares) = (0, 0)
        for level in 0..<end {
            let count = Int(counts[level])
            total &+= count
            squares &+= count &* count
        }
        // Level 255 counts as dark only where it is the limit, and never in shares, as in ZooProcess.
        count = limit == 255 ? total + Int(counts[255]) : total
        slope = (max(0, (Double(squares) - Double(total) * Double(total) / 255) / 254)).squareRoot() / 73.756_355_658_343_09
        // Shares are compared in whole numbers: 4 · cumulative < k · total.
        var (first, second, third) = (0, 0, 0)
        var seen = 0
        for level in 0..<255 {
            if level < end { seen &+= Int(counts[level]) }
            if 4 &* seen >= 3 &* total { break }
            third = level
            if 4 &* seen < 2 &* total { second = level }
            if 4 &* seen < total { first = level }
        }
        cumulated = (first, second, third)
    }

    /// First gray level whose cumulative count exceeds half.
    static func median(_ counts: UnsafePointer<UInt32>, total: Int) -> Int {
        var seen = 0
        for level in 0..<256 {
            seen &+= Int(counts[level])
            if 2 &* seen > total { return level }
        }
        return 255
    }
}

extension ZooProcessPixels {
    /// Mean contrast of the pixels at three gray levels to their eight neighbours (fcons); the outermost pixels of the box are left out.
    ///
    /// - Source: ZooProcess, with its legacy choice of levels: the largest whose *count* is at most the gray level `cumulated`, 0 where
    ///   there is none. ZooProcess walks through columns and adds up each level's growing sum, so the order of pixels matters.
    func contrast(_ counts: UnsafePointer<UInt32>, limit: UInt8, _ cumulated: (Int, Int, Int)) -> Double {
        guard box.width > 2, box.height > 2 else { return 0 }
        func chosen(_ most: Int) -> UInt8 {
            var level = min(254, Int(limit))
            while level > 0, counts[level] == 0 || counts[level] > most { level &-= 1 }
            return UInt8(level)
        }
        let levels = (chosen(cumulated.0), chosen(cumulated.1), chosen(cumulated.2))
        let wanted = work.0
        bits(equal: levels, into: wanted)
        var pixels = 0
        // Only inside: not the margin, not the frame of the box, not what is white around the object.
        for row in 2..<(rows - 2) {
            for word in 0..<stride {
                wanted[row &* stride &+ word] &= dark[row &* stride &+ word]
                pixels &+= wanted[row &* stride &+ word].nonzeroBitCount
            }
        }
        guard pixels > 0 else { return 0 }
        let width = box.width
        // Eight times the distance to the neighbours' mean, by pixel, put in order of columns.
        return withUnsafeTemporaryAllocation(of: Int32.self, capacity: 4 * pixels + width + 3) { memory in
            let (column, entry, sorted) = (memory.baseAddress!, memory.baseAddress! + width + 3, memory.baseAddress! + width + 3 + 2 * pixels)
            column.initialize(repeating: 0, count: width + 3)
            var number = 0
            for row in 2..<(rows - 2) {
                for word in 0..<stride {
                    var bits = wanted[row &* stride &+ word]
                    while bits != 0 {
                        let x = 64 &* word &+ bits.trailingZeroBitCount
                        bits &= bits &- 1
                        if x < 2 || x > width &- 1 { continue }
                        let place = crop + (row &* pitch &+ x)
                        let (above, below) = (place - pitch, place + pitch)
                        let sum = Int32(above[-1]) &+ Int32(above[0]) &+ Int32(above[1]) &+ Int32(place[-1]) &+ Int32(place[1])
                            &+ Int32(below[-1]) &+ Int32(below[0]) &+ Int32(below[1])
                        entry[2 &* number] = Int32(truncatingIfNeeded: x) &<< 8 | Int32(place[0])
                        entry[2 &* number &+ 1] = abs(8 &* Int32(place[0]) &- sum)
                        column[x &+ 1] &+= 1
                        number &+= 1
                    }
                }
            }
            for x in 1...(width + 2) { column[x] &+= column[x &- 1] }
            for index in 0..<number {
                let x = Int(entry[2 &* index] &>> 8)
                let place = Int(column[x])
                column[x] &+= 1
                sorted[2 &* place] = entry[2 &* index] & 255
                sorted[2 &* place &+ 1] = entry[2 &* index &+ 1]
            }
            var (sums, total) = ((0, 0, 0), 0)
            for index in 0..<number {
                let (level, distance) = (sorted[2 &* index], Int(sorted[2 &* index &+ 1]))
                let sum: Int
                if level == levels.0 {
                    sums.0 &+= distance
                    sum = sums.0
                } else if level == levels.1 {
                    sums.1 &+= distance
                    sum = sums.1
                } else {
                    sums.2 &+= distance
                    sum = sums.2
                }
                total &+= sum &* Int(counts[Int(level)])
            }
            return Double(total) / 2048 / Double(number + 1)
        }
    }
}
