import Raster

extension Mask {
    /// Foreground and all pixels of `bounds` at most `radius` from it.
    ///
    /// Small radii push every row of 64-pixel words into its neighbours, large ones go by the vertical distance of every pixel.
    func dilatedByDisk(_ radius: Int) -> Mask {
        let box = boundingBox.expanded(by: min(radius, bounds.width + bounds.height)).intersection(bounds)
        // Farther than any two pixels are.
        let radius = min(radius, box.width + box.height)
        switch radius {
        case 0: return self
        case ...wordRadius:
            var grid = BitGrid(runs, box: box, margin: 0)
            grid = grid.spread(halves(ofDisk: radius), from: grid.occupied)
            grid.clearBeyond(box.width)
            return Mask(bounds: bounds, sortedRuns: grid.runs())
        // Types whose smaller one of two costs one instruction.
        case ..<Int(UInt8.max): return dilatedByDistance(radius, box: box, UInt8.self)
        case ..<Int(Int16.max): return dilatedByDistance(radius, box: box, Int16.self)
        default: return dilatedByDistance(radius, box: box, Int32.self)
        }
    }

    /// Foreground without what lies at most `radius` from background inside `bounds`.
    func erodedByDisk(_ radius: Int) -> Mask {
        // Background farther out than the ring around the foreground is never the nearest.
        let box = boundingBox.expanded(by: 1).intersection(bounds)
        guard radius > 0, radius <= wordRadius / 2 else {
            return radius == 0 ? self : Mask(bounds: bounds, sortedRuns: clipped(to: box).inverted.dilatedByDisk(radius).inverted.runs)
        }
        var grid = BitGrid(runs, box: box, margin: 0)
        var ground = BitGrid(like: grid)
        for index in grid.words.indices { ground.words[index] = ~grid.words[index] }
        ground.clearBeyond(box.width)
        let reached = ground.spread(halves(ofDisk: radius), from: grid.occupied(within: radius))
        for index in grid.words.indices { grid.words[index] &= ~reached.words[index] }
        return Mask(bounds: bounds, sortedRuns: grid.runs())
    }

    /// Every column's distance to the nearest foreground row gives an interval of its row: as far as the disk is wide there.
    private func dilatedByDistance<D: FixedWidthInteger>(_ radius: Int, box: Rect, _: D.Type) -> Mask {
        let (width, height) = (box.width, box.height)
        let half = halves(ofDisk: radius)
        // Rows of `runs`, by their distance from the top of the box.
        var starts = [Int](repeating: 0, count: height + 1)
        for run in runs { starts[Int(run.y) - box.y + 1] += 1 }
        for row in 0..<height { starts[row + 1] += starts[row] }
        // So high that the rows below a band, which are gone through twice, add a quarter at most.
        let band = min(height, max(64, 4 * radius))
        var result = RowUnion(left: box.x, width: width)
        var downward = [D](repeating: .max, count: width)
        var upward = [D](repeating: .max, count: width * (band + 1))
        var nearest = [D](repeating: .max, count: width + 8)
        runs.withUnsafeBufferPointer { runs in
            downward.withUnsafeMutableBufferPointer { downward in
                upward.withUnsafeMutableBufferPointer { upward in
                    nearest.withUnsafeMutableBufferPointer { nearest in
                        let (above, below, both) = (downward.baseAddress!, upward.baseAddress!, nearest.baseAddress!)
                        /// Distances of one row from those of the row before.
                        func step(_ from: UnsafePointer<D>, _ to: UnsafeMutablePointer<D>, _ row: Int) {
                            for x in 0..<width { to[x] = min(from[x], .max &- 1) &+ 1 }
                            for run in runs[starts[row]..<starts[row + 1]] {
                                (to + (Int(run.first) &- box.x)).update(repeating: 0, count: run.count)
                            }
                        }
                        for top in stride(from: 0, to: height, by: band) {
                            let bottom = min(height, top + band)
                            let state = below + width * band
                            state.update(repeating: .max, count: width)
                            for row in (bottom..<min(height, bottom + radius)).reversed() { step(state, state, row) }
                            var last = state
                            for row in (top..<bottom).reversed() {
                                let next = below + width * (row - top)
                                step(last, next, row)
                                last = next
                            }
                            for row in top..<bottom {
                                step(above, above, row)
                                let under = below + width * (row - top)
                                for x in 0..<width { both[x] = min(above[x], under[x]) }
                                let y = Int32(row + box.y)
                                // Columns in gaps that the foreground of the row itself covers need not be looked at.
                                var from = 0
                                for run in runs[starts[row]..<starts[row + 1]] {
                                    let (first, end) = (Int(run.first) - box.x, Int(run.last) - box.x + 1)
                                    if first - from > (from == 0 ? radius : 2 * radius) {
                                        addColumns(both, from, first, half, y: y, to: &result)
                                    }
                                    result.add(first - radius, end - 1 + radius, y: y)
                                    from = end
                                }
                                if width - from > (from == 0 ? 0 : radius) { addColumns(both, from, width, half, y: y, to: &result) }
                                result.endRow(y)
                            }
                        }
                    }
                }
            }
        }
        return Mask(bounds: bounds, sortedRuns: result.runs)
    }
}

/// Adds the intervals of the columns from ..< end, which are `nearest[x]` rows away from foreground.
@inline(__always)
private func addColumns<D: FixedWidthInteger>(
    _ nearest: UnsafePointer<D>, _ from: Int, _ end: Int, _ half: [Int], y: Int32, to result: inout RowUnion
) {
    let block = 8 / MemoryLayout<D>.size
    let far = UInt64(truncatingIfNeeded: D.max) &* (block == 8 ? 0x0101_0101_0101_0101 : block == 4 ? 0x0001_0001_0001_0001 : 0x0000_0001_0000_0001)
    half.withUnsafeBufferPointer { half in
        var x = from
        while x < end {
            if x &+ block <= end, UnsafeRawPointer(nearest + x).loadUnaligned(as: UInt64.self) == far {
                x &+= block
                continue
            }
            for column in x..<min(x &+ block, end) where Int(truncatingIfNeeded: nearest[column]) < half.count {
                let reach = half[Int(truncatingIfNeeded: nearest[column])]
                result.add(column &- reach, column &+ reach, y: y)
            }
            x &+= block
        }
    }
}

/// Up to this radius words are faster: at 40 megapixels, a third of them foreground, 30 ms for either way at a radius of 48.
private let wordRadius = 48

/// How far the disk reaches sideways, for each distance of a row from its middle: the largest dx with dx² + dy² ≤ radius².
func halves(ofDisk radius: Int) -> [Int] {
    var half = radius
    return (0...radius).map { dy in
        while half * half + dy * dy > radius * radius { half -= 1 }
        return half
    }
}

/// Union of intervals of one row, given in the order of their middles, as runs.
private struct RowUnion {
    private(set) var runs: [Run] = []
    private let left: Int
    private let width: Int
    private var base = 0
    /// The interval that still grows; none where it ends before 0.
    private var first = 0
    private var last = -2

    init(left: Int, width: Int) { (self.left, self.width) = (left, width) }

    @inline(__always) mutating func add(_ from: Int, _ to: Int, y: Int32) {
        let (from, to) = (max(from, 0), min(to, width &- 1))
        if from > last &+ 1 {
            close(y)
            (first, last) = (from, to)
            return
        }
        last = max(last, to)
        if from < first {
            first = from
            while runs.count > base, Int(runs[runs.count &- 1].last) &- left &+ 1 >= first {
                first = min(first, Int(runs[runs.count &- 1].first) &- left)
                runs.removeLast()
            }
        }
    }

    mutating func endRow(_ y: Int32) {
        close(y)
        last = -2
        base = runs.count
    }

    @inline(__always) private mutating func close(_ y: Int32) {
        guard last >= 0 else { return }
        runs.append(Run(y: y, first: Int32(truncatingIfNeeded: first &+ left), last: Int32(truncatingIfNeeded: last &+ left)))
    }
}

extension BitGrid {
    /// Clears bits right of the first `width` ones of every row.
    mutating func clearBeyond(_ width: Int) {
        guard stride > 0, width & 63 != 0 else { return }
        let keep: UInt64 = (1 &<< UInt64(width & 63)) &- 1
        for row in 0..<height { words[row * stride + stride - 1] &= keep }
    }

    /// Which words hold a set bit.
    var occupied: [Bool] { words.map { $0 != 0 } }

    /// Which words have one with a set bit at most `reach` rows above or below.
    func occupied(within reach: Int) -> [Bool] {
        var result = [Bool](repeating: false, count: words.count)
        var seen = [Int](repeating: .min / 2, count: stride)
        for row in 0..<height {
            for word in 0..<stride {
                if words[row &* stride &+ word] != 0 { seen[word] = row }
                if row &- seen[word] <= reach { result[row &* stride &+ word] = true }
            }
        }
        seen = [Int](repeating: .max / 2, count: stride)
        for row in (0..<height).reversed() {
            for word in 0..<stride {
                if words[row &* stride &+ word] != 0 { seen[word] = row }
                if seen[word] &- row <= reach { result[row &* stride &+ word] = true }
            }
        }
        return result
    }

    /// Union of disks on all set bits in and near words that are `active`.
    ///
    /// - Parameter half: of the disk, see `halves(ofDisk:)`.
    /// - Complexity: words near active ones × radius.
    func spread(_ half: [Int], from active: [Bool]) -> BitGrid {
        var result = BitGrid(like: self)
        let radius = half.count - 1
        let margin = (radius + 63) / 64
        var scratch = [UInt64](repeating: 0, count: 2 * (stride + 2))
        words.withUnsafeBufferPointer { source in
            result.words.withUnsafeMutableBufferPointer { target in
                active.withUnsafeBufferPointer { active in
                    scratch.withUnsafeMutableBufferPointer { scratch in
                        half.withUnsafeBufferPointer { half in
                            guard let source = source.baseAddress, let target = target.baseAddress, let scratch = scratch.baseAddress else { return }
                            for row in 0..<height {
                                let line = active.baseAddress! + row &* stride
                                var word = 0
                                while word < stride {
                                    if !line[word] {
                                        word &+= 1
                                        continue
                                    }
                                    let from = max(0, word &- margin)
                                    var to = word
                                    while word < stride, word &- to <= 2 &* margin {
                                        if line[word] { to = word }
                                        word &+= 1
                                    }
                                    to = min(stride &- 1, to &+ margin)
                                    push(source, target, row: row, from: from, count: to &- from &+ 1, half, scratch)
                                    word = to &+ 1
                                }
                            }
                        }
                    }
                }
            }
        }
        return result
    }

    /// One stretch of words of a row into all rows the disk reaches.
    @inline(__always)
    private func push(
        _ source: UnsafePointer<UInt64>, _ target: UnsafeMutablePointer<UInt64>, row: Int, from: Int, count: Int,
        _ half: UnsafeBufferPointer<Int>, _ scratch: UnsafeMutablePointer<UInt64>
    ) {
        var (wide, next) = (scratch + 1, scratch + (stride &+ 3))
        wide.update(from: source + (row &* stride &+ from), count: count)
        (wide[-1], wide[count], next[-1], next[count]) = (0, 0, 0, 0)
        var reach = 0
        for distance in Swift.stride(from: half.count &- 1, through: 0, by: -1) {
            while reach < half[distance] {
                for index in 0..<count {
                    let bits = wide[index]
                    next[index] = bits | bits &<< 1 | bits &>> 1 | wide[index &- 1] &>> 63 | wide[index &+ 1] &<< 63
                }
                swap(&wide, &next)
                reach &+= 1
            }
            if row &- distance >= 0 {
                let line = target + ((row &- distance) &* stride &+ from)
                for index in 0..<count { line[index] |= wide[index] }
            }
            if distance > 0, row &+ distance < height {
                let line = target + ((row &+ distance) &* stride &+ from)
                for index in 0..<count { line[index] |= wide[index] }
            }
        }
    }
}
