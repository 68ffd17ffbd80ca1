import Raster

/// What of a frame is compared with its neighbours: the frame made smaller, each level as its share above or below those around it.
///
/// Dividing by the surroundings takes out uneven light and the frame's exposure, which would outweigh sparse particles.
public struct FrameTexture: Sendable {
    public let width: Int
    public let height: Int
    /// Pixels of the frame along the side of one of the texture's; what is left over at the right and lower border is not seen.
    public let scale: Int
    /// Row after row; around 0.
    package let values: [Float]
    /// The level around each pixel, with a little more so that where it is almost dark noise does not become contrast. Empty once reduced.
    package let surroundings: [Float]
    /// What `surroundings` have more than the level around.
    let floor: Float
    /// Sum of the squares of all values.
    package let energy: Double

    /// Radius of the surroundings, in pixels of the texture.
    package static let reach = 14

    /// - Parameters:
    ///   - scale: at least 1, and such that a pixel remains.
    ///   - shading: light to take out beforehand, when it is known: at the border surroundings are one-sided, and all frames would look alike there.
    /// - Precondition: the frame is gray.
    /// - Complexity: one pass over the frame, then a few over the smaller one.
    public init(_ frame: AnyImage, scale: Int, shading: MosaicShading? = nil) {
        precondition(frame.channels == 1, "texture of a frame of \(frame.channels) channels")
        switch frame {
        case .gray8(let image): self.init(image.reducedSums(by: scale), image.width / scale, image.height / scale, scale, shading)
        case .gray16(let image): self.init(image.reducedSums(by: scale), image.width / scale, image.height / scale, scale, shading)
        default: preconditionFailure("channels were checked above")
        }
    }

    /// The scale at which a frame of this size has about `pixels` pixels or fewer.
    public static func scale(width: Int, height: Int, pixels: Int) -> Int {
        var scale = 1
        while (width / scale) * (height / scale) > pixels { scale += 1 }
        return max(1, min(scale, width, height))
    }

    private init(_ levels: [Float], _ width: Int, _ height: Int, _ scale: Int, _ shading: MosaicShading?) {
        precondition(scale >= 1 && width >= 1 && height >= 1, "texture of \(width) × \(height) pixels at scale \(scale)")
        (self.width, self.height, self.scale) = (width, height, scale)
        var levels = levels
        // Noise of single pixels has no part in where a frame lies.
        if scale == 1 { levels = smoothed(levels, width, height) }
        let gains = shading.map { shading in
            var line = [Float](repeating: 1, count: width * scale)
            return (0..<height).flatMap { y -> [Float] in
                shading.gains(row: y * scale + scale / 2, into: &line, count: width * scale)
                return (0..<width).map { line[$0 * scale + scale / 2] }
            }
        }
        if let gains { for index in levels.indices { levels[index] *= gains[index] } }
        var around = boxFit(boxFit(levels, width, height, Self.reach), width, height, Self.reach)
        var mean = 0.0
        for level in around { mean += Double(level) }
        let floor = max(Float(mean / Double(around.count)) * 0.1, .leastNormalMagnitude)
        levels.withUnsafeMutableBufferPointer { levels in
            around.withUnsafeMutableBufferPointer { around in
                for index in 0..<levels.count {
                    let divisor = max(0, around[index]) + floor
                    levels[index] = (levels[index] - around[index]) / divisor
                    around[index] = divisor
                }
            }
        }
        // What frames' own pixels are compared to has the light in it.
        if let gains { for index in around.indices { around[index] /= gains[index] } }
        (values, surroundings, self.floor, energy) = (levels, around, floor, Self.energy(levels))
    }

    private static func energy(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) } }

    private init(width: Int, height: Int, scale: Int, values: [Float]) {
        (self.width, self.height, self.scale, self.values, surroundings, floor) = (width, height, scale, values, [], 0)
        energy = Self.energy(values)
    }

    /// Made smaller once more by a whole number.
    public func reduced(by factor: Int) -> FrameTexture {
        guard factor > 1, width >= factor, height >= factor else { return self }
        let (w, h) = (width / factor, height / factor)
        var sums = [Float](repeating: 0, count: w * h)
        for y in 0..<(h * factor) {
            for x in 0..<(w * factor) { sums[y / factor * w + x / factor] += values[y * width + x] }
        }
        let share = 1 / Float(factor * factor)
        return FrameTexture(width: w, height: h, scale: scale * factor, values: sums.map { $0 * share })
    }

    /// The textures without what all of them show at one place, such as dust on the camera: there frames of different places would match.
    ///
    /// - Precondition: textures of one size. Fewer than 5 stay as they are, as what they have in common may be the object.
    public static func withoutCommonPattern(_ textures: [FrameTexture]) -> [FrameTexture] {
        guard let first = textures.first, textures.count >= 5 else { return textures }
        precondition(textures.allSatisfy { $0.width == first.width && $0.height == first.height }, "textures of several sizes")
        // The middle of 15 tells as much as that of all.
        let step = max(1, textures.count / 15)
        let chosen = stride(from: 0, to: textures.count, by: step).map { textures[$0].values }
        var levels = [Float](repeating: 0, count: chosen.count)
        let common = (0..<first.values.count).map { index -> Float in
            for (place, values) in chosen.enumerated() { levels[place] = values[index] }
            levels.sort()
            return levels[levels.count / 2]
        }
        return textures.map { texture in
            FrameTexture(
                width: texture.width, height: texture.height, scale: texture.scale, values: zip(texture.values, common).map { $0 - $1 })
        }
    }
}

extension Image where Pixel: FixedWidthInteger & UnsignedInteger {
    /// Sum of each square of `scale` × `scale` pixels, as a mean.
    fileprivate func reducedSums(by scale: Int) -> [Float] {
        let (w, h) = (width / scale, height / scale)
        var result = [Float](repeating: 0, count: w * h)
        var columns = [UInt32](repeating: 0, count: width)
        let share = 1 / Float(scale * scale)
        withBuffer { pixels in
            columns.withUnsafeMutableBufferPointer { columns in
                result.withUnsafeMutableBufferPointer { result in
                    for y in 0..<h {
                        let first = pixels.baseAddress! + y * scale * width
                        for x in 0..<width { columns[x] = UInt32(truncatingIfNeeded: first[x]) }
                        for row in 1..<max(1, scale) {
                            let line = first + row * width
                            for x in 0..<width { columns[x] &+= UInt32(truncatingIfNeeded: line[x]) }
                        }
                        let target = result.baseAddress! + y * w
                        for x in 0..<w {
                            var sum: UInt32 = 0
                            for k in 0..<scale { sum &+= columns[x &* scale &+ k] }
                            target[x] = Float(sum) * share
                        }
                    }
                }
            }
        }
        return result
    }
}

/// Mean over the square of radius `reach`, at the border over what of it lies inside.
func boxMean(_ values: [Float], _ width: Int, _ height: Int, _ reach: Int) -> [Float] {
    var across = [Float](repeating: 0, count: values.count)
    var result = across
    values.withUnsafeBufferPointer { values in
        across.withUnsafeMutableBufferPointer { across in
            for y in 0..<height {
                let (row, target) = (values.baseAddress! + y * width, across.baseAddress! + y * width)
                var sum = 0.0
                for x in 0..<min(width, reach) { sum += Double(row[x]) }
                for x in 0..<width {
                    if x &+ reach < width { sum += Double(row[x &+ reach]) }
                    if x > reach { sum -= Double(row[x &- reach &- 1]) }
                    target[x] = Float(sum) / Float(min(width, x &+ reach &+ 1) &- max(0, x &- reach))
                }
            }
        }
    }
    var sums = [Double](repeating: 0, count: width)
    across.withUnsafeBufferPointer { across in
        result.withUnsafeMutableBufferPointer { result in
            sums.withUnsafeMutableBufferPointer { sums in
                func add(_ y: Int, _ sign: Double) {
                    let row = across.baseAddress! + y * width
                    for x in 0..<width { sums[x] += sign * Double(row[x]) }
                }
                for y in 0..<min(height, reach) { add(y, 1) }
                for y in 0..<height {
                    if y + reach < height { add(y + reach, 1) }
                    if y > reach { add(y - reach - 1, -1) }
                    let share = 1 / Float(min(height, y + reach + 1) - max(0, y - reach))
                    let target = result.baseAddress! + y * width
                    for x in 0..<width { target[x] = Float(sums[x]) * share }
                }
            }
        }
    }
    return result
}

/// Like ``boxMean(_:_:_:_:)``, but at the border, where the square is cut, along the line fitted to what is left: a slope stays a slope.
func boxFit(_ values: [Float], _ width: Int, _ height: Int, _ reach: Int) -> [Float] {
    var across = [Float](repeating: 0, count: values.count)
    var result = across
    // Where the line stands at `place`, by sum and moment of the values from `low` to `high`.
    func fitted(_ sum: Double, _ moment: Double, _ place: Int, _ low: Int, _ high: Int) -> Float {
        let count = Double(high - low + 1)
        let middle = Double(low + high) / 2
        let spread = count * (count * count - 1) / 12
        return Float(sum / count + (spread > 0 ? (moment - middle * sum) / spread * (Double(place) - middle) : 0))
    }
    values.withUnsafeBufferPointer { values in
        across.withUnsafeMutableBufferPointer { across in
            for y in 0..<height {
                let (row, target) = (values.baseAddress! + y * width, across.baseAddress! + y * width)
                var (sum, moment) = (0.0, 0.0)
                for x in 0..<min(width, reach) {
                    sum += Double(row[x])
                    moment += Double(x) * Double(row[x])
                }
                let share = 1 / Float(2 * reach + 1)
                for x in 0..<width {
                    if x &+ reach < width {
                        sum += Double(row[x &+ reach])
                        moment += Double(x &+ reach) * Double(row[x &+ reach])
                    }
                    if x > reach {
                        sum -= Double(row[x &- reach &- 1])
                        moment -= Double(x &- reach &- 1) * Double(row[x &- reach &- 1])
                    }
                    target[x] = x >= reach && x &+ reach < width ? Float(sum) * share : fitted(sum, moment, x, max(0, x &- reach), min(width &- 1, x &+ reach))
                }
            }
        }
    }
    var (sums, moments) = ([Double](repeating: 0, count: width), [Double](repeating: 0, count: width))
    across.withUnsafeBufferPointer { across in
        result.withUnsafeMutableBufferPointer { result in
            sums.withUnsafeMutableBufferPointer { sums in
                moments.withUnsafeMutableBufferPointer { moments in
                    func add(_ y: Int, _ sign: Double) {
                        let row = across.baseAddress! + y * width
                        for x in 0..<width { sums[x] += sign * Double(row[x]) }
                    }
                    for y in 0..<min(height, reach) { add(y, 1) }
                    for y in 0..<height {
                        if y + reach < height { add(y + reach, 1) }
                        if y > reach { add(y - reach - 1, -1) }
                        let target = result.baseAddress! + y * width
                        if y >= reach, y + reach < height {
                            let share = 1 / Float(2 * reach + 1)
                            for x in 0..<width { target[x] = Float(sums[x]) * share }
                            continue
                        }
                        let (low, high) = (max(0, y - reach), min(height - 1, y + reach))
                        for x in 0..<width { moments[x] = 0 }
                        for other in low...high {
                            let row = across.baseAddress! + other * width
                            for x in 0..<width { moments[x] += Double(other) * Double(row[x]) }
                        }
                        for x in 0..<width { target[x] = fitted(sums[x], moments[x], y, low, high) }
                    }
                }
            }
        }
    }
    return result
}

/// Weights 1 2 1 across and down, the border repeated.
func smoothed(_ values: [Float], _ width: Int, _ height: Int) -> [Float] {
    var across = [Float](repeating: 0, count: values.count)
    var result = across
    for y in 0..<height {
        let row = y * width
        for x in 0..<width {
            across[row + x] = 0.25 * (values[row + max(0, x - 1)] + values[row + min(width - 1, x + 1)]) + 0.5 * values[row + x]
        }
    }
    for y in 0..<height {
        let (above, row, below) = (max(0, y - 1) * width, y * width, min(height - 1, y + 1) * width)
        for x in 0..<width { result[row + x] = 0.25 * (across[above + x] + across[below + x]) + 0.5 * across[row + x] }
    }
    return result
}
