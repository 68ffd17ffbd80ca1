import Raster

extension Mask {
    /// Filled polygon: pixels whose centre lies inside by the even-odd rule, or on an edge (to 1e-9 pixels).
    ///
    /// - Parameters:
    ///   - rings: closed by themselves, in any direction; a ring inside another is a hole. Points that are not finite are left out.
    ///   - bounds: what lies outside is cut off, and costs nothing.
    /// - Complexity: edges × rows they cross, sorted.
    public static func polygon(_ rings: [[Point]], bounds: Rect) -> Mask {
        guard !bounds.isEmpty else { return Mask(bounds: bounds, sortedRuns: []) }
        var runs: [Run] = []
        var crossings: [(y: Int, x: Double)] = []
        let box = ClampedBox(bounds)
        for ring in rings {
            let points = ring.filter { $0.x.isFinite && $0.y.isFinite }
            for (index, a) in points.enumerated() {
                let b = points[index + 1 == points.count ? 0 : index + 1]
                let (low, high) = (a.y < b.y ? a : b, a.y < b.y ? b : a)
                guard let rows = box.rows(from: low.y - tolerance, to: high.y + tolerance) else { continue }
                for y in rows {
                    let row = Double(y)
                    if high.y - low.y <= tolerance {
                        box.append(&runs, y: y, from: min(a.x, b.x), to: max(a.x, b.x))
                        continue
                    }
                    let part = min(1, max(0, (row - low.y) / (high.y - low.y)))
                    let x = low.x + (high.x - low.x) * part
                    // The pixel on the edge itself; parity alone would leave out half of the edges.
                    box.append(&runs, y: y, from: x, to: x)
                    if low.y <= row, row < high.y { crossings.append((y, x)) }
                }
            }
        }
        crossings.sort { ($0.y, $0.x) < ($1.y, $1.x) }
        // A ring crosses each row an even number of times.
        for index in stride(from: 0, to: crossings.count - 1, by: 2) {
            box.append(&runs, y: crossings[index].y, from: crossings[index].x, to: crossings[index + 1].x)
        }
        return Mask(bounds: bounds, joining: runs)
    }
}

/// Pixel centres so close to an edge count as on it.
private let tolerance = 1e-9

/// Cuts real coordinates to a box before they become whole numbers, so that nothing overflows.
struct ClampedBox {
    private let box: Rect

    init(_ box: Rect) { self.box = box }

    /// Rows of the box whose centres lie between both; nil when there are none.
    func rows(from low: Double, to high: Double) -> ClosedRange<Int>? { whole(low, high, box.y, box.maxY - 1) }

    /// Adds the pixels of a row whose centres lie between both, ends included.
    func append(_ runs: inout [Run], y: Int, from low: Double, to high: Double) {
        guard let columns = whole(low - tolerance, high + tolerance, box.x, box.maxX - 1) else { return }
        runs.append(Run(y: y, first: columns.lowerBound, last: columns.upperBound))
    }

    private func whole(_ low: Double, _ high: Double, _ least: Int, _ most: Int) -> ClosedRange<Int>? {
        let first = max(low.rounded(.up), Double(least))
        let last = min(high.rounded(.down), Double(most))
        return first <= last ? Int(first)...Int(last) : nil
    }
}
