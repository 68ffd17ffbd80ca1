import Raster

extension Image where Pixel: BinaryInteger {
    /// Pixels connected to one by pixels whose value differs from its own by at most `tolerance`.
    ///
    /// - Parameters:
    ///   - x, y: must lie inside the image.
    ///   - tolerance: at least 0.
    /// - Returns: tight mask; (0, 0) is the image's corner.
    /// - Complexity: linear in the pixels it finds.
    /// - Source: equals `skimage.segmentation.flood` with `tolerance` (and its `connectivity` 2 for `.eight`).
    public func wand(x: Int, y: Int, tolerance: Int, connectivity: Connectivity = .eight) -> Mask {
        precondition(x >= 0 && x < width && y >= 0 && y < height, "(\(x), \(y)) is outside \(width) × \(height)")
        precondition(tolerance >= 0, "tolerance \(tolerance) is negative")
        var runs: [Run] = []
        withBuffer { pixels in
            let middle = Int(pixels[y * width + x])
            let (low, high) = (middle - tolerance, middle + tolerance)
            @inline(__always) func fits(_ place: Int) -> Bool {
                let value = Int(pixels[place])
                return value >= low && value <= high
            }
            var seen = [Bool](repeating: false, count: pixels.count)
            var waiting = [(x, y)]
            // Whole runs at a time: each is widened to both sides, then the rows above and below are searched along it.
            let reach = connectivity == .eight ? 1 : 0
            while let (x, y) = waiting.popLast() {
                let row = y * width
                if seen[row + x] { continue }
                var (first, last) = (x, x)
                while first > 0, fits(row + first - 1) { first -= 1 }
                while last < width - 1, fits(row + last + 1) { last += 1 }
                for x in first...last { seen[row + x] = true }
                runs.append(Run(y: y, first: first, last: last))
                for other in [y - 1, y + 1] where other >= 0 && other < height {
                    var inside = false
                    for x in max(0, first - reach)...min(width - 1, last + reach) {
                        let place = other * width + x
                        let here = fits(place) && !seen[place]
                        if here, !inside { waiting.append((x, other)) }
                        inside = here
                    }
                }
            }
        }
        return Mask(tightSortedRuns: runs.sorted())
    }
}
