import Raster

/// Pictures of objects: the image they are cut from and what is drawn on each.
///
/// A picture is made when somebody asks for it, one at a time: exports ask in the order of their rows, and edits change masks.
package struct Vignettes: SlotValue {
    package static var slotType: SlotType { .vignettes }

    /// Shared, not copied; of 16 bits, it has to be brought to 8 before pictures are cut.
    package var image: AnyImage
    /// Around the object's box, in pixels, as far as the image reaches.
    package var margin: Int
    /// Edge length of a pixel in µm; nil without calibration.
    package var pixelSize: Double?
    /// In the order in which they draw.
    package var steps: [any VignetteStep]

    package init(image: AnyImage, margin: Int, pixelSize: Double?, steps: [any VignetteStep]) {
        (self.image, self.margin, self.pixelSize, self.steps) = (image, margin, pixelSize, steps)
    }
}

/// One object's picture while it is made.
package struct VignettePicture: Sendable {
    package var pixels: AnyImage
    /// The object, in the pixels of the picture.
    package var mask: Mask
    package var pixelSize: Double?
    /// Where in the picture the cut lies; strips may have been added around it.
    package var content: Rect

    package init(pixels: AnyImage, mask: Mask, pixelSize: Double?) {
        (self.pixels, self.mask, self.pixelSize, content) = (pixels, mask, pixelSize, pixels.bounds)
    }
}

/// What one node draws on the picture of an object.
package protocol VignetteStep: Sendable {
    func draw(on picture: inout VignettePicture)

    /// What cannot be drawn on pictures of this image, and what to do about it; nil when all can.
    func problem(image: String, pixelSize: Double?) -> String?

    /// Whether the picture keeps its size, so that it fits where a place of that size is kept for it.
    var keepsSize: Bool { get }
}

extension VignetteStep {
    package func problem(image: String, pixelSize: Double?) -> String? { nil }
    package var keepsSize: Bool { true }
}
