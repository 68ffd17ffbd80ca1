import Raster

extension Mask {
    /// Brush stroke: pixels whose centre is at most width / 2 from the line through the points.
    ///
    /// Never thinner than one pixel: the pixel nearest to every point is in it, and neighbouring points are joined without gaps
    /// (by corners). A stroke at least √2 wide separates what lies on its two sides, also for 8-connectivity.
    /// - Parameter points: one is a dot. Points that are not finite are left out.
    /// - Complexity: segments × rows they cross, sorted.
    public static func line(_ points: [Point], width: Double, bounds: Rect) -> Mask {
        guard !bounds.isEmpty, width.isFinite else { return Mask(bounds: bounds, sortedRuns: []) }
        let radius = max(width, 1) / 2
        let box = ClampedBox(bounds)
        var runs: [Run] = []
        let points = points.filter { $0.x.isFinite && $0.y.isFinite }
        for (index, a) in points.enumerated() {
            let near = Point(x: a.x.rounded(), y: a.y.rounded())
            if let rows = box.rows(from: near.y, to: near.y) { box.append(&runs, y: rows.lowerBound, from: near.x, to: near.x) }
            let b = index + 1 < points.count ? points[index + 1] : a
            guard let rows = box.rows(from: min(a.y, b.y) - radius, to: max(a.y, b.y) + radius) else { continue }
            for y in rows {
                guard let (low, high) = capsuleRow(a, b, radius, Double(y)) else { continue }
                box.append(&runs, y: y, from: low, to: high)
            }
        }
        return Mask(bounds: bounds, joining: runs)
    }
}

/// Part of row y within `radius` of the segment a b. That area is convex, so the part is one interval.
private func capsuleRow(_ a: Point, _ b: Point, _ radius: Double, _ y: Double) -> (Double, Double)? {
    var (low, high) = (Double.infinity, -Double.infinity)
    for end in [a, b] {
        let rest = radius * radius - (y - end.y) * (y - end.y)
        guard rest >= -1e-9 else { continue }
        let half = max(0, rest).squareRoot()
        low = min(low, end.x - half)
        high = max(high, end.x + half)
    }
    let (dx, dy) = (b.x - a.x, b.y - a.y)
    let length = (dx * dx + dy * dy).squareRoot()
    if length > 0 {
        // Sides of the rectangle around the segment.
        let (nx, ny) = (-dy / length * radius, dx / length * radius)
        let corners = [
            Point(x: a.x + nx, y: a.y + ny), Point(x: b.x + nx, y: b.y + ny), Point(x: b.x - nx, y: b.y - ny), Point(x: a.x - nx, y: a.y - ny),
        ]
        for index in 0..<4 {
            let (p, q) = (corners[index], corners[(index + 1) % 4])
            guard min(p.y, q.y) <= y, y <= max(p.y, q.y), p.y != q.y else { continue }
            let x = p.x + (q.x - p.x) * (y - p.y) / (q.y - p.y)
            low = min(low, x)
            high = max(high, x)
        }
    }
    return low <= high ? (low, high) : nil
}
