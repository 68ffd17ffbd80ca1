import Raster

extension Image where Pixel == UInt8 {
    /// Level × scale / level of `background` at the same pixel, rounded (halves to the even level), at most 255; 0 where `background` is 0.
    ///
    /// - Parameter scale: gray level that a pixel as bright as the background gets.
    /// - Throws: `.sizeMismatch`; `.outOfRange` for a scale that is no number, or negative.
    /// - Complexity: one pass.
    /// - Source: equals `cv2.divide(image, background, scale=scale)`.
    public func divided(by background: Image<UInt8>, scale: Double) throws(OperationError) -> Image<UInt8> { try quotient(background, scale) }
}

extension Image where Pixel == UInt16 {
    /// Level × scale / level of `background` at the same pixel, as for 8 bits.
    public func divided(by background: Image<UInt16>, scale: Double) throws(OperationError) -> Image<UInt16> { try quotient(background, scale) }
}

extension Image where Pixel == BGR<UInt8> {
    /// Level × scale / level of `background` at the same pixel, each channel for itself.
    public func divided(by background: Image<BGR<UInt8>>, scale: Double) throws(OperationError) -> Image<BGR<UInt8>> { try quotient(background, scale) }
}

extension Image where Pixel == BGR<UInt16> {
    /// Level × scale / level of `background` at the same pixel, each channel for itself.
    public func divided(by background: Image<BGR<UInt16>>, scale: Double) throws(OperationError) -> Image<BGR<UInt16>> { try quotient(background, scale) }
}

extension Image where Pixel: FilterPixel, Pixel.Sample: FixedWidthInteger & UnsignedInteger {
    private func quotient(_ background: Image, _ scale: Double) throws(OperationError) -> Image {
        guard width == background.width, height == background.height else {
            throw .sizeMismatch(operation: "flat field", width, height, otherWidth: background.width, otherHeight: background.height)
        }
        guard scale >= 0, scale.isFinite else {
            throw .outOfRange(operation: "flat field", parameter: "scale", value: "\(scale)", allowed: "a number of gray levels from 0 on")
        }
        let factor = Float(scale)
        return Image(width: width, height: height, writingSamples: { target in
            withSamples { image in
                background.withSamples { background in
                    for y in 0..<image.height { divide(image.row(y), background.row(y), factor, target + y &* image.rowCount, image.rowCount) }
                }
            }
        })
    }
}

@inline(__always)
private func divide<Sample: FilterSample & FixedWidthInteger & UnsignedInteger>(
    _ levels: UnsafePointer<Sample>, _ background: UnsafePointer<Sample>, _ scale: Float, _ target: UnsafeMutablePointer<Sample>, _ count: Int
) {
    let highest = Sample.highest
    for x in 0..<count {
        let below = Int32(truncatingIfNeeded: background[x])
        // Over 0 comes infinity, or no number over 0 / 0: the comparison turns both into the highest level, the mask into 0.
        let level = Float(Int32(truncatingIfNeeded: levels[x])) * scale / Float(below)
        let clipped = level < highest ? level : highest
        let rounded = (clipped + 12_582_912).bitPattern
        target[x] = Sample(truncatingIfNeeded: below == 0 ? 0 : rounded)
    }
}
