import Raster

/// One drawn body and its true pixels.
package struct DemoObject: Sendable {
    package let kind: DemoKind
    /// Pixels of which at least half lies in the body, cut at the frame; bodies may overlap.
    package let mask: Mask
    /// Index of the aggregate in whose hole it lies.
    package let parent: Int?
    /// Index of the body that it was laid against or across.
    package let partner: Int?
}
