import Raster

/// Light that falls unevenly on every frame of a scan in the same way, estimated from all of them together.
///
/// At each place the median over the frames, each first divided by its own mean; then smoothed, so that no object that several frames happen
/// to show at one place gets into it.
/// - Source: the median of a stack as in ``MedianBackground``, on frames made small.
public struct MosaicShading: Sendable {
    /// The light at each square, 1 on average.
    public let width: Int
    public let height: Int
    /// Pixels of a frame along the side of a square.
    public let scale: Int
    package let values: [Float]

    /// Fewest frames that an estimate can be made from: of fewer, objects would outvote the background.
    public static let fewest = 5

    /// Nil for fewer than ``fewest`` frames, frames of several sizes, or frames that are black.
    public init?(_ frames: [FrameLevels]) {
        guard frames.count >= Self.fewest, let first = frames.first else { return nil }
        guard frames.allSatisfy({ $0.width == first.width && $0.height == first.height && $0.scale == first.scale }) else { return nil }
        var stack = MedianBackground(capacity: 49)
        for frame in frames {
            let mean = frame.values.reduce(0) { $0 + Double($1) } / Double(frame.values.count)
            guard mean > 0 else { continue }
            // 8,192 is the mean; eight times brighter is clipped.
            let share = Float(8192 / mean)
            let levels = Image<UInt16>(width: frame.width, height: frame.height, pixels: frame.values.map { UInt16(min(65535, $0 * share + 0.5)) })
            do { try stack.add(.gray16(levels)) } catch { return nil }
        }
        guard stack.held >= Self.fewest, case .gray16(let median)? = stack.image else { return nil }
        let reach = max(1, min(first.width, first.height) / 24)
        let levels = median.withBuffer { $0.map { Float($0) } }
        let smooth = boxFit(boxFit(levels, first.width, first.height, reach), first.width, first.height, reach)
        let mean = smooth.reduce(0) { $0 + Double($1) } / Double(smooth.count)
        guard mean > 0, let lowest = smooth.min(), lowest > 0 else { return nil }
        (width, height, scale) = (first.width, first.height, first.scale)
        values = smooth.map { $0 / Float(mean) }
    }

    /// Factors that make row `y` of a frame even, for pixels 0 ..< `count`.
    public func gains(row y: Int, into gains: UnsafeMutablePointer<Float>, count: Int) {
        let place = max(0, (Float(y) + 0.5) / Float(scale) - 0.5)
        let above = min(height - 1, Int(place))
        let (below, share) = (min(height - 1, above + 1), min(1, place - Float(above)))
        values.withUnsafeBufferPointer { values in
            let (upper, lower) = (values.baseAddress! + above * width, values.baseAddress! + below * width)
            let step = 1 / Float(scale)
            for x in 0..<count {
                let at = max(0, (Float(x) + 0.5) * step - 0.5)
                let left = min(width &- 1, Int(at))
                let right = min(width &- 1, left &+ 1)
                let part = at - Float(left)
                let a = upper[left] + (lower[left] - upper[left]) * share
                let b = upper[right] + (lower[right] - upper[right]) * share
                gains[x] = 1 / (a + (b - a) * part)
            }
        }
    }

    /// The levels without the uneven light.
    public func evened(_ frame: FrameLevels) -> FrameLevels {
        guard frame.width == width, frame.height == height else { return frame }
        return FrameLevels(width: width, height: height, scale: scale, values: zip(frame.values, values).map { $0 / $1 })
    }

    /// How much brighter the brightest place is than the darkest.
    public var contrast: Double { Double((values.max() ?? 1) / (values.min() ?? 1)) }
}
