/// Bounds checked before memory is taken, so that a small hostile file cannot claim gigabytes.
///
/// There is no limit on the number of pixels: gigapixel images are legitimate and are read by rows.
package struct DecodeLimits: Sendable {
    /// Bytes of pixels a whole-image decode may take, also of pictures that can only be read whole (interlaced PNG).
    package var maxPixelBytes: Int
    /// Largest width or height in pixels.
    package var maxSide: Int
    /// Bytes a decoder may take for itself: coefficients of a progressive JPEG, one compressed strip or row of tiles of a TIFF.
    package var maxDecoderBytes: Int

    package init(maxPixelBytes: Int = 2 << 30, maxSide: Int = 1 << 20, maxDecoderBytes: Int = 1 << 30) {
        (self.maxPixelBytes, self.maxSide, self.maxDecoderBytes) = (maxPixelBytes, maxSide, maxDecoderBytes)
    }

    package static let standard = DecodeLimits()
}
