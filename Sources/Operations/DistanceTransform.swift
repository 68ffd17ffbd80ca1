import Raster

extension Mask {
    /// Squared distance from every foreground pixel to the nearest background pixel; 0 on background.
    ///
    /// - Parameter outsideIsBackground: whether pixels beyond `bounds` count as background. Where they do not and there is no
    ///   background at all, all distances are `Int32.max`.
    /// - Returns: image of the size of `bounds`; pixel (0, 0) is the corner of `bounds`. Square pixels.
    /// - Complexity: foreground pixels × half of the shorter side of the foreground around them, 8 at a time; at most linear in the
    ///   foreground, besides clearing the image.
    /// - Source: Meijster, Roerdink & Hesselink 2000, doi:10.1007/0-306-47025-X_36; exact, equals SciPy's `distance_transform_edt` squared.
    public func squaredDistances(outsideIsBackground: Bool = true) -> Image<Int32> {
        let (width, height) = (bounds.width, bounds.height)
        let far = Int32(width + height + 1)
        var distances = Image<Int32>(width: width, height: height, repeating: 0)
        guard !runs.isEmpty else { return distances }
        distances.withMutableBuffer { target in
            runs.withUnsafeBufferPointer { runs in
                let pixels = target.baseAddress!
                /// One row's vertical distances along a run, from those of the row before.
                @inline(__always) func step(_ run: Run, by rows: Int, _ combine: (Int32, Int32) -> Int32) {
                    let row = Int(run.y) &- bounds.y
                    let line = pixels + (row &* width &+ Int(run.first) &- bounds.x)
                    if row &+ rows >= 0, row &+ rows < height {
                        let before = line + rows &* width
                        for x in 0..<run.count { line[x] = combine(line[x], min(before[x] &+ 1, far)) }
                    } else {
                        let edge = outsideIsBackground ? 1 : far
                        for x in 0..<run.count { line[x] = combine(line[x], edge) }
                    }
                }
                for run in runs { step(run, by: -1) { $1 } }
                for run in runs.reversed() { step(run, by: 1) { min($0, $1) } }
                var line = DistanceLine(width: width, far: far)
                for run in runs {
                    let first = Int(run.first) - bounds.x
                    line.transform(
                        pixels + ((Int(run.y) - bounds.y) * width + first), count: run.count,
                        closedLeft: first > 0 || outsideIsBackground, closedRight: first + run.count < width || outsideIsBackground)
                }
            }
        }
        return distances
    }

    /// Squared distance from every background pixel of `frame` to the nearest foreground pixel; 0 on foreground.
    ///
    /// - Parameter frame: foreground beyond it does not count. Without any foreground in it all distances are `Int32.max`.
    /// - Returns: image of the size of `frame`; pixel (0, 0) is its corner.
    /// - Complexity: linear in the pixels of `frame`.
    /// - Source: equals SciPy's `distance_transform_edt` of the inverted mask, squared.
    public func squaredDistancesOutside(in frame: Rect) -> Image<Int32> {
        clipped(to: frame).inverted.squaredDistances(outsideIsBackground: false)
    }
}

/// Horizontal half of the transform: along one run, the smallest (x − u)² + g(u)² over its pixels u and the background at its ends.
private struct DistanceLine {
    private let far: Int32
    private var column: [Int]
    private var heights: [Int]
    private var starts: [Int]
    private var buffer: [Int32]
    /// Squares with room at both ends for what lies beyond the run.
    private var squares: [Int16]
    private var best: [Int16]

    init(width: Int, far: Int32) {
        self.far = far
        column = [Int](repeating: 0, count: width + 2)
        (heights, starts) = (column, column)
        buffer = [Int32](repeating: 0, count: width)
        squares = [Int16](repeating: 0, count: width + 2 * limit + 16)
        best = [Int16](repeating: 0, count: width + 16)
    }

    /// - Parameters:
    ///   - line: vertical distances of the run; the result takes their place.
    ///   - closedLeft, closedRight: whether background is just beyond that end.
    mutating func transform(_ line: UnsafeMutablePointer<Int32>, count: Int, closedLeft: Bool, closedRight: Bool) {
        if closedLeft, closedRight, count <= 2 {
            // Background is one pixel away.
            for x in 0..<count { line[x] = 1 }
            return
        }
        var highest: Int32 = 0
        for x in 0..<count { highest = max(highest, line[x]) }
        // No pixel is farther away than this from the background that bounds it.
        var reach = Int(highest)
        if closedLeft, closedRight { reach = min(reach, (count &+ 1) / 2) } else if closedLeft || closedRight { reach = min(reach, count) }
        // Columns without background give no distance to scan.
        if reach <= limit, highest < far {
            scan(line, count: count, reach: reach, closedLeft: closedLeft, closedRight: closedRight)
        } else {
            envelope(line, count: count, closedLeft: closedLeft, closedRight: closedRight)
        }
    }

    /// Tries every offset up to `reach`, 8 pixels at a time.
    private mutating func scan(_ line: UnsafeMutablePointer<Int32>, count: Int, reach: Int, closedLeft: Bool, closedRight: Bool) {
        squares.withUnsafeMutableBufferPointer { squares in
            best.withUnsafeMutableBufferPointer { best in
                let (middle, best) = (squares.baseAddress! + limit, best.baseAddress!)
                let cap = Int32(truncatingIfNeeded: reach &+ 1)
                for x in 0..<count {
                    let height = Int16(truncatingIfNeeded: min(line[x], cap))
                    middle[x] = height &* height
                }
                // Beyond background at an end nothing is nearer than that; beyond an open end there is nothing.
                let (left, right): (Int16, Int16) = (closedLeft ? 0 : open, closedRight ? 0 : open)
                for x in 1...max(1, reach) {
                    middle[-x] = left
                    middle[count &+ x &- 1] = right
                }
                for start in Swift.stride(from: 0, to: count, by: 8) {
                    var nearest = load(middle + start)
                    var square: Int16 = 1
                    var odd: Int16 = 3
                    for offset in 1..<(reach &+ 1) {
                        let near = smaller(load(middle + (start &- offset)), load(middle + (start &+ offset)))
                        nearest = smaller(nearest, near &+ SIMD8(repeating: square))
                        square &+= odd
                        odd &+= 2
                    }
                    UnsafeMutableRawPointer(best + start).storeBytes(of: nearest, as: SIMD8<Int16>.self)
                }
                for x in 0..<count { line[x] = Int32(best[x]) }
            }
        }
    }

    /// Lower envelope of parabolas.
    private mutating func envelope(_ line: UnsafeMutablePointer<Int32>, count: Int, closedLeft: Bool, closedRight: Bool) {
        column.withUnsafeMutableBufferPointer { column in
            heights.withUnsafeMutableBufferPointer { heights in
                starts.withUnsafeMutableBufferPointer { starts in
                    buffer.withUnsafeMutableBufferPointer { buffer in
                        var top = 0
                        @inline(__always) func push(_ x: Int, _ height: Int) {
                            let square = height &* height
                            var start = 0
                            while top > 0 {
                                // First pixel where the new parabola is lower than the last one. Doubles hold these numbers and, as their
                                // quotients differ from whole numbers by more than the rounding, their floors are exact.
                                let (u, g) = (column[top &- 1], heights[top &- 1])
                                let crossing = Double(x &* x &- u &* u &+ square &- g) / Double(2 &* (x &- u))
                                start = Int(crossing.rounded(.down)) &+ 1
                                if start > starts[top &- 1] { break }
                                top &-= 1
                                start = 0
                            }
                            if start >= count { return }
                            (column[top], heights[top], starts[top]) = (x, square, max(start, 0))
                            top &+= 1
                        }
                        if closedLeft { push(-1, 0) }
                        for x in 0..<count where line[x] < far { push(x, Int(line[x])) }
                        if closedRight { push(count, 0) }
                        if top == 0 {
                            for x in 0..<count { line[x] = .max }
                            return
                        }
                        var index = 0
                        for x in 0..<count {
                            while index &+ 1 < top, starts[index &+ 1] <= x { index &+= 1 }
                            let distance = x &- column[index]
                            buffer[x] = Int32(clamping: distance &* distance &+ heights[index])
                        }
                        for x in 0..<count { line[x] = buffer[x] }
                    }
                }
            }
        }
    }
}

/// Largest distance that is searched offset by offset; the envelope costs as much there. Its square fits 16 bits with room for another.
private let limit = 96
/// More than any square within the limit, and does not overflow with one added.
private let open: Int16 = 20_000

@inline(__always) private func load(_ pixels: UnsafePointer<Int16>) -> SIMD8<Int16> { UnsafeRawPointer(pixels).loadUnaligned(as: SIMD8<Int16>.self) }

@inline(__always) private func smaller(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD8<Int16> { a.replacing(with: b, where: b .< a) }
