import Raster

/// One closed line along pixel edges, with its place among the others.
public struct Contour: Hashable, Sendable {
    /// Corners; pixel (x, y) covers x − 0.5 ... x + 0.5. Not closed by repeating the first. The shoelace area is positive of outer
    /// contours and negative of holes.
    public let ring: [Point]
    /// Whether background is inside.
    public let isHole: Bool
    /// Index of the contour directly around: of an outer one the hole it lies in, nil on open ground; of a hole the outer one it is in.
    public let parent: Int?
}

extension Mask {
    /// The foreground as polygons along pixel edges: one for each part joined by edges, first its outer ring, then its holes.
    ///
    /// Pixel (x, y) covers x − 0.5 ... x + 0.5, so every corner lies at halves. Rings name only corners, are not closed by
    /// repeating the first, and go so that the outer one has a positive shoelace area (counter-clockwise where y points up, as
    /// GeoJSON asks) and holes a negative one. Every ring is simple: it neither crosses itself nor passes a corner twice. Two rings
    /// may share single corners: of parts that meet there, and of one part whose pixels meet there, as in a ring of pixels closed
    /// only across a corner, which has a hole. Such polygons are valid simple features.
    /// - Complexity: linear in runs and corners.
    public func polygons() -> [[[Point]]] { polygons(connectivity: .four) }

    /// With `.eight`, pixels that meet at a corner are in one polygon, whose ring touches itself there.
    func polygons(connectivity: Connectivity) -> [[[Point]]] {
        let rings = Rings(runs, connectivity: connectivity, holes: true)
        var polygons = [[[Point]]](repeating: [], count: rings.parts)
        // The outer ring of a part holds its very first side, so it comes before its holes.
        for (index, ring) in rings.rings.enumerated() { polygons[Int(rings.partOfRing[index])].append(ring) }
        return polygons
    }

    /// All rings of `polygons()` in one list; filled by the even-odd rule they give the mask again.
    public func contours() -> [[Point]] { Rings(runs, connectivity: .four, holes: true).rings }

    /// Outer rings alone, one for each component, in raster order of their first pixels.
    ///
    /// - Parameter connectivity: of the components; a ring of an eight-connected one touches itself where only corners meet.
    /// - Complexity: linear in runs and corners.
    public func outerContours(connectivity: Connectivity = .eight) -> [[Point]] {
        Rings(runs, connectivity: connectivity, holes: false).rings
    }

    /// All rings with their nesting: outer contour, hole in it, object in that hole, and so on, in raster order of their first pixels.
    ///
    /// - Parameter connectivity: of the foreground; the background's is the other one.
    /// - Complexity: linear in runs and corners.
    /// - Source: Suzuki & Abe 1985, doi:10.1016/0734-189X(85)90016-7, on runs; parents equal OpenCV's `RETR_TREE` with `.eight`.
    public func contourTree(connectivity: Connectivity = .eight) -> [Contour] {
        let rings = Rings(runs, connectivity: connectivity, holes: true)
        var parents: [Int?] = []
        parents.reserveCapacity(rings.rings.count)
        for index in rings.rings.indices {
            let side = Int(rings.starts[index])
            if rings.isHole(index) {
                parents.append(Int(rings.outerRing[Int(rings.partOfRing[index])]))
            } else if side >= 2, runs[side / 2 - 1].y == runs[side / 2].y {
                // The background left of the first pixel is inside the hole whose ring bounds it there, or around the object that does.
                let left = Int(rings.ringOfSide[side - 1])
                parents.append(rings.isHole(left) ? left : parents[left])
            } else {
                parents.append(nil)
            }
        }
        return rings.rings.indices.map { Contour(ring: rings.rings[$0], isHole: rings.isHole($0), parent: parents[$0]) }
    }
}

/// Rings around the background's and the foreground's parts, in the order of their first sides.
///
/// Sides of run i are 2i (left, going up) and 2i + 1 (right, going down), each one row high.
private struct Rings {
    private(set) var rings: [[Point]] = []
    /// First side in raster order; of an outer ring the left side of its part's first run.
    private(set) var starts: [Int32] = []
    private(set) var partOfRing: [Int32] = []
    private(set) var outerRing: [Int32]
    /// Only where holes are wanted.
    private(set) var ringOfSide: [Int32]
    let parts: Int

    /// - Parameter holes: whether rings around holes are made too.
    init(_ runs: [Run], connectivity: Connectivity, holes: Bool) {
        let labels = RunLabels(runs, connectivity: connectivity)
        parts = labels.count
        outerRing = [Int32](repeating: -1, count: labels.count)
        var next = linkedSides(runs, labels, joiningCorners: connectivity == .eight)
        var (rings, starts, partOfRing, outerRing) = (self.rings, self.starts, self.partOfRing, self.outerRing)
        rings.reserveCapacity(labels.count)
        starts.reserveCapacity(labels.count)
        partOfRing.reserveCapacity(labels.count)
        // Every side writes two corners at most.
        withUnsafeTemporaryAllocation(of: Point.self, capacity: 2 * next.count) { corners in
            runs.withUnsafeBufferPointer { runs in
                next.withUnsafeMutableBufferPointer { next in
                    labels.labels.withUnsafeBufferPointer { labels in
                        guard let corners = corners.baseAddress else { return }
                        // Every part's first side in raster order is a left one and on its outer ring.
                        for start in Swift.stride(from: 0, to: next.count, by: holes ? 1 : 2) where next[start] >= 0 {
                            let part = Int(labels[start / 2])
                            let isOuter = outerRing[part] < 0
                            if !holes, !isOuter { continue }
                            let id = Int32(truncatingIfNeeded: rings.count)
                            var count = 0
                            var side = start
                            var x = place(runs, side)
                            repeat {
                                let following = Int(next[side])
                                next[side] = -1 &- id
                                let to = place(runs, following)
                                // Written always and kept where the ring turns: chance decides, and wrong guesses cost more than writing.
                                let y = Double(runs[side / 2].y &+ Int32(truncatingIfNeeded: side & 1)) - 0.5
                                (corners + count).initialize(to: Point(x: Double(x) - 0.5, y: y))
                                (corners + (count &+ 1)).initialize(to: Point(x: Double(to) - 0.5, y: y))
                                count &+= x != to ? 2 : 0
                                (side, x) = (following, to)
                            } while side != start
                            if isOuter { outerRing[part] = id }
                            rings.append([Point](unsafeUninitializedCapacity: count) { ring, written in
                                ring.baseAddress!.initialize(from: corners, count: count)
                                written = count
                            })
                            starts.append(Int32(truncatingIfNeeded: start))
                            partOfRing.append(Int32(truncatingIfNeeded: part))
                        }
                        if holes { for side in 0..<next.count { next[side] = -1 &- next[side] } }
                    }
                }
            }
        }
        (self.rings, self.starts, self.partOfRing, self.outerRing, ringOfSide) = (rings, starts, partOfRing, outerRing, next)
    }

    func isHole(_ ring: Int) -> Bool { Int(outerRing[Int(partOfRing[ring])]) != ring }
}

/// Pixel whose left edge a side stands on.
@inline(__always) private func place(_ runs: UnsafeBufferPointer<Run>, _ side: Int) -> Int32 {
    side & 1 == 0 ? runs[side / 2].first : runs[side / 2].last &+ 1
}

/// For each side the one that follows it around its ring.
///
/// - Parameter joiningCorners: whether pixels that meet at a corner are joined there. Otherwise only those of one part are, because
///   a ring that keeps them apart would pass that corner twice; joined, it falls into two that touch.
private func linkedSides(_ runs: [Run], _ labels: RunLabels, joiningCorners: Bool) -> [Int32] {
    // Every side meets one edge where its ring goes on, so all are written.
    [Int32](unsafeUninitializedCapacity: runs.count * 2) { next, written in
        written = runs.count * 2
        guard let next = next.baseAddress else { return }
        runs.withUnsafeBufferPointer { runs in
            labels.labels.withUnsafeBufferPointer { labels in
                /// Joins two sides that meet the same horizontal edge: of the row above, right sides end there; of the row below, left ones do.
                @inline(__always) func link(_ a: Int, _ aIsAbove: Bool, _ b: Int, _ bIsAbove: Bool) {
                    if (a & 1 == 1) == aIsAbove { next[a] = Int32(truncatingIfNeeded: b) } else { next[b] = Int32(truncatingIfNeeded: a) }
                }
                var (above, aboveEnd, start) = (0, 0, 0)
                while above < aboveEnd || start < runs.count {
                    // The line between row y − 1 (sides 2·above ..< 2·aboveEnd) and row y (2·start ..< 2·end).
                    let y = above < aboveEnd ? runs[above].y &+ 1 : runs[start].y
                    var end = start
                    while end < runs.count, runs[end].y == y { end &+= 1 }
                    var (a, b) = (2 &* above, 2 &* start)
                    // A side that waits for the other end of its edge.
                    var (open, openIsAbove) = (-1, false)
                    while a < 2 &* aboveEnd || b < 2 &* end {
                        let xa = a < 2 &* aboveEnd ? place(runs, a) : .max
                        let xb = b < 2 &* end ? place(runs, b) : .max
                        if xa == xb {
                            if open < 0 {
                                link(a, true, b, false)
                            } else {
                                // Two pixels meet at a corner. Apart, the open edge belongs to the row that ends here.
                                let joined = joiningCorners || labels[a / 2] == labels[b / 2]
                                if (a & 1 == 1) != joined {
                                    link(open, openIsAbove, a, true)
                                    (open, openIsAbove) = (b, false)
                                } else {
                                    link(open, openIsAbove, b, false)
                                    (open, openIsAbove) = (a, true)
                                }
                            }
                            a &+= 1
                            b &+= 1
                        } else {
                            let (side, isAbove) = xa < xb ? (a, true) : (b, false)
                            if open >= 0 {
                                link(open, openIsAbove, side, isAbove)
                                open = -1
                            } else {
                                (open, openIsAbove) = (side, isAbove)
                            }
                            if isAbove { a &+= 1 } else { b &+= 1 }
                        }
                    }
                    (above, aboveEnd, start) = (start, end, end)
                }
            }
        }
    }
}
