import Raster

extension Image where Pixel == UInt8 {
    /// Mean of the (2 · radius + 1)² pixels around each pixel, rounded; mirrored beyond the border, the edge pixel twice.
    ///
    /// - Complexity: four additions a pixel, whatever the radius.
    /// - Source: equals `cv2.blur(borderType=BORDER_REFLECT)`.
    public func boxBlurred(radius: Int) -> Image<UInt8> { boxed(radius) }
}

extension Image where Pixel == UInt16 {
    /// Mean of the (2 · radius + 1)² pixels around each pixel, as for 8 bits.
    public func boxBlurred(radius: Int) -> Image<UInt16> { boxed(radius) }
}

extension Image where Pixel == BGR<UInt8> {
    /// Mean of the (2 · radius + 1)² pixels around each pixel, each channel for itself.
    public func boxBlurred(radius: Int) -> Image<BGR<UInt8>> { boxed(radius) }
}

extension Image where Pixel == BGR<UInt16> {
    /// Mean of the (2 · radius + 1)² pixels around each pixel, each channel for itself.
    public func boxBlurred(radius: Int) -> Image<BGR<UInt16>> { boxed(radius) }
}

extension Image where Pixel: FilterPixel, Pixel.Sample: FixedWidthInteger & UnsignedInteger {
    private func boxed(_ radius: Int) -> Image {
        precondition(radius >= 0, "radius \(radius) is negative")
        guard radius > 0, !isEmpty else { return self }
        let area = (2 * radius + 1) * (2 * radius + 1)
        // The area is odd, so no mean lies in the middle between two levels and nothing depends on how halves are rounded.
        let share = 1 / Double(area)
        let shortShare = Float(share)
        return Image(width: width, height: height, writingSamples: { target in
            withSamples { plane in
                let count = plane.rowCount
                if area * Int(Pixel.Sample.max) <= 1 << 20 {
                    // Single precision holds these sums, and their means to a small part of 1 / area.
                    forEachRowOfBoxSums(plane, radius: radius, as: UInt32.self) { y, sums in
                        let to = target + y &* count
                        for x in 0..<count {
                            let mean = Float(Int32(bitPattern: sums[x])) * shortShare
                            to[x] = Pixel.Sample(truncatingIfNeeded: (mean + 12_582_912).bitPattern)
                        }
                    }
                } else if area * Int(Pixel.Sample.max) <= Int(UInt32.max) {
                    forEachRowOfBoxSums(plane, radius: radius, as: UInt32.self) { y, sums in
                        let to = target + y &* count
                        for x in 0..<count { to[x] = Pixel.Sample(truncatingIfNeeded: Int32(Double(sums[x]) * share + 0.5)) }
                    }
                } else {
                    forEachRowOfBoxSums(plane, radius: radius, as: UInt64.self) { y, sums in
                        let to = target + y &* count
                        for x in 0..<count { to[x] = Pixel.Sample(truncatingIfNeeded: Int32(Double(sums[x]) * share + 0.5)) }
                    }
                }
            }
        })
    }
}

/// Sums over the (2 · radius + 1)² samples around each sample of its channel, row after row; mirrored beyond the border.
///
/// `Sum` must hold the largest sum; totals of a row may wrap around, differences of them are right all the same.
@inline(__always)
func forEachRowOfBoxSums<Sample: FilterSample & FixedWidthInteger & UnsignedInteger, Sum: FixedWidthInteger & UnsignedInteger>(
    _ plane: SamplePlane<Sample>, radius: Int, as: Sum.Type, _ body: (Int, UnsafePointer<Sum>) -> Void
) {
    let (count, channels, width) = (plane.rowCount, plane.channels, plane.width)
    let margin = radius * channels
    let padded = count + 2 * margin
    let columns = UnsafeMutablePointer<Sum>.allocate(capacity: count + padded + channels)
    defer { columns.deallocate() }
    columns.initialize(repeating: 0, count: count)
    // `totals[i]` is the sum of the samples before i of the mirrored row, per channel.
    let totals = columns + count
    for offset in -radius...radius {
        let row = plane.row(reflected(offset, plane.height))
        for x in 0..<count { columns[x] &+= Sum(truncatingIfNeeded: row[x]) }
    }
    let left = (0..<radius).map { reflected($0 - radius, width) * channels }
    let right = (0..<radius).map { reflected(width + $0, width) * channels }
    let result = UnsafeMutablePointer<Sum>.allocate(capacity: count)
    defer { result.deallocate() }
    for y in 0..<plane.height {
        for channel in 0..<channels {
            var total: Sum = 0
            var place = channel
            totals[place] = 0
            @inline(__always) func take(_ value: Sum) {
                total &+= value
                place &+= channels
                totals[place] = total
            }
            for from in left { take(columns[from &+ channel]) }
            var from = channel
            while from < count {
                take(columns[from])
                from &+= channels
            }
            for from in right { take(columns[from &+ channel]) }
        }
        let ends = totals + (2 * radius + 1) * channels
        for x in 0..<count { result[x] = ends[x] &- totals[x] }
        body(y, UnsafePointer(result))
        let (gone, new) = (plane.row(reflected(y - radius, plane.height)), plane.row(reflected(y + radius + 1, plane.height)))
        for x in 0..<count { columns[x] = columns[x] &+ Sum(truncatingIfNeeded: new[x]) &- Sum(truncatingIfNeeded: gone[x]) }
    }
}
