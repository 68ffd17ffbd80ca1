import Raster

extension Mask {
    /// The foreground thinned to lines one pixel wide that keep its parts and holes.
    ///
    /// - Returns: part of this mask, with the same `bounds`; beyond them is background.
    /// - Complexity: per component, 64-pixel words along its outline × half of its greatest width.
    /// - Source: Zhang & Suen 1984, doi:10.1145/357994.358023, with the table of 256 neighbourhoods of ImageJ before 1.47, which
    ///   ZooProcess ran on; equals `skeletonize` of scikit-image 0.26 pixel by pixel.
    public func skeleton() -> Mask {
        var thin: [Run] = []
        // Pixels of different components are no neighbours, and small grids stay in the cache.
        let parts = components(connectivity: .eight)
        for part in parts { thin.append(contentsOf: BitGrid(part.runs, box: part.bounds).thinned().runs()) }
        if parts.count > 1 { thin.sort() }
        return Mask(bounds: bounds, sortedRuns: thin)
    }

    /// Number of pixels of the skeleton: about the length of the foreground's middle lines, in pixels.
    public var skeletonArea: Int {
        components(connectivity: .eight).reduce(0) { $0 + BitGrid($1.runs, box: $1.bounds).thinned().area }
    }
}

extension BitGrid {
    /// Number of set bits.
    var area: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }

    /// The skeleton, see `Mask.skeleton`. What lies beyond the grid is background, so that no margin is needed.
    func thinned() -> BitGrid {
        var result = self
        guard height > 0, stride > 0 else { return result }
        // Columns of words with two rows to a step, a row above and two below that stay empty.
        let steps = (height + 1) / 2
        let column = 2 * steps + 3
        // An empty column at both sides spares the test for the edge.
        let capacity = (stride + 2) * column
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 2 * capacity) { buffers in
            buffers.initialize(repeating: 0)
            let (a, b) = (buffers.baseAddress!, buffers.baseAddress! + capacity)
            words.withUnsafeBufferPointer { source in
                for word in 0..<stride {
                    let target = a + (word + 1) * column + 1
                    for row in 0..<height { target[row] = source[row &* stride &+ word] }
                }
            }
            (b + 0).update(from: a, count: capacity)
            if stride == 1 {
                thin(a, b, columns: 1, column: column, steps: steps, alone: true)
            } else {
                thin(a, b, columns: stride, column: column, steps: steps, alone: false)
            }
            result.words.withUnsafeMutableBufferPointer { target in
                for word in 0..<stride {
                    let source = a + (word + 1) * column + 1
                    for row in 0..<height { target[row &* stride &+ word] = source[row] }
                }
            }
        }
        return result
    }
}

private typealias Pair = SIMD2<UInt64>

/// Removes pixels from the rim, in turn by the two halves of the table, until both leave all as it is. `a` and `b` start equal and end equal.
@inline(__always)
private func thin(
    _ a: UnsafeMutablePointer<UInt64>, _ b: UnsafeMutablePointer<UInt64>, columns: Int, column: Int, steps: Int, alone: Bool
) {
    // A step whose surroundings the last two passes did not change stays as it is. Bit 0: changed by the last pass, bit 1: by the one before.
    let flagColumn = steps + 2
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 2 * (columns + 2) * flagColumn) { flags in
        flags.initialize(repeating: 0)
        let (old, new) = (flags.baseAddress!, flags.baseAddress! + (columns + 2) * flagColumn)
        for index in 1...columns { for step in 1...steps { old[index &* flagColumn &+ step] = 3 } }
        var (source, target) = (a, b)
        var (before, after) = (old, new)
        var quiet = 0
        var second = false
        while quiet < 2 {
            var any: UInt8 = 0
            for index in 1...columns {
                let from = source + index &* column
                let to = target + index &* column
                let seen = before + index &* flagColumn
                let noted = after + index &* flagColumn
                for step in 1...steps {
                    var around = seen[step &- 1] | seen[step] | seen[step &+ 1]
                    if !alone {
                        let (left, right) = (seen - flagColumn, seen + flagColumn)
                        around |= left[step &- 1] | left[step] | left[step &+ 1] | right[step &- 1] | right[step] | right[step &+ 1]
                    }
                    var changed: UInt8 = 0
                    if around != 0 {
                        let row = from + (2 &* step &- 1)
                        let middle = load(row)
                        var rest = middle
                        if middle[0] | middle[1] != 0 {
                            let surroundings = Surroundings(row, middle, column: column, alone: alone)
                            rest &= ~(second ? surroundings.second : surroundings.first)
                            let removed = rest ^ middle
                            if removed[0] | removed[1] != 0 { changed = 1 }
                        }
                        UnsafeMutableRawPointer(to + (2 &* step &- 1)).storeBytes(of: rest, as: Pair.self)
                    }
                    any |= changed
                    noted[step] = (seen[step] &<< 1 | changed) & 3
                }
            }
            quiet = any == 0 ? quiet + 1 : 0
            swap(&source, &target)
            swap(&before, &after)
            second.toggle()
        }
    }
}

@inline(__always) private func load(_ row: UnsafePointer<UInt64>) -> Pair { UnsafeRawPointer(row).loadUnaligned(as: Pair.self) }

/// The eight neighbours of 2 × 64 pixels, and which of the pixels go in which pass.
private struct Surroundings {
    let n: Pair, e: Pair, s: Pair, w: Pair, nw: Pair, ne: Pair, se: Pair, sw: Pair

    @inline(__always)
    init(_ row: UnsafePointer<UInt64>, _ middle: Pair, column: Int, alone: Bool) {
        let (above, below) = (load(row - 1), load(row + 1))
        (n, s) = (above, below)
        if alone {
            (nw, w, sw) = (above &<< 1, middle &<< 1, below &<< 1)
            (ne, e, se) = (above &>> 1, middle &>> 1, below &>> 1)
        } else {
            let (left, right) = (row - column, row + column)
            (nw, w, sw) = (above &<< 1 | load(left - 1) &>> 63, middle &<< 1 | load(left) &>> 63, below &<< 1 | load(left + 1) &>> 63)
            (ne, e, se) = (above &>> 1 | load(right - 1) &<< 63, middle &>> 1 | load(right) &<< 63, below &>> 1 | load(right + 1) &<< 63)
        }
    }

    // The table as logic, one case for each set of neighbours across edges: a neighbourhood goes by which of its corners are set.

    @inline(__always) var first: Pair {
        let (above, below, both) = (n & ~s, s & ~n, n & s)
        let neither = ~(n | s)
        let northEast = ~sw & (ne | ~se)
        let northWest = ~se
        let north = (nw | ne) & ~(se | sw)
        let northEastWest = nw & ne & ~(se & sw)
        let southEast = ~nw & ~(se ^ (ne | sw))
        let southWest = ~ne & (~(se ^ sw) | nw & sw)
        let south = se & sw & ~(nw | ne)
        let withEast = above & northEast | below & southEast | neither & ne & ~(nw | sw)
        let withWest = above & northWest | below & southWest | both & nw & sw & ~(ne & se) | neither & nw & sw & ~(ne | se)
        let withNeither = above & north | below & south
        return e & (~w & withEast | w & above & northEastWest) | ~e & (w & withWest | ~w & withNeither)
    }

    @inline(__always) var second: Pair {
        let (above, below, both) = (n & ~s, s & ~n, n & s)
        let neither = ~(n | s)
        let northEast = ~sw & (nw & ne | ~nw & (se | ~ne))
        let northWest = ~se & ~(nw ^ (ne | sw))
        let north = nw & ne & ~(se | sw)
        let southEast = ~nw & (~ne | se | sw)
        let southWest = ~ne & (~nw | sw)
        let south = sw & ~(nw | ne)
        let southEastWest = se & sw & ~(nw & ne)
        let withEast = above & northEast | below & southEast | both & ne & se & ~(nw & sw) | neither & se & ~(nw | sw)
        let withWest = above & northWest | below & southWest | neither & sw & ~(ne | se)
        let withNeither = above & north | below & south
        return e & (~w & withEast | w & below & southEastWest) | ~e & (w & withWest | ~w & withNeither)
    }
}
