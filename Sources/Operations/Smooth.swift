import Raster

extension Mask {
    /// Rounds off the outline: a pixel is foreground when most of the disk around it is.
    ///
    /// - Parameter radius: of the disk dx² + dy² ≤ radius², in pixels, at least 0; beyond `bounds` is background.
    /// - Returns: same bounds. Parts and legs narrower than about the radius go, notches and holes as narrow are closed; straight edges stay.
    /// - Complexity: pixels of the foreground's box × (2 · radius + 1), 16 bits at a time.
    /// - Source: median filter with a disk, equals `scipy.ndimage.median_filter` with that footprint and zeros around.
    public func smoothed(radius: Int) -> Mask {
        precondition(radius >= 0 && radius <= Mask.largestSmoothingRadius, "radius \(radius) is not from 0 to \(Mask.largestSmoothingRadius)")
        guard radius > 0, !runs.isEmpty else { return self }
        // Half of a disk around a pixel outside of the box lies farther outside, so nothing comes up there.
        let box = boundingBox
        let halves = (-radius...radius).map { dy in Int(Double(radius * radius - dy * dy).squareRoot()) }
        let most = halves.reduce(0) { $0 + 2 * $1 + 1 } / 2
        // A row as running sums, with room for the widest part of the disk on both sides.
        let stride = box.width + 2 * radius + 1
        var sums = [Int32](repeating: 0, count: stride * (2 * radius + 1))
        var counts = [Int32](repeating: 0, count: box.width)
        var result: [Run] = []
        var next = 0
        sums.withUnsafeMutableBufferPointer { sums in
            counts.withUnsafeMutableBufferPointer { counts in
                let (sums, counts) = (sums.baseAddress!, counts.baseAddress!)
                /// Row `row` of the box takes the place of the one 2 · radius + 1 rows before.
                func load(_ row: Int) {
                    let line = sums + (row % (2 * radius + 1)) * stride
                    line.update(repeating: 0, count: stride)
                    guard row < box.height else { return }
                    while next < runs.count, Int(runs[next].y) == box.y + row {
                        let first = Int(runs[next].first) - box.x + radius
                        for x in first..<(first + runs[next].count) { line[x + 1] = 1 }
                        next += 1
                    }
                    for x in 1..<stride { line[x] &+= line[x &- 1] }
                }
                for row in 0..<radius { load(row) }
                for y in 0..<box.height {
                    load(y + radius)
                    counts.update(repeating: 0, count: box.width)
                    for dy in -radius...radius where y + dy >= 0 {
                        let line = sums + ((y + dy) % (2 * radius + 1)) * stride
                        let (low, high) = (line + (radius - halves[dy + radius]), line + (radius + halves[dy + radius] + 1))
                        for x in 0..<box.width { counts[x] &+= high[x] &- low[x] }
                    }
                    var x = 0
                    while x < box.width {
                        if counts[x] <= most {
                            x &+= 1
                            continue
                        }
                        let first = x
                        while x < box.width, counts[x] > most { x &+= 1 }
                        result.append(Run(y: box.y + y, first: box.x + first, last: box.x + x - 1))
                    }
                }
            }
        }
        return Mask(bounds: bounds, sortedRuns: result)
    }

    /// Beyond this the disk is larger than what anybody would call rounding off, and the sums would not stay small.
    public static let largestSmoothingRadius = 100
}
