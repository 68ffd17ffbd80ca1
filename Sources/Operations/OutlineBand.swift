import Raster

extension Mask {
    /// Which side of the edge an outline is drawn on.
    public enum OutlineSide: String, Sendable, CaseIterable, Codable {
        /// On the outermost pixels of the foreground, so that two objects' outlines never meet.
        case inside
        /// On the background next to it, so that no pixel of the foreground is hidden.
        case outside
    }

    /// The pixels at most `width` away from the other side of the edge, holes' edges too; beyond `bounds` is background, on which nothing is drawn.
    ///
    /// - Parameter width: in pixels, from centre to centre; 1 gives a line that is one pixel thick and joined at corners.
    /// - Complexity: as dilation by a disk of that radius.
    public func outlineBand(width: Int, on side: OutlineSide) -> Mask {
        precondition(width >= 0, "an outline of \(width) pixels")
        return switch side {
        case .inside: subtracting(Mask(bounds: bounds.expanded(by: width), sortedRuns: runs).eroded(.disk(radius: width)))
        case .outside: dilated(.disk(radius: width)).subtracting(self)
        }
    }
}
