import Raster

/// Median of frames of one size and kind at each pixel, by channel: what stays in place while objects drift through.
///
/// Frames are added one by one. At most `capacity` are held; when there are more, every second held one is given up and from then on
/// only every second (fourth, eighth, ...) frame taken, so that those held are always spread evenly over all that came.
public struct MedianBackground: Sendable {
    /// Most frames held at a time.
    public let capacity: Int
    /// Number of frames added, whether held or not.
    public private(set) var count = 0
    private var frames: [AnyImage] = []
    private var step = 1

    /// - Parameter capacity: at least 2; memory is that many frames.
    public init(capacity: Int = 25) {
        precondition(capacity >= 2, "a median of \(capacity) frames leaves nothing to choose from")
        self.capacity = capacity
    }

    /// Number of frames the median is taken of.
    public var held: Int { frames.count }

    /// - Throws: `.sizeMismatch` for a frame of another size; `.outOfRange` for another kind.
    public mutating func add(_ frame: AnyImage) throws(OperationError) {
        try frames.first?.expectSameKind(as: frame, operation: "median of frames")
        if count % step == 0 {
            if frames.count == capacity {
                frames = stride(from: 0, to: frames.count, by: 2).map { frames[$0] }
                step *= 2
            }
            if count % step == 0 { frames.append(frame) }
        }
        count += 1
    }

    /// Median of the frames held; of an even number the mean of the middle two, halves up. Nil before the first.
    ///
    /// - Complexity: a sorting network of about n · log² n / 4 comparisons for n frames, whole vectors of pixels at once.
    /// - Source: equals `numpy.median(frames, axis=0)`, rounded.
    public var image: AnyImage? {
        switch frames.first {
        case .gray8(let image): .gray8(median(image) { if case .gray8(let frame) = $0 { frame } else { nil } })
        case .gray16(let image): .gray16(median(image) { if case .gray16(let frame) = $0 { frame } else { nil } })
        case .color8(let image): .color8(median(image) { if case .color8(let frame) = $0 { frame } else { nil } })
        case .color16(let image): .color16(median(image) { if case .color16(let frame) = $0 { frame } else { nil } })
        case nil: nil
        }
    }

    private func median<Pixel: FilterPixel>(_ like: Image<Pixel>, _ cast: (AnyImage) -> Image<Pixel>?) -> Image<Pixel>
    where Pixel.Sample: SortableSample {
        let frames = frames.compactMap(cast)
        let (middle, lanes) = (frames.count / 2, 128)
        let network = SortingNetwork(count: frames.count, wanted: frames.count % 2 == 1 ? [middle] : [middle - 1, middle])
        return Image(width: like.width, height: like.height, writingSamples: { target in
            let total = like.width * like.height * Pixel.channels
            let numbers = UnsafeMutablePointer<Pixel.Sample>.allocate(capacity: frames.count * lanes)
            defer { numbers.deallocate() }
            numbers.initialize(repeating: 0, count: frames.count * lanes)
            for start in stride(from: 0, to: total, by: lanes) {
                let used = min(lanes, total - start)
                for (number, frame) in frames.enumerated() {
                    frame.withSamples { (numbers + number * lanes).update(from: $0.base + start, count: used) }
                }
                network.sort(numbers, lanes: lanes)
                let upper = numbers + middle * lanes
                if frames.count % 2 == 1 {
                    (target + start).update(from: upper, count: used)
                } else {
                    let lower = upper - lanes
                    for lane in 0..<used {
                        target[start + lane] = Pixel.Sample(truncatingIfNeeded: (UInt32(truncatingIfNeeded: lower[lane]) &+ UInt32(truncatingIfNeeded: upper[lane]) &+ 1) &>> 1)
                    }
                }
            }
        })
    }
}
