import Raster

/// Where a frame may lie: its top left pixel seen from another frame's, in pixels.
public struct Displacement: Hashable, Sendable, Codable {
    public var x: Double
    public var y: Double

    public init(x: Double, y: Double) { (self.x, self.y) = (x, y) }

    public static func + (a: Displacement, b: Displacement) -> Displacement { Displacement(x: a.x + b.x, y: a.y + b.y) }
    public static func - (a: Displacement, b: Displacement) -> Displacement { Displacement(x: a.x - b.x, y: a.y - b.y) }
    public var length: Double { (x * x + y * y).squareRoot() }
}

/// Displacements that come into question, in whole pixels of the frames.
public struct DisplacementRange: Hashable, Sendable {
    public var x: ClosedRange<Int>
    public var y: ClosedRange<Int>

    public init(x: ClosedRange<Int>, y: ClosedRange<Int>) { (self.x, self.y) = (x, y) }

    /// All at which two frames of this size share at least `overlap` (a share of the side) along each axis.
    public init(overlapOfAtLeast overlap: Double, width: Int, height: Int) {
        let (reachX, reachY) = (Int(Double(width) * (1 - overlap)), Int(Double(height) * (1 - overlap)))
        self.init(x: -reachX...reachX, y: -reachY...reachY)
    }
}

/// A place where one frame fits another.
public struct OverlapCandidate: Hashable, Sendable {
    /// In pixels of the frames.
    public var displacement: Displacement
    /// Normalised cross-correlation of what both frames show, −1 to 1.
    public var correlation: Double
    /// The same, lowered where little is seen in the overlap: what candidates are ranked by.
    public var evidence: Double
    /// How well the frames' own pixels agree once the place is exact: what the weight among other pairs comes from.
    public var agreement: Double
    /// How many patches of the overlap bear that agreement (``OverlapMatch/breadth``); nil as long as the place is not exact.
    public var breadth: Double?

    /// What tells a true place from a chance: one particle finds one like it anywhere, several at the same distances hardly ever. Nil as long
    /// as the place is not exact.
    public var strength: Double? { breadth.map { max(0, agreement) * max(0, agreement) * $0 } }

    public init(displacement: Displacement, correlation: Double, evidence: Double? = nil) {
        (self.displacement, self.correlation, self.evidence, agreement) = (displacement, correlation, evidence ?? correlation, correlation)
    }
}

/// Looks for the displacement at which the overlap of two frames shows the same.
///
/// One transform gives the phase correlation of both textures (sharp, but blind for how much agrees) and their plain correlation, which is
/// divided by the contents of the overlap at each displacement. Peaks of both are compared by the latter, so that a peak that comes from the
/// repetition of a pattern, or from the one particle of a corner, does not win over the place where all that is seen agrees. Padding with
/// zeros leaves no second meaning of a peak. Holds room for transforms, so each thread needs its own.
/// - Source: Kuglin & Hines 1975 (phase correlation); Padfield 2012, doi:10.1109/TIP.2011.2181402 (normalised by the overlap).
public final class OverlapSearch {
    /// Share of a frame's area below which an overlap does not come into question.
    static let leastOverlap = 0.015

    private var transforms: [Int: FourierTransform] = [:]
    private var planes: [Int: ComplexPlane] = [:]

    public init() {}

    /// Best places of `second` seen from `first`, the best first; none when the textures have no common part in that range, or are blank.
    ///
    /// - Parameters:
    ///   - count: how many at most.
    ///   - unbounded: the frames might as well not overlap at all; then what little of a frame fits is less evidence still.
    /// - Precondition: textures of one scale.
    public func candidates(
        _ first: FrameTexture, _ second: FrameTexture, within range: DisplacementRange, count: Int = 6, unbounded: Bool = false
    ) -> [OverlapCandidate] {
        precondition(first.scale == second.scale, "textures at scale \(first.scale) and \(second.scale)")
        let scale = first.scale
        guard let across = Span(range.x, first.width, second.width, scale), let down = Span(range.y, first.height, second.height, scale) else { return [] }
        let (width, height) = (FourierTransform.side(atLeast: across.period), FourierTransform.side(atLeast: down.period))
        let (transform, plane) = room(width, height)
        plane.clear()
        first.copy(x: across.first, y: down.first, to: plane.real, rowLength: width)
        second.copy(x: across.second, y: down.second, to: plane.imaginary, rowLength: width)
        let (a, b) = (SquareSums(plane.real, across.first.count, down.first.count, width), SquareSums(plane.imaginary, across.second.count, down.second.count, width))
        // Less contrast than this is what rounding leaves of blank frames.
        guard a.total > 1e-10 * Double(across.first.count * down.first.count), b.total > 1e-10 * Double(across.second.count * down.second.count) else { return [] }
        transform.forward(plane, usedRows: max(down.first.count, down.second.count))
        correlate(plane, width, height)
        transform.inverse(plane) { row in
            let shift = row <= down.last ? row : row - height
            return (down.lowest...down.last).contains(shift)
        }
        // Correlation and phase correlation over the range, one place wider so that maxima at its border can be told.
        let (columns, rows) = (across.last - across.lowest + 1, down.last - down.lowest + 1)
        var correlation = [Float](repeating: -1, count: columns * rows)
        var evidence = correlation
        var phase = correlation
        // Next to nothing in common is no evidence, however well it fits: a particle in a corner fits many others.
        let floor = unbounded ? 0.02 * (first.energy * second.energy).squareRoot() : 0.04 * (a.total * b.total).squareRoot()
        let least = Self.leastOverlap * Double(min(first.width * first.height, second.width * second.height))
        let share = 1 / Float(width * height)
        for row in 0..<rows {
            let y = down.lowest + row
            let line = (y >= 0 ? y : y + height) * width
            for column in 0..<columns {
                let x = across.lowest + column
                let place = line + (x >= 0 ? x : x + width)
                let energy = (a.sum(overlap: x, y, across.second.count, down.second.count) * b.sum(overlap: -x, -y, across.first.count, down.first.count)).squareRoot()
                let shared = down.shared(y) * across.shared(x)
                guard Double(shared) >= least else { continue }
                let product = Double(plane.imaginary[place] * share)
                evidence[row * columns + column] = Float(product / (energy + floor))
                correlation[row * columns + column] = Float(min(1, max(-1, product / max(energy, 1e-3 * floor))))
                phase[row * columns + column] = max(0, plane.real[place])
            }
        }
        var places = peaks(evidence, columns, rows, count: count)
        for place in peaks(phase, columns, rows, count: 4) where !places.contains(place) { places.append(place) }
        let found = places.map { place -> OverlapCandidate in
            let (x, y) = (place % columns, place / columns)
            let shift = Displacement(
                x: Double((across.lowest + x + across.offset) * scale), y: Double((down.lowest + y + down.offset) * scale))
            return OverlapCandidate(displacement: shift, correlation: Double(correlation[place]), evidence: Double(evidence[place]))
        }
        return Array(found.sorted { $0.evidence > $1.evidence }.prefix(count))
    }

    private func room(_ width: Int, _ height: Int) -> (FourierTransform, ComplexPlane) {
        let key = width << 32 | height
        if let transform = transforms[key], let plane = planes[key] { return (transform, plane) }
        // Frames of one scan ask for two sizes; more are kept only while there are few.
        if transforms.count > 8 { (transforms, planes) = ([:], [:]) }
        let (transform, plane) = (FourierTransform(width: width, height: height), ComplexPlane(count: width * height))
        (transforms[key], planes[key]) = (transform, plane)
        return (transform, plane)
    }

    /// From the spectrum of first + i · second to that of phase correlation + i · correlation.
    private func correlate(_ plane: ComplexPlane, _ width: Int, _ height: Int) {
        let (re, im) = (plane.real, plane.imaginary)
        // Where pixels differ from their neighbours only by noise, equal weight for all frequencies would let noise outvote the rest.
        func weights(_ count: Int) -> [Float] {
            (0..<count).map { k in
                let f = Float(min(k, count - k)) / Float(count)
                return 1 / (1 + (f / 0.2) * (f / 0.2) * (f / 0.2) * (f / 0.2))
            }
        }
        let (across, down) = (weights(width), weights(height))
        for v in 0...(height / 2) {
            let other = v == 0 ? 0 : height - v
            for u in 0..<width {
                let mirrored = u == 0 ? 0 : width - u
                let (here, there) = (v * width + u, other * width + mirrored)
                // Each pair of places once.
                if there < here { continue }
                let (zr, zi, wr, wi) = (re[here], im[here], re[there], im[there])
                // Twice the spectrum of each texture.
                let (ar, ai, br, bi) = (zr + wr, zi - wi, zi + wi, wr - zr)
                let (xr, xi) = (0.25 * (ar * br + ai * bi), 0.25 * (ai * br - ar * bi))
                let size = (xr * xr + xi * xi).squareRoot()
                let gain = size > 0 ? across[u] * down[v] / size : 0
                let (pr, pi) = (xr * gain, xi * gain)
                (re[here], im[here]) = (pr - xi, pi + xr)
                (re[there], im[there]) = (pr + xi, xr - pi)
            }
        }
    }

    /// Places higher than their eight neighbours, the highest first.
    private func peaks(_ values: [Float], _ columns: Int, _ rows: Int, count: Int) -> [Int] {
        var best: [(value: Float, place: Int)] = []
        values.withUnsafeBufferPointer { values in
            for y in 0..<rows {
                for x in 0..<columns {
                    let place = y &* columns &+ x
                    let value = values[place]
                    if value <= 0 { continue }
                    if best.count == count, value <= best[count &- 1].value { continue }
                    var isPeak = true
                    for dy in max(0, y &- 1)...min(rows &- 1, y &+ 1) where isPeak {
                        for dx in max(0, x &- 1)...min(columns &- 1, x &+ 1) {
                            let neighbour = dy &* columns &+ dx
                            if neighbour != place, values[neighbour] > value || (values[neighbour] == value && neighbour < place) { isPeak = false }
                        }
                    }
                    guard isPeak else { continue }
                    if best.count == count { best.removeLast() }
                    best.insert((value, place), at: best.firstIndex { $0.value < value } ?? best.count)
                }
            }
        }
        return best.map(\.place)
    }
}

/// One axis of a search: which parts of both textures can lie over each other, and which shifts of these parts come into question.
private struct Span {
    let first: Range<Int>
    let second: Range<Int>
    /// Shifts of the second part seen from the first.
    let lowest: Int
    let last: Int
    /// Displacement of the textures less the shift of the parts.
    let offset: Int
    /// Length from which on shifts do not mix.
    let period: Int

    init?(_ range: ClosedRange<Int>, _ first: Int, _ second: Int, _ scale: Int) {
        var (low, high) = (Int((Double(range.lowerBound) / Double(scale)).rounded(.down)), Int((Double(range.upperBound) / Double(scale)).rounded(.up)))
        low = max(low, 1 - second)
        high = min(high, first - 1)
        guard low <= high else { return nil }
        self.first = max(0, low)..<min(first, high + second)
        self.second = max(0, -high)..<min(second, first - low)
        offset = self.first.lowerBound - self.second.lowerBound
        (lowest, last) = (low - offset, high - offset)
        period = max(self.first.count - lowest, last + self.second.count, last - lowest + 1)
    }

    /// Length over which both parts lie on each other at a shift.
    func shared(_ shift: Int) -> Int { max(0, min(first.count, shift + second.count) - max(0, shift)) }
}

extension FrameTexture {
    fileprivate func copy(x: Range<Int>, y: Range<Int>, to target: UnsafeMutablePointer<Float>, rowLength: Int) {
        values.withUnsafeBufferPointer { values in
            for row in y { (target + (row - y.lowerBound) * rowLength).update(from: values.baseAddress! + row * width + x.lowerBound, count: x.count) }
        }
    }
}

/// Sums of squares over boxes.
private struct SquareSums {
    private let width: Int
    private let height: Int
    private var table: [Double]

    init(_ values: UnsafePointer<Float>, _ width: Int, _ height: Int, _ rowLength: Int) {
        (self.width, self.height) = (width, height)
        table = [Double](repeating: 0, count: (width + 1) * (height + 1))
        table.withUnsafeMutableBufferPointer { table in
            for y in 0..<height {
                var sum = 0.0
                let (above, here) = (y * (width + 1), (y + 1) * (width + 1))
                for x in 0..<width {
                    let value = Double(values[y &* rowLength &+ x])
                    sum += value * value
                    table[here &+ x &+ 1] = table[above &+ x &+ 1] + sum
                }
            }
        }
    }

    var total: Double { table[table.count - 1] }

    /// Over the part on which a box of the other's size lies, its corner at (x, y).
    func sum(overlap x: Int, _ y: Int, _ otherWidth: Int, _ otherHeight: Int) -> Double {
        let (left, top, right, bottom) = (max(0, x), max(0, y), min(width, x + otherWidth), min(height, y + otherHeight))
        guard right > left, bottom > top else { return 0 }
        let (upper, lower) = (top * (width + 1), bottom * (width + 1))
        return max(0, table[lower + right] - table[lower + left] - table[upper + right] + table[upper + left])
    }
}
