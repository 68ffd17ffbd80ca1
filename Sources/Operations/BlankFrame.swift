import Raster

/// Removes the background that one or several frames without objects show (or a stack's median or mean).
public struct BlankFrame: Sendable {
    public enum Method: String, Sendable, Hashable, Codable, CaseIterable {
        /// Level × target / blank, rounded: for light that falls off. 0 where the blank frame is 0.
        case divide
        /// Level − blank + target, clipped: for an offset of the camera.
        case subtract
        /// Highest level − |blank − level|: what differs from the blank frame is dark, as in ZooProcess.
        case difference
    }

    /// The blank frame, or the mean of several.
    public let blank: AnyImage
    /// Gray level the background gets by `divide` and `subtract`: the blank frame's mean, for all channels of colour frames its own.
    public let targets: [Double]

    public init(_ blank: AnyImage) {
        self.blank = blank
        targets = switch blank {
        case .gray8(let image): image.sampleMeans
        case .gray16(let image): image.sampleMeans
        case .color8(let image): image.sampleMeans
        case .color16(let image): image.sampleMeans
        }
    }

    /// Mean of blank frames of one size and kind.
    ///
    /// - Throws: `.outOfRange` without frames or for frames of several kinds; `.sizeMismatch`.
    public init(averaging frames: [AnyImage]) throws(OperationError) {
        var mean = MeanBackground()
        for frame in frames { try mean.add(frame) }
        guard let image = mean.image else {
            throw .outOfRange(operation: "blank frame", parameter: "number of frames", value: "0", allowed: "at least 1")
        }
        self.init(image)
    }

    /// The part inside `box`; targets stay those of the whole.
    public func cropped(to box: Rect) -> BlankFrame { BlankFrame(blank: blank.cropped(to: box), targets: targets) }

    private init(blank: AnyImage, targets: [Double]) { (self.blank, self.targets) = (blank, targets) }

    /// The frame without its background.
    ///
    /// - Throws: `.sizeMismatch`; `.outOfRange` when the frame's bits or channels are not the blank frame's.
    /// - Complexity: one pass.
    public func apply(to frame: AnyImage, by method: Method) throws(OperationError) -> AnyImage {
        try blank.expectSameKind(as: frame, operation: "blank frame")
        return switch (frame, blank) {
        case (.gray8(let frame), .gray8(let blank)): .gray8(removed(frame, blank, method))
        case (.gray16(let frame), .gray16(let blank)): .gray16(removed(frame, blank, method))
        case (.color8(let frame), .color8(let blank)): .color8(removed(frame, blank, method))
        case (.color16(let frame), .color16(let blank)): .color16(removed(frame, blank, method))
        default: preconditionFailure("kinds were compared above")
        }
    }

    private func removed<Pixel: FilterPixel>(_ frame: Image<Pixel>, _ blank: Image<Pixel>, _ method: Method) -> Image<Pixel>
    where Pixel.Sample: FixedWidthInteger & UnsignedInteger {
        Image(width: frame.width, height: frame.height, writingSamples: { target in
            frame.withSamples { frame in
                blank.withSamples { blank in
                    let count = frame.rowCount
                    let levels = UnsafeMutablePointer<Float>.allocate(capacity: 3 * count)
                    let (background, goals) = (levels + count, levels + 2 * count)
                    defer { levels.deallocate() }
                    for x in 0..<count { goals[x] = Float(targets[x % Pixel.channels]) }
                    let highest = Pixel.Sample.highest
                    for y in 0..<frame.height {
                        Pixel.Sample.widen(frame.row(y), levels, count: count)
                        Pixel.Sample.widen(blank.row(y), background, count: count)
                        switch method {
                        case .divide:
                            for x in 0..<count { levels[x] = background[x] > 0 ? levels[x] * goals[x] / background[x] : 0 }
                        case .subtract:
                            for x in 0..<count { levels[x] = levels[x] - background[x] + goals[x] }
                        case .difference:
                            for x in 0..<count { levels[x] = highest - abs(background[x] - levels[x]) }
                        }
                        Pixel.Sample.narrow(levels, target + y * count, count: count)
                    }
                }
            }
        })
    }
}

extension Image where Pixel: FilterPixel, Pixel.Sample: FixedWidthInteger {
    /// Mean level of each channel; 0 without pixels.
    fileprivate var sampleMeans: [Double] {
        var sums = [Int](repeating: 0, count: Pixel.channels)
        withSamples { plane in
            for channel in 0..<plane.channels {
                var sum = 0
                for index in stride(from: channel, to: plane.rowCount * plane.height, by: plane.channels) {
                    sum &+= Int(truncatingIfNeeded: plane.base[index])
                }
                sums[channel] = sum
            }
        }
        return sums.map { Double($0) / Double(Swift.max(1, width * height)) }
    }
}
