import Raster

extension Mask {
    /// Parts that remain when the pixels of a line are taken away, in raster order; the mask itself when the line does not part it.
    ///
    /// - Parameter width: at least √2, so that the parts do not touch, not even at corners; ZooProcess draws 2.
    public func cut(along points: [Point], width: Double = 2, connectivity: Connectivity = .eight) -> [Mask] {
        let line = Mask.line(points, width: max(width, 2.0.squareRoot()), bounds: bounds)
        let parts = subtracting(line).components(connectivity: connectivity)
        return parts.count > componentCount(connectivity: connectivity) ? parts : [self]
    }
}
