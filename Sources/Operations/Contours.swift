import Raster

extension Mask {
    /// The foreground as polygons along pixel edges: one for each part joined by edges, first its outer ring, then its holes.
    ///
    /// Pixel (x, y) covers x − 0.5 ... x + 0.5, so every corner lies at halves. Rings name only corners, are not closed by
    /// repeating the first, and go so that the outer one has a positive shoelace area (counter-clockwise where y points up, as
    /// GeoJSON asks) and holes a negative one. Pixels that meet at a corner are kept apart.
    /// - Complexity: linear in runs and corners.
    public func polygons() -> [[[Point]]] { polygons(connectivity: .four) }

    /// With `.eight`, pixels that meet at a corner are in one polygon, whose ring touches itself there.
    func polygons(connectivity: Connectivity) -> [[[Point]]] {
        guard !runs.isEmpty else { return [] }
        let next = linkedSides(joiningCorners: connectivity == .eight)
        let parts = RunLabels(runs, connectivity: connectivity)
        var polygons = [[[Point]]](repeating: [], count: parts.count)
        var seen = [Bool](repeating: false, count: next.count)
        for start in next.indices where !seen[start] {
            var ring: [Point] = []
            var doubled = 0
            var side = start
            repeat {
                seen[side] = true
                let following = next[side]
                let (from, to, y) = (x(ofSide: side), x(ofSide: following), end(ofSide: side))
                if from != to {
                    ring.append(Point(x: Double(from) - 0.5, y: Double(y) - 0.5))
                    ring.append(Point(x: Double(to) - 0.5, y: Double(y) - 0.5))
                    // Only horizontal edges count in the shoelace sum ∮ −y dx.
                    doubled += (from - to) * y
                }
                side = following
            } while side != start
            let part = Int(parts.labels[start / 2])
            if doubled > 0 { polygons[part].insert(ring, at: 0) } else { polygons[part].append(ring) }
        }
        return polygons
    }

    /// All rings of `polygons()` in one list; filled by the even-odd rule they give the mask again.
    public func contours() -> [[Point]] { polygons().flatMap { $0 } }

    /// Sides of run i are 2i (left, going up) and 2i + 1 (right, going down), each one row high.
    private func x(ofSide side: Int) -> Int {
        let run = runs[side / 2]
        return side & 1 == 0 ? Int(run.first) : Int(run.last) + 1
    }

    private func end(ofSide side: Int) -> Int { Int(runs[side / 2].y) + side & 1 }

    /// For each side the one that follows it around its ring.
    private func linkedSides(joiningCorners: Bool) -> [Int] {
        var next = [Int](repeating: -1, count: runs.count * 2)
        runs.withUnsafeBufferPointer { runs in
            next.withUnsafeMutableBufferPointer { next in
                /// Joins two sides that meet the same horizontal edge: of the row above, right sides end there; of the row below, left ones do.
                func link(_ a: (side: Int, above: Bool), _ b: (side: Int, above: Bool)) {
                    if (a.side & 1 == 1) == a.above { next[a.side] = b.side } else { next[b.side] = a.side }
                }
                var (above, aboveEnd, start) = (0, 0, 0)
                while above < aboveEnd || start < runs.count {
                    // The line between row y − 1 (sides 2·above ..< 2·aboveEnd) and row y (2·start ..< 2·end).
                    let y = above < aboveEnd ? runs[above].y + 1 : runs[start].y
                    var end = start
                    while end < runs.count, runs[end].y == y { end += 1 }
                    var (a, b) = (2 * above, 2 * start)
                    var pending: (side: Int, above: Bool)?
                    func place(_ side: Int) -> Int32 { side & 1 == 0 ? runs[side / 2].first : runs[side / 2].last + 1 }
                    while a < 2 * aboveEnd || b < 2 * end {
                        let xa = a < 2 * aboveEnd ? place(a) : .max
                        let xb = b < 2 * end ? place(b) : .max
                        if xa == xb {
                            if let open = pending {
                                // Two pixels meet at a corner: each keeps its own. The open edge belongs to the row that ends here.
                                let own = (a & 1 == 1) != joiningCorners
                                link(open, own ? (a, true) : (b, false))
                                pending = own ? (b, false) : (a, true)
                            } else {
                                link((a, true), (b, false))
                            }
                            a += 1
                            b += 1
                        } else {
                            let side = xa < xb ? (a, true) : (b, false)
                            if let open = pending {
                                link(open, side)
                                pending = nil
                            } else {
                                pending = side
                            }
                            if xa < xb { a += 1 } else { b += 1 }
                        }
                    }
                    (above, aboveEnd, start) = (start, end, end)
                }
            }
        }
        return next
    }
}
