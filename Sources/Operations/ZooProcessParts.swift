import Raster

extension ZooProcessPixels {
    /// Number of dark parts: pixels at most this bright, eroded once by 3 × 3, holes filled, eight-connected, of five pixels or more
    /// (nb1, nb2).
    ///
    /// Beyond the box counts as bright when eroding, so no part touches the box's frame afterwards.
    func parts(atMost level: UInt8) -> Int {
        bits(atMost: level, into: work.0)
        // After erosion one row and column at each side is empty, which filling needs.
        erode(work.0, into: work.1)
        guard fillHoles(work.1, scratch: work.0) else { return 0 }
        return runs(of: work.1) { runs in
            withComponents(runs) { root, area in
                var parts = 0
                for index in 0..<runs.count where root[index] == Int32(index) && area[index] >= 5 { parts &+= 1 }
                return parts
            }
        }
    }

    /// 3 × 3 erosion; what is beyond the grid is background.
    private func erode(_ source: UnsafeMutablePointer<UInt64>, into target: UnsafeMutablePointer<UInt64>) {
        for row in [0, rows - 1] { for word in 0..<stride { target[row &* stride &+ word] = 0 } }
        for row in 1..<(rows - 1) {
            let (above, middle, below) = (self.row(source, row &- 1), self.row(source, row), self.row(source, row &+ 1))
            for word in 0..<stride {
                let a = above[word] & above.leftNeighbours(word) & above.rightNeighbours(word)
                let b = middle[word] & middle.leftNeighbours(word) & middle.rightNeighbours(word)
                let c = below[word] & below.leftNeighbours(word) & below.rightNeighbours(word)
                target[row &* stride &+ word] = a & b & c
            }
        }
    }

    @inline(__always) func row(_ grid: UnsafeMutablePointer<UInt64>, _ row: Int) -> BitRow { BitRow(grid + row &* stride, stride) }

    /// Fills background that the foreground encloses (four-connected), in place.
    ///
    /// - Parameter scratch: a grid that is overwritten.
    /// - Returns: whether there is any foreground.
    /// - Complexity: a few sweeps over the words; as many as the background has turns.
    package func fillHoles(_ grid: UnsafeMutablePointer<UInt64>, scratch: UnsafeMutablePointer<UInt64>) -> Bool {
        var (top, bottom) = (0, rows - 1)
        while top < rows, (0..<stride).allSatisfy({ grid[top &* stride &+ $0] == 0 }) { top += 1 }
        if top == rows { return false }
        while (0..<stride).allSatisfy({ grid[bottom &* stride &+ $0] == 0 }) { bottom -= 1 }
        // `outside` grows from the first and last column of each row and from the rows above and below.
        let outside = scratch
        let lastBit = UInt64(1) &<< UInt64(truncatingIfNeeded: (box.width + 1) & 63)
        for row in (top - 1)...(bottom + 1) {
            let edge = row < top || row > bottom
            for word in 0..<stride { outside[row &* stride &+ word] = edge ? ~0 : 0 }
            if !edge {
                outside[row &* stride] |= 1
                outside[row &* stride &+ (box.width + 1) / 64] |= lastBit
            }
        }
        var (changed, first, downward) = (true, true, true)
        while changed {
            changed = false
            for step in 0...(bottom - top) {
                let row = downward ? top + step : bottom - step
                let neighbour = row + (downward ? -1 : 1)
                // After the first sweep each row has spread as far as it goes by itself.
                if !first, !reaches(outside, row, from: neighbour, free: grid) { continue }
                if flood(outside, row, from: neighbour, free: grid) { changed = true }
            }
            first = false
            // The first sweep always changes something; the object is done when a later one does not.
            downward.toggle()
        }
        for row in top...bottom { for word in 0..<stride { grid[row &* stride &+ word] = ~outside[row &* stride &+ word] } }
        // Bits beyond the last column are no pixels.
        let keep = lastBit &- 1
        for row in top...bottom {
            grid[row &* stride &+ (box.width + 1) / 64] &= keep
            for word in ((box.width + 1) / 64 + 1)..<max(stride, (box.width + 1) / 64 + 1) { grid[row &* stride &+ word] = 0 }
        }
        return true
    }

    /// Whether a neighbouring row has pixels outside that one row's free pixels do not know of yet.
    @inline(__always)
    private func reaches(_ outside: UnsafeMutablePointer<UInt64>, _ row: Int, from neighbour: Int, free grid: UnsafeMutablePointer<UInt64>) -> Bool {
        var new: UInt64 = 0
        for word in 0..<stride { new |= outside[neighbour &* stride &+ word] & ~(grid[row &* stride &+ word] | outside[row &* stride &+ word]) }
        return new != 0
    }

    /// Spreads `outside` in one row from a neighbouring row and sideways over free pixels; whether it grew.
    @inline(__always)
    private func flood(_ outside: UnsafeMutablePointer<UInt64>, _ row: Int, from neighbour: Int, free grid: UnsafeMutablePointer<UInt64>) -> Bool {
        let (line, other, blocked) = (outside + row &* stride, outside + neighbour &* stride, grid + row &* stride)
        var grew = false
        var carry = false
        for word in 0..<stride {
            let before = line[word]
            let free = ~blocked[word]
            let seeds = (before | other[word]) & free
            // Adding a seed to a stretch of free pixels carries through to the stretch's end.
            var (sum, overflow) = free.addingReportingOverflow(seeds)
            if carry {
                let (more, second) = sum.addingReportingOverflow(1)
                (sum, overflow) = (more, overflow || second)
            }
            carry = overflow
            line[word] = (sum ^ free) & free | seeds
            if line[word] != before { grew = true }
        }
        var higher: UInt64 = 0
        for word in Swift.stride(from: stride - 1, through: 0, by: -1) {
            var free = ~blocked[word]
            let before = line[word]
            var seeds = before | (higher &<< 63 & free)
            // Toward the first pixel by doubling steps.
            seeds |= free & seeds &>> 1
            free &= free &>> 1
            seeds |= free & seeds &>> 2
            free &= free &>> 2
            seeds |= free & seeds &>> 4
            free &= free &>> 4
            seeds |= free & seeds &>> 8
            free &= free &>> 8
            seeds |= free & seeds &>> 16
            free &= free &>> 16
            seeds |= free & seeds &>> 32
            line[word] = seeds
            if seeds != before { grew = true }
            higher = seeds & 1
        }
        return grew
    }

    /// Runs of a grid's bits; y and x count from the margin.
    @inline(__always) package func runs<Result>(of grid: UnsafeMutablePointer<UInt64>, _ body: (UnsafeBufferPointer<Run>) -> Result) -> Result {
        var count = 0
        for index in 0..<words {
            let bits = grid[index]
            if bits != 0 { count &+= (bits & ~(bits &<< 1)).nonzeroBitCount }
        }
        return withUnsafeTemporaryAllocation(of: Run.self, capacity: count) { runs in
            var number = 0
            for row in 0..<rows {
                let line = grid + row &* stride
                var open = -1
                var carry: UInt64 = 0
                for word in 0..<stride {
                    var changes = line[word] ^ (line[word] &<< 1 | carry)
                    carry = line[word] &>> 63
                    while changes != 0 {
                        let place = 64 &* word &+ changes.trailingZeroBitCount
                        changes &= changes &- 1
                        if open < 0 {
                            open = place
                        } else {
                            (runs.baseAddress! + number).initialize(to: Run(y: Int32(truncatingIfNeeded: row), first: Int32(truncatingIfNeeded: open), last: Int32(truncatingIfNeeded: place &- 1)))
                            number &+= 1
                            open = -1
                        }
                    }
                }
            }
            return body(UnsafeBufferPointer(rebasing: runs[0..<number]))
        }
    }
}

/// Eight-connected components of runs: for each run the first run of its component, and at first runs the component's area.
@inline(__always)
func withComponents<Result>(_ runs: UnsafeBufferPointer<Run>, _ body: (_ root: UnsafeMutablePointer<Int32>, _ area: UnsafeMutablePointer<Int32>) -> Result) -> Result {
    withUnsafeTemporaryAllocation(of: Int32.self, capacity: 2 * runs.count + 1) { memory in
        let (parent, area) = (memory.baseAddress!, memory.baseAddress! + runs.count)
        func root(_ index: Int32) -> Int32 {
            var index = index
            while parent[Int(index)] != index {
                parent[Int(index)] = parent[Int(parent[Int(index)])]
                index = parent[Int(index)]
            }
            return index
        }
        var (above, aboveEnd, start) = (0, 0, 0)
        while start < runs.count {
            let y = runs[start].y
            if aboveEnd > above, runs[above].y &+ 1 != y { above = aboveEnd }
            var index = start
            var candidate = above
            while index < runs.count, runs[index].y == y {
                parent[index] = Int32(truncatingIfNeeded: index)
                area[index] = runs[index].last &- runs[index].first &+ 1
                while candidate < aboveEnd, runs[candidate].last &+ 1 < runs[index].first { candidate &+= 1 }
                var touching = candidate
                while touching < aboveEnd, runs[touching].first <= runs[index].last &+ 1 {
                    let (a, b) = (root(Int32(truncatingIfNeeded: touching)), root(Int32(truncatingIfNeeded: index)))
                    if a != b {
                        let (low, high) = (min(a, b), max(a, b))
                        parent[Int(high)] = low
                        area[Int(low)] &+= area[Int(high)]
                    }
                    touching &+= 1
                }
                if touching > candidate { candidate = touching &- 1 }
                index &+= 1
            }
            (above, aboveEnd, start) = (start, index, index)
        }
        for index in 0..<runs.count { parent[index] = root(Int32(truncatingIfNeeded: index)) }
        return body(parent, area)
    }
}
