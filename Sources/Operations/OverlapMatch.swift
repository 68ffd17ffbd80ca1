import Raster

/// How well one frame fits another at a displacement, found on the frames' own pixels.
public struct OverlapMatch: Hashable, Sendable {
    /// Top left pixel of the second frame seen from the first, in pixels, to a fraction.
    public var displacement: Displacement
    /// Normalised cross-correlation of the patches compared, −1 to 1.
    public var correlation: Double
    /// Number of pixels compared.
    public var pixels: Int
    /// How many patches bear the agreement: 1 when all comes from one of them, as with a single particle; less when fine structure does not agree.
    public var breadth: Double
}

/// Side of the patches that are compared, in pixels of the frames.
private let patchSide = 48

extension OverlapMatch {
    /// Makes a displacement exact, by comparing the patches of the overlap in which both textures show most.
    ///
    /// Levels are taken as shares of those around, as in the textures, so that neither uneven light nor exposure plays a part.
    /// - Parameters:
    ///   - start: where the second frame lies, to within `reach` pixels.
    ///   - reach: how far from `start` the search goes, in pixels.
    ///   - patches: how many are compared at most.
    /// - Returns: nil when the frames do not overlap by as much as a patch there, or show nothing.
    public static func refined(
        _ first: AnyImage, _ second: AnyImage, textures: (FrameTexture, FrameTexture), from start: Displacement, reach: Int, patches: Int = 80
    ) -> OverlapMatch? {
        switch (first, second) {
        case (.gray8(let a), .gray8(let b)): refine(a, b, textures, start, reach, patches)
        case (.gray16(let a), .gray16(let b)): refine(a, b, textures, start, reach, patches)
        default: preconditionFailure("frames of several kinds, or in colour")
        }
    }

    private static func refine<Pixel: FixedWidthInteger & UnsignedInteger>(
        _ first: Image<Pixel>, _ second: Image<Pixel>, _ textures: (FrameTexture, FrameTexture), _ start: Displacement, _ reach: Int, _ count: Int
    ) -> OverlapMatch? {
        var centre = (x: Int(start.x.rounded()), y: Int(start.y.rounded()))
        let origin = centre
        // To the pixel by the few patches that show most, each step around the best place of the one before.
        let step = max(1, min(reach, 3))
        for _ in 0..<(2 + 2 * reach / step) {
            let boxes = patches(textures, at: centre, first.bounds, second.bounds, margin: step + 1, count: (count + 7) / 8)
            guard !boxes.isEmpty, let (x, y, _) = PatchScores(first, second, textures, boxes, at: centre, reach: step, band: .whole).best else { return nil }
            centre = (centre.x + x, centre.y + y)
            if abs(x) < step, abs(y) < step { break }
            if abs(centre.x - origin.x) > reach + 3 || abs(centre.y - origin.y) > reach + 3 { break }
        }
        // To a fraction of it by many: what they show less of, they have more of. By fine structure, because light that differs between both
        // frames shifts what changes slowly; by all there is where fine structure does not agree.
        if let match = exact(first, second, textures, centre, count, .fine), match.correlation >= 0.2 { return match }
        var match = exact(first, second, textures, centre, count, .whole)
        // Slow changes agree at many places by chance: they bear less than one thing that fits.
        if let breadth = match?.breadth { match?.breadth = 0.35 * min(2, breadth) }
        return match
    }

    /// The place near a whole pixel at which many patches agree best, to a fraction; nil when there is none within a few pixels.
    private static func exact<Pixel: FixedWidthInteger & UnsignedInteger>(
        _ first: Image<Pixel>, _ second: Image<Pixel>, _ textures: (FrameTexture, FrameTexture), _ start: (x: Int, y: Int), _ count: Int, _ band: PatchBand
    ) -> OverlapMatch? {
        var centre = start
        for _ in 0..<8 {
            let boxes = patches(textures, at: centre, first.bounds, second.bounds, margin: 2, count: count)
            guard !boxes.isEmpty else { return nil }
            let found = PatchScores(first, second, textures, boxes, at: centre, reach: 1, band: band)
            guard let (x, y, best) = found.best else { return nil }
            if x == 0, y == 0 {
                let (dx, dy) = found.fraction
                let place = Displacement(x: Double(centre.x) + dx, y: Double(centre.y) + dy)
                return OverlapMatch(displacement: place, correlation: best, pixels: found.pixels, breadth: found.breadth)
            }
            centre = (centre.x + x, centre.y + y)
        }
        return nil
    }

    /// Boxes in the first frame where both textures show most, at least `margin` from the border of either frame.
    private static func patches(
        _ textures: (FrameTexture, FrameTexture), at place: (x: Int, y: Int), _ first: Rect, _ second: Rect, margin: Int, count: Int
    ) -> [Rect] {
        let overlap = first.intersection(Rect(x: place.x, y: place.y, width: second.width, height: second.height))
        guard overlap.width >= 2 * margin + 8, overlap.height >= 2 * margin + 8 else { return [] }
        let inner = overlap.expanded(by: -margin)
        // As many as it takes to leave nothing out, and of one size.
        let (columns, rows) = ((inner.width + patchSide - 1) / patchSide, (inner.height + patchSide - 1) / patchSide)
        let (width, height) = ((inner.width + columns - 1) / columns, (inner.height + rows - 1) / rows)
        let (a, b) = textures
        let scale = a.scale
        var found: [(energy: Float, box: Rect)] = []
        a.values.withUnsafeBufferPointer { av in
            b.values.withUnsafeBufferPointer { bv in
                for row in 0..<rows {
                    for column in 0..<columns {
                        // Spread so that the patches reach from one end of the overlap to the other.
                        let box = Rect(
                            x: inner.x + (columns > 1 ? column * (inner.width - width) / (columns - 1) : 0),
                            y: inner.y + (rows > 1 ? row * (inner.height - height) / (rows - 1) : 0), width: width, height: height)
                        var (ea, eb): (Float, Float) = (0, 0)
                        for y in stride(from: box.y, to: box.maxY, by: scale) {
                            let (ya, yb) = (y / scale, (y - place.y) / scale)
                            guard ya < a.height, yb < b.height else { continue }
                            for x in stride(from: box.x, to: box.maxX, by: scale) {
                                let (xa, xb) = (x / scale, (x - place.x) / scale)
                                guard xa < a.width, xb < b.width else { continue }
                                let (va, vb) = (av[ya * a.width + xa], bv[yb * b.width + xb])
                                ea += va * va
                                eb += vb * vb
                            }
                        }
                        found.append((ea + eb, box))
                    }
                }
            }
        }
        return found.sorted { ($0.energy, $1.box.y, $1.box.x) > ($1.energy, $0.box.y, $0.box.x) }.prefix(count).map(\.box)
    }
}

/// What of the levels is compared.
private enum PatchBand {
    /// What differs from the surroundings of ``FrameTexture``.
    case whole
    /// What differs from the few pixels around.
    case fine

    /// Pixels to each side that fine structure is compared with.
    static let reach = 6

    /// Levels of a part of a frame as shares above or below those around, less their mean.
    func part<Pixel: FixedWidthInteger & UnsignedInteger>(_ image: Image<Pixel>, _ texture: FrameTexture, _ box: Rect) -> [Float] {
        switch self {
        case .whole: return texture.evened(image.smoothedPart(box), box)
        case .fine:
            let wide = box.expanded(by: Self.reach)
            let levels = image.smoothedPart(wide)
            let around = boxMean(levels, wide.width, wide.height, Self.reach)
            // A little more where it is almost dark, as in the texture.
            let floor = texture.floor
            var result = [Float](repeating: 0, count: box.width * box.height)
            var sum: Float = 0
            for y in 0..<box.height {
                let from = (y + Self.reach) * wide.width + Self.reach
                for x in 0..<box.width {
                    let value = (levels[from &+ x] - around[from &+ x]) / (around[from &+ x] + floor)
                    result[y &* box.width &+ x] = value
                    sum += value
                }
            }
            let mean = sum / Float(max(1, result.count))
            for index in result.indices { result[index] -= mean }
            return result
        }
    }
}

/// Correlation of patches at every shift around a place.
private struct PatchScores {
    let reach: Int
    let pixels: Int
    private let values: [Double]
    /// Of each patch what it adds at each shift.
    private let parts: [[Double]]

    init<Pixel: FixedWidthInteger & UnsignedInteger>(
        _ first: Image<Pixel>, _ second: Image<Pixel>, _ textures: (FrameTexture, FrameTexture), _ boxes: [Rect], at place: (x: Int, y: Int), reach: Int, band: PatchBand
    ) {
        self.reach = reach
        let side = 2 * reach + 1
        var (products, squares) = ([Double](repeating: 0, count: side * side), [Double](repeating: 0, count: side * side))
        var energy = 0.0
        var total = 0
        var parts: [[Double]] = []
        for box in boxes {
            var own = [Double](repeating: 0, count: side * side)
            let centred = band.part(first, textures.0, box)
            let field = Rect(x: box.x - place.x - reach, y: box.y - place.y - reach, width: box.width + 2 * reach, height: box.height + 2 * reach)
            // The mean of the whole field; what each part's own differs from it is subtracted below.
            let levels = band.part(second, textures.1, field)
            let count = box.width * box.height
            total += count
            var whole: Float = 0
            for value in centred { whole += value * value }
            energy += Double(whole)
            centred.withUnsafeBufferPointer { centred in
                levels.withUnsafeBufferPointer { levels in
                    for dy in 0..<side {
                        for dx in 0..<side {
                            var (product, sum, square) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
                            var (p, s, q): (Float, Float, Float) = (0, 0, 0)
                            for y in 0..<box.height {
                                let (row, other) = (centred.baseAddress! + y &* box.width, levels.baseAddress! + ((y &+ dy) &* field.width &+ dx))
                                var x = 0
                                while x &+ 8 <= box.width {
                                    let va = UnsafeRawPointer(row + x).loadUnaligned(as: SIMD8<Float>.self)
                                    let vb = UnsafeRawPointer(other + x).loadUnaligned(as: SIMD8<Float>.self)
                                    product += va * vb
                                    sum += vb
                                    square += vb * vb
                                    x &+= 8
                                }
                                while x < box.width {
                                    p += row[x] * other[x]
                                    s += other[x]
                                    q += other[x] * other[x]
                                    x &+= 1
                                }
                            }
                            let whole = Double(sum.sum() + s)
                            // Shift (dx, dy) of the field moves the second frame the other way.
                            let index = (side - 1 - dy) * side + side - 1 - dx
                            own[index] = Double(product.sum() + p)
                            products[index] += own[index]
                            squares[index] += max(0, Double(square.sum() + q) - whole * whole / Double(count))
                        }
                    }
                }
            }
            parts.append(own)
        }
        pixels = total
        self.parts = parts
        values = zip(products, squares).map { energy > 0 && $1 > 0 ? $0 / (energy * $1).squareRoot() : -1 }
    }

    /// The best shift; nil when nothing is to be seen.
    var best: (x: Int, y: Int, correlation: Double)? {
        let index = values.indices.reduce(0) { values[$1] > values[$0] ? $1 : $0 }
        guard values[index] > -1 else { return nil }
        return (index % (2 * reach + 1) - reach, index / (2 * reach + 1) - reach, values[index])
    }

    /// As many patches of equal part would bear the best shift as clearly.
    var breadth: Double {
        guard let (x, y, _) = best else { return 0 }
        let index = (y + reach) * (2 * reach + 1) + x + reach
        var (sum, squares) = (0.0, 0.0)
        for part in parts {
            sum += part[index]
            squares += part[index] * part[index]
        }
        return squares > 0 && sum > 0 ? sum * sum / squares : 0
    }

    /// Summit of the paraboloid through the best shift and its eight neighbours, seen from the best; 0 where it has no neighbours.
    var fraction: (x: Double, y: Double) {
        guard let (x, y, _) = best, abs(x) < reach, abs(y) < reach else { return (0, 0) }
        let side = 2 * reach + 1
        func at(_ dx: Int, _ dy: Int) -> Double { values[(y + reach + dy) * side + x + reach + dx] }
        // Least squares over the nine values.
        var (gx, gy, xx, yy, xy) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for d in -1...1 {
            gx += (at(1, d) - at(-1, d)) / 6
            gy += (at(d, 1) - at(d, -1)) / 6
            xx += (at(1, d) - 2 * at(0, d) + at(-1, d)) / 3
            yy += (at(d, 1) - 2 * at(d, 0) + at(d, -1)) / 3
        }
        xy = (at(1, 1) - at(-1, 1) - at(1, -1) + at(-1, -1)) / 4
        let determinant = xx * yy - xy * xy
        guard xx < 0, yy < 0, determinant > 0 else { return (0, 0) }
        let (fx, fy) = ((xy * gy - yy * gx) / determinant, (xy * gx - xx * gy) / determinant)
        return (min(1, max(-1, fx)), min(1, max(-1, fy)))
    }
}

extension FrameTexture {
    /// Levels of a part of the frame as shares above or below those around, less their mean.
    fileprivate func evened(_ levels: [Float], _ box: Rect) -> [Float] {
        var result = levels
        var sum = 0.0
        let step = 1 / Float(scale)
        result.withUnsafeMutableBufferPointer { result in
            surroundings.withUnsafeBufferPointer { around in
                for y in 0..<box.height {
                    let down = min(Float(height - 1), max(0, (Float(box.y + y) + 0.5) * step - 0.5))
                    let (above, part) = (Int(down), down - Float(Int(down)))
                    let (upper, lower) = (around.baseAddress! + above * width, around.baseAddress! + min(height - 1, above + 1) * width)
                    let row = result.baseAddress! + y * box.width
                    var line: Float = 0
                    for x in 0..<box.width {
                        let across = min(Float(width &- 1), max(0, (Float(box.x &+ x) + 0.5) * step - 0.5))
                        let left = Int(across)
                        let right = min(width &- 1, left &+ 1)
                        let (a, b) = (upper[left] + (lower[left] - upper[left]) * part, upper[right] + (lower[right] - upper[right]) * part)
                        row[x] = row[x] / (a + (b - a) * (across - Float(left))) - 1
                        line += row[x]
                    }
                    sum += Double(line)
                }
            }
            let mean = Float(sum / Double(max(1, result.count)))
            for index in 0..<result.count { result[index] -= mean }
        }
        return result
    }
}

extension Image where Pixel: FixedWidthInteger & UnsignedInteger {
    /// Levels inside `box`, smoothed by 1 2 1 across and down; where the box hangs over the image, the image's border is repeated.
    fileprivate func smoothedPart(_ box: Rect) -> [Float] {
        let width = box.width
        var lines = [Float](repeating: 0, count: (box.height + 2) * width)
        var result = [Float](repeating: 0, count: box.height * width)
        func clamped(_ x: Int) -> Int { min(self.width - 1, max(0, x)) }
        withBuffer { pixels in
            lines.withUnsafeMutableBufferPointer { lines in
                for y in -1...box.height {
                    let row = pixels.baseAddress! + min(self.height - 1, max(0, box.y + y)) * self.width
                    let line = lines.baseAddress! + (y + 1) * width
                    if box.x >= 1, box.maxX < self.width {
                        let from = row + box.x
                        for x in 0..<width { line[x] = Float(Int32(truncatingIfNeeded: from[x &- 1]) &+ Int32(truncatingIfNeeded: from[x &+ 1]) &+ 2 &* Int32(truncatingIfNeeded: from[x])) }
                    } else {
                        for x in 0..<width {
                            let (left, middle, right) = (clamped(box.x + x - 1), clamped(box.x + x), clamped(box.x + x + 1))
                            line[x] = Float(row[left]) + Float(row[right]) + 2 * Float(row[middle])
                        }
                    }
                }
                result.withUnsafeMutableBufferPointer { result in
                    for y in 0..<box.height {
                        let (line, target) = (lines.baseAddress! + (y + 1) * width, result.baseAddress! + y * width)
                        for x in 0..<width { target[x] = (line[x &- width] + line[x &+ width] + 2 * line[x]) * 0.0625 }
                    }
                }
            }
        }
        return result
    }
}
