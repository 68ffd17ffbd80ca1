import Raster

/// A frame made small: the mean gray level of each square of pixels. What light, exposure and seams are found from.
public struct FrameLevels: Sendable {
    public let width: Int
    public let height: Int
    /// Pixels of the frame along the side of a square. The last column and row of squares may hang over the border; they have the mean of what they hold.
    public let scale: Int
    let values: [Float]

    public init(_ frame: AnyImage, scale: Int) {
        precondition(scale >= 1 && frame.width > 0 && frame.height > 0, "levels of \(frame.width) × \(frame.height) pixels at scale \(scale)")
        (width, height, self.scale) = ((frame.width + scale - 1) / scale, (frame.height + scale - 1) / scale, scale)
        values = switch frame {
        case .gray8(let image): image.squareMeans(scale)
        case .gray16(let image): image.squareMeans(scale)
        case .color8(let image): image.gray().squareMeans(scale)
        case .color16(let image): image.gray().squareMeans(scale)
        }
    }

    /// Levels that a test or a computation makes up.
    init(width: Int, height: Int, scale: Int, values: [Float]) {
        precondition(values.count == width * height, "\(values.count) levels for \(width) × \(height)")
        (self.width, self.height, self.scale, self.values) = (width, height, scale, values)
    }

    /// All levels times a factor.
    public func scaled(by factor: Float) -> FrameLevels { FrameLevels(width: width, height: height, scale: scale, values: values.map { $0 * factor }) }

    /// The middle one of all levels; of an even number the upper.
    public var median: Float { values.sorted()[values.count / 2] }
}

extension Image where Pixel: FixedWidthInteger & UnsignedInteger {
    fileprivate func squareMeans(_ scale: Int) -> [Float] {
        let (columns, rows) = ((width + scale - 1) / scale, (height + scale - 1) / scale)
        var result = [Float](repeating: 0, count: columns * rows)
        var sums = [UInt32](repeating: 0, count: width)
        withBuffer { pixels in
            sums.withUnsafeMutableBufferPointer { sums in
                result.withUnsafeMutableBufferPointer { result in
                    for row in 0..<rows {
                        let last = Swift.min(height, (row + 1) * scale)
                        for x in 0..<width { sums[x] = 0 }
                        for y in (row * scale)..<last {
                            let line = pixels.baseAddress! + y * width
                            for x in 0..<width { sums[x] &+= UInt32(truncatingIfNeeded: line[x]) }
                        }
                        for column in 0..<columns {
                            let end = Swift.min(width, (column + 1) * scale)
                            var sum: UInt64 = 0
                            for x in (column * scale)..<end { sum &+= UInt64(sums[x]) }
                            result[row * columns + column] = Float(sum) / Float((end - column * scale) * (last - row * scale))
                        }
                    }
                }
            }
        }
        return result
    }
}
