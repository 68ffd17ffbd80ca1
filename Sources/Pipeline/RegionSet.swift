import Raster

/// Sides of the frame (or of the restricted area) that an object touches.
package struct Sides: OptionSet, Hashable, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let left = Sides(rawValue: 1)
    package static let top = Sides(rawValue: 2)
    package static let right = Sides(rawValue: 4)
    package static let bottom = Sides(rawValue: 8)
}

/// One segmented object of an image.
package struct Region: Hashable, Sendable {
    /// Foreground in image coordinates, `bounds` tight around it.
    package var mask: Mask
    /// Index, in the same set, of the region that encloses this one.
    package var parent: Int?
    /// Number of segments that lie inside this one and are not objects themselves.
    package var innerCount: Int
    package var touches: Sides

    package init(mask: Mask, parent: Int? = nil, innerCount: Int = 0, touches: Sides = []) {
        (self.mask, self.parent, self.innerCount, self.touches) = (mask, parent, innerCount, touches)
    }
}

/// A segment that did not become an object, and the rule that dropped it.
package struct RejectedSegment: Hashable, Sendable {
    package var mask: Mask
    package var rule: String
    /// Index of the region that encloses it, for the nested policy.
    package var parent: Int?

    package init(mask: Mask, rule: String, parent: Int? = nil) {
        (self.mask, self.rule, self.parent) = (mask, rule, parent)
    }
}

/// All segments of one image: those kept, in raster order of their first pixel, and those dropped.
package struct RegionSet: Hashable, Sendable, SlotValue {
    package static var slotType: SlotType { .regions }
    /// Size of the image.
    package var frame: Rect
    package var regions: [Region]
    package var rejects: [RejectedSegment]

    package init(frame: Rect, regions: [Region] = [], rejects: [RejectedSegment] = []) {
        (self.frame, self.regions, self.rejects) = (frame, regions, rejects)
    }
}
