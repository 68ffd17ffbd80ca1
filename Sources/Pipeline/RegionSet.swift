import Raster

/// One segmented piece of an image: an object, or what a rule dropped.
package struct Segment: Hashable, Sendable {
    /// Foreground in image coordinates, `bounds` tight around it.
    package var mask: Mask
    /// Index, in the same set, of the segment that encloses this one.
    package var parent: Int?
    /// Number of segments inside this one, at any depth.
    package var innerCount: Int
    package var touches: BorderSides
    /// The rule that dropped it; nil for an object.
    package var rejectedBy: String?
    /// What a file that it was read from calls it.
    package var category: Category?

    package struct Category: Hashable, Sendable {
        package var name: String
        /// Name of the category above it.
        package var parent: String?
        /// How sure, 0 to 1.
        package var score: Double?

        package init(name: String, parent: String? = nil, score: Double? = nil) { (self.name, self.parent, self.score) = (name, parent, score) }
    }

    package init(mask: Mask, parent: Int? = nil, innerCount: Int = 0, touches: BorderSides = [], rejectedBy: String? = nil) {
        (self.mask, self.parent, self.innerCount, self.touches, self.rejectedBy) = (mask, parent, innerCount, touches, rejectedBy)
    }
}

/// All segments of one image, kept and dropped, in raster order of their first pixel.
package struct RegionSet: Hashable, Sendable, SlotValue {
    package static var slotType: SlotType { .regions }
    /// Size of the image.
    package var frame: Rect
    /// Part of the frame that the pictures in a node's other slots show; all of it, but where a few objects are measured.
    package var window: Rect
    package var segments: [Segment]
    /// Margin around an object in its vignettes, in pixels.
    package var padding: Int

    package static let usualPadding = 10

    package init(frame: Rect, window: Rect? = nil, segments: [Segment] = [], padding: Int = RegionSet.usualPadding) {
        (self.frame, self.window, self.segments, self.padding) = (frame, window ?? frame, segments, padding)
    }

    /// The objects; measurement tables have one row for each of these.
    package var objects: [Segment] { segments.filter { $0.rejectedBy == nil } }

    /// Where they are among the segments.
    package var objectIndices: [Int] { segments.indices.filter { segments[$0].rejectedBy == nil } }
}
