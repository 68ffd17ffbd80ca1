import Raster

/// Shape, gray levels and ZooProcess's measures of one object, with what they share worked out once.
///
/// Equal to `ShapeMeasures`, `GrayMeasures` and `ZooProcessMeasures` made one by one.
public struct ObjectMeasures: Hashable, Sendable {
    public let shape: ShapeMeasures
    /// nil when no pixel of the mask lies inside the image.
    public let gray: GrayMeasures?
    public let zooProcess: ZooProcessMeasures?

    /// nil for the empty mask.
    ///
    /// - Parameters:
    ///   - limit: ZooProcess's threshold.
    ///   - pixelSize: side of a pixel in µm.
    public init?(_ mask: Mask, image: Image<UInt8>, limit: UInt8, pixelSize: Double? = nil) {
        guard let outline = ObjectOutline(mask) else { return nil }
        shape = ShapeMeasures(outline)
        guard image.bounds.contains(outline.box) else {
            gray = GrayMeasures(mask, image: image)
            zooProcess = ZooProcessMeasures(mask, image: image, limit: limit, pixelSize: pixelSize)
            return
        }
        (gray, zooProcess) = GrayMeasures.with(mask, image: image) { gray, counts in
            // Without holes both look at the same pixels.
            outline.parts == outline.eulerNumber
                ? (gray, ZooProcessMeasures(outline, gray, counts, image: image, limit: limit, pixelSize: pixelSize))
                : (gray, ZooProcessMeasures(outline, image: image, limit: limit, pixelSize: pixelSize))
        }
    }
}
