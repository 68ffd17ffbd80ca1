import Raster

/// The pixels of an area whose neighbour on one side lies outside of it, for each side.
public struct AreaLimit: Sendable {
    private let edges: [(side: BorderSides, mask: Mask)]

    /// - Complexity: linear in the runs of the area.
    public init(_ area: Mask) {
        edges = [(BorderSides.left, 1, 0), (.top, 0, 1), (.right, -1, 0), (.bottom, 0, -1)].map { side, x, y in
            (side, Mask(tightSortedRuns: area.subtracting(area.translated(x: x, y: y)).runs))
        }
    }

    /// Sides on which an object inside the area reaches the limit.
    /// - Complexity: linear in the runs of the object and of the limit in its rows.
    public func sides(of object: Mask) -> BorderSides {
        let box = object.boundingBox
        return edges.reduce(into: BorderSides()) { sides, edge in
            guard box.intersects(edge.mask.bounds), edge.mask.clipped(to: box).intersects(object) else { return }
            sides.insert(edge.side)
        }
    }
}
