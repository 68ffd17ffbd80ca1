import Raster

/// Mean of any number of frames of one size and kind, added one by one.
///
/// For blank frames, and for frames whose objects cover each place only seldom (they darken the mean by their share all the same;
/// ``MedianBackground`` leaves them out). Holds one sum a sample, however many frames are added.
public struct MeanBackground: Sendable {
    /// Number of frames added.
    public private(set) var count = 0
    private var sums: [UInt32] = []
    private var first: AnyImage?

    public init() {}

    /// - Throws: `.sizeMismatch` for a frame of another size; `.outOfRange` for another kind, or more than 65,536 frames.
    /// - Complexity: one pass.
    public mutating func add(_ frame: AnyImage) throws(OperationError) {
        if let first { try first.expectSameKind(as: frame, operation: "mean of frames") }
        guard count < 65536 else {
            throw .outOfRange(operation: "mean of frames", parameter: "number of frames", value: "\(count + 1)", allowed: "at most 65536")
        }
        if first == nil {
            first = frame
            sums = [UInt32](repeating: 0, count: frame.width * frame.height * frame.channels)
        }
        switch frame {
        case .gray8(let image): add(image)
        case .gray16(let image): add(image)
        case .color8(let image): add(image)
        case .color16(let image): add(image)
        }
        count += 1
    }

    /// Mean of the frames added, rounded (halves up); nil before the first.
    ///
    /// - Complexity: one pass.
    public var image: AnyImage? {
        switch first {
        case .gray8(let image): .gray8(mean(image))
        case .gray16(let image): .gray16(mean(image))
        case .color8(let image): .color8(mean(image))
        case .color16(let image): .color16(mean(image))
        case nil: nil
        }
    }

    private mutating func add<Pixel: FilterPixel>(_ image: Image<Pixel>) where Pixel.Sample: FixedWidthInteger {
        sums.withUnsafeMutableBufferPointer { sums in
            image.withSamples { plane in
                let (samples, sums) = (plane.base, sums.baseAddress!)
                for index in 0..<(plane.rowCount * plane.height) { sums[index] &+= UInt32(truncatingIfNeeded: samples[index]) }
            }
        }
    }

    private func mean<Pixel: FilterPixel>(_ like: Image<Pixel>) -> Image<Pixel> where Pixel.Sample: FixedWidthInteger {
        Image(width: like.width, height: like.height, writingSamples: { target in
            sums.withUnsafeBufferPointer { sums in
                let share = 1 / Double(count)
                // 2⁻²⁰ lies between the error of the product and the distance of the next true mean from a half.
                for index in 0..<sums.count {
                    target[index] = Pixel.Sample(truncatingIfNeeded: Int32(Double(sums[index]) * share + (0.5 + 0x1p-20)))
                }
            }
        })
    }
}

extension AnyImage {
    func expectSameKind(as other: AnyImage, operation: String) throws(OperationError) {
        guard width == other.width, height == other.height else {
            throw .sizeMismatch(operation: operation, width, height, otherWidth: other.width, otherHeight: other.height)
        }
        guard channels == other.channels, bitsPerSample == other.bitsPerSample else {
            throw .outOfRange(
                operation: operation, parameter: "kind of image", value: "\(other.bitsPerSample) bits, \(other.channels) channels",
                allowed: "\(bitsPerSample) bits, \(channels) channels as the first")
        }
    }
}
