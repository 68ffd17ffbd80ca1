import Raster

/// One object of a file of outlines or masks, before it is a mask of an image.
package struct OutlinedObject: Sendable, Equatable {
    package enum Shape: Sendable, Equatable {
        case mask(Mask)
        /// Polygons in image pixels, pixel centres at whole numbers; each has an outer ring and holes, filled by the even-odd rule.
        case polygons([[[Point]]])
    }

    package var shape: Shape
    /// What the file calls it; nil where it has no name of its own.
    package var id: String?
    package var category: String?
    /// Parent of the category, where the file knows one.
    package var supercategory: String?
    /// How sure the file is of the category, 0 to 1.
    package var score: Double?

    package init(shape: Shape, id: String? = nil, category: String? = nil, supercategory: String? = nil, score: Double? = nil) {
        (self.shape, self.id, self.category, self.supercategory, self.score) = (shape, id, category, supercategory, score)
    }
}
