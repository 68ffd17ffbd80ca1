import Foundation
import Raster

/// Evens out a lamp's falloff that is estimated from one frame of objects on a background.
///
/// The background level of each of some 2,000 cells (most frequent gray level) is fitted by a smooth surface in the logarithm,
/// from a parabola through the brightest cells to degree six, at each step leaving out cells farther from it. Objects are
/// left out because no smooth surface fits them; they may cover two thirds of the frame. The correction is taken only
/// when the surface foretells cells it has not seen far better than one level does (two folds); a frame so dense or so structured that it does
/// not is left as it is, and so is a frame that is flat already.
public struct VignettingCorrection: Hashable, Sendable {
    public enum Verdict: String, Sendable, Codable {
        case corrected
        /// One level explains the background as well as a surface does.
        case alreadyFlat
        /// Objects leave too little background, or the background has structure of its own.
        case noClearBackground
        /// Too few pixels to tell a falloff from objects (a side under 96).
        case tooSmall
    }

    public let verdict: Verdict
    public let width: Int
    public let height: Int
    /// Gray level the background gets.
    public let target: Double
    /// Share of cells that a surface fitted without them foretells to 2 %, and the share that the best single level does.
    public let explained: Double
    public let explainedByOneLevel: Double
    /// Background by the model at the corners of squares of `spacing` pixels, from (−0.5, −0.5) on.
    private let nodes: [Float]
    private let columns: Int
    private let spacing: Int

    /// Whether `apply` returns the image unchanged.
    public var isIdentity: Bool { verdict != .corrected }

    /// - Parameter target: gray level the background shall get; without it the model's median, so that overall brightness stays.
    /// - Complexity: at most one pass over the pixels (cells of over 64 rows are sampled), and 10 to 20 ms for the fits.
    /// - Source: ours; compared with MorphoCut's `VignettingCorrector` and Leong et al. 2003 in the tests.
    public init(estimating image: Image<UInt8>, target: Double? = nil) {
        (width, height) = (image.width, image.height)
        let cells = BackgroundCells(image)
        let side = cells?.side ?? 1
        let fit = cells.map { SurfaceFit($0) }
        (explained, explainedByOneLevel) = (fit?.explained ?? 0, fit?.explainedByOneLevel ?? 0)
        let spacing = max(1, side / 4)
        let columns = (image.width + spacing - 1) / spacing + 1
        let rows = (image.height + spacing - 1) / spacing + 1
        (self.spacing, self.columns) = (spacing, columns)
        guard let fit else {
            (verdict, nodes, self.target) = (.tooSmall, [], target ?? 0)
            return
        }
        var verdict = fit.verdict
        var nodes: [Float] = []
        if verdict == .corrected {
            nodes = fit.levels(columns: columns, rows: rows, spacing: spacing)
            let (low, high) = (nodes.min() ?? 1, nodes.max() ?? 1)
            // A lamp that leaves corners an eighth as bright is no microscope's; such a surface has followed objects.
            if !(high.isFinite && low > 0 && high / low < 8) { (verdict, nodes) = (.noClearBackground, []) }
        }
        self.verdict = verdict
        self.nodes = nodes
        self.target = target ?? (nodes.isEmpty ? 0 : Double(nodes.sorted()[nodes.count / 2]))
    }

    /// Estimates from the gray levels; all channels get the same factor.
    public init(estimating image: Image<BGR<UInt8>>, target: Double? = nil) { self.init(estimating: image.gray(), target: target) }

    /// Estimates from 8 bits; levels are spread over the range that occurs.
    public init(estimating image: AnyImage) {
        switch image {
        case .gray8(let image): self.init(estimating: image)
        case .color8(let image): self.init(estimating: image.gray())
        case .gray16, .color16:
            let gray = image.gray16()
            let highest = gray.histogram().range?.upperBound ?? 65535
            // From 0, because only then is the falloff a factor.
            self.init(estimating: gray.windowed(0...UInt16(max(1, highest))))
        }
    }

    /// Background level by the model at a pixel; nil when nothing is corrected.
    public func background(x: Int, y: Int) -> Double? {
        guard !isIdentity, x >= 0, y >= 0, x < width, y < height else { return nil }
        let (u, v) = ((Double(x) + 0.5) / Double(spacing), (Double(y) + 0.5) / Double(spacing))
        let (i, j) = (Int(u), Int(v))
        func node(_ i: Int, _ j: Int) -> Double { Double(nodes[min(j, nodes.count / columns - 1) * columns + min(i, columns - 1)]) }
        let (fu, fv) = (u - Double(i), v - Double(j))
        let (top, bottom) = (node(i, j) * (1 - fu) + node(i + 1, j) * fu, node(i, j + 1) * (1 - fu) + node(i + 1, j + 1) * fu)
        return top * (1 - fv) + bottom * fv
    }

    /// The image with an even background: level × target / background, rounded, at most the highest level.
    ///
    /// - Precondition: same size as the image it was estimated from.
    /// - Complexity: one pass; unchanged images are not copied.
    public func apply(to image: Image<UInt8>) -> Image<UInt8> {
        check(image.width, image.height)
        if isIdentity { return image }
        return Image(width: width, height: height) { target in
            image.withBuffer { source in
                forEachRowOfGains { y, gains in
                    let (from, to) = (source.baseAddress! + y * width, target.baseAddress! + y * width)
                    for x in 0..<width {
                        let doubled = (UInt32(UInt16(from[x]) &<< 5) &* UInt32(gains[x])) &>> 16
                        to[x] = UInt8(truncatingIfNeeded: min((UInt16(truncatingIfNeeded: doubled) &+ 1) &>> 1, 255))
                    }
                }
            }
        }
    }

    public func apply(to image: Image<BGR<UInt8>>) -> Image<BGR<UInt8>> {
        check(image.width, image.height)
        if isIdentity { return image }
        return Image(width: width, height: height) { target in
            image.withBuffer { source in
                forEachRowOfGains { y, gains in
                    let (from, to) = (source.baseAddress! + y * width, target.baseAddress! + y * width)
                    for x in 0..<width {
                        let (gain, pixel) = (UInt32(gains[x]), from[x])
                        @inline(__always) func scaled(_ sample: UInt8) -> UInt8 {
                            UInt8(truncatingIfNeeded: min((UInt32(sample) &* gain &+ 2048) &>> 12, 255))
                        }
                        (to + x).initialize(to: BGR(blue: scaled(pixel.blue), green: scaled(pixel.green), red: scaled(pixel.red)))
                    }
                }
            }
        }
    }

    public func apply(to image: Image<UInt16>) -> Image<UInt16> {
        check(image.width, image.height)
        if isIdentity { return image }
        return Image(width: width, height: height) { target in
            image.withBuffer { source in
                forEachRowOfGains { y, gains in
                    let (from, to) = (source.baseAddress! + y * width, target.baseAddress! + y * width)
                    for x in 0..<width {
                        (to + x).initialize(to: UInt16(truncatingIfNeeded: min((UInt32(from[x]) &* UInt32(gains[x]) &+ 2048) &>> 12, 65535)))
                    }
                }
            }
        }
    }

    public func apply(to image: AnyImage) -> AnyImage {
        switch image {
        case .gray8(let image): return .gray8(apply(to: image))
        case .color8(let image): return .color8(apply(to: image))
        case .gray16(let image): return .gray16(apply(to: image))
        case .color16(let image):
            check(image.width, image.height)
            if isIdentity { return .color16(image) }
            return .color16(Image(width: width, height: height) { target in
                image.withBuffer { source in
                    forEachRowOfGains { y, gains in
                        for x in 0..<width {
                            let (gain, pixel) = (UInt32(gains[x]), source[y * width + x])
                            func scaled(_ sample: UInt16) -> UInt16 { UInt16(truncatingIfNeeded: min((UInt32(sample) &* gain &+ 2048) &>> 12, 65535)) }
                            (target.baseAddress! + y * width + x)
                                .initialize(to: BGR(blue: scaled(pixel.blue), green: scaled(pixel.green), red: scaled(pixel.red)))
                        }
                    }
                }
            })
        }
    }

    private func check(_ width: Int, _ height: Int) {
        precondition(width == self.width && height == self.height, "\(width) × \(height) pixels, not \(self.width) × \(self.height)")
    }

    /// Factors of one row after the other, with 12 bits after the binary point.
    private func forEachRowOfGains(_ body: (Int, UnsafePointer<UInt16>) -> Void) {
        var (upper, lower) = ([UInt16](repeating: 0, count: width), [UInt16](repeating: 0, count: width))
        var gains = upper
        var ready = -1
        for y in 0..<height {
            // Pixel y lies y + 0.5 below the first node.
            let row = y / spacing
            if row != ready {
                if row == ready + 1, row > 0 { swap(&upper, &lower) } else { fill(&upper, row: row) }
                fill(&lower, row: row + 1)
                ready = row
            }
            let part = Int32((Double(y - row * spacing) + 0.5) / Double(spacing) * 16384)
            gains.withUnsafeMutableBufferPointer { gains in
                upper.withUnsafeBufferPointer { upper in
                    lower.withUnsafeBufferPointer { lower in
                        let (g, u, l) = (gains.baseAddress!, upper.baseAddress!, lower.baseAddress!)
                        for x in 0..<width {
                            g[x] = UInt16(truncatingIfNeeded: Int32(u[x]) &+ ((Int32(l[x]) &- Int32(u[x])) &* part &+ 8192) &>> 14)
                        }
                        body(y, UnsafePointer(g))
                    }
                }
            }
        }
    }

    /// Factors along a row of nodes.
    private func fill(_ gains: inout [UInt16], row: Int) {
        let base = min(row, nodes.count / columns - 1) * columns
        for column in 0..<(columns - 1) {
            let (a, b) = (Float(target) / nodes[base + column], Float(target) / nodes[base + column + 1])
            let step = (b - a) / Float(spacing)
            for offset in 0..<min(spacing, width - column * spacing) {
                gains[column * spacing + offset] = UInt16(min(65535, max(0, (a + step * (Float(offset) + 0.5)) * 4096 + 0.5)))
            }
        }
    }
}

/// Logarithm of the most frequent gray level in each of a grid of square cells.
private struct BackgroundCells {
    let side: Int
    let columns: Int
    let rows: Int
    let width: Int
    let height: Int
    var levels: [Double] = []

    init?(_ image: Image<UInt8>) {
        guard image.width >= 96, image.height >= 96 else { return nil }
        (width, height) = (image.width, image.height)
        side = max(8, (max(width, height) + 47) / 48)
        (columns, rows) = ((width + side - 1) / side, (height + side - 1) / side)
        levels.reserveCapacity(columns * rows)
        var counts = [Int32](repeating: 0, count: columns * 260)
        let rowStep = max(1, side / 64)
        for row in 0..<rows {
            for index in counts.indices { counts[index] = 0 }
            counts.withUnsafeMutableBufferPointer { counts in
                image.withBuffer { pixels in
                    for y in stride(from: row * side, to: min(height, (row + 1) * side), by: rowStep) {
                        let line = pixels.baseAddress! + y * width
                        for column in 0..<columns {
                            // Two empty places on each side, so that the smoothing needs no cases.
                            let cell = counts.baseAddress! + column * 260 + 2
                            for x in (column * side)..<min(width, (column + 1) * side) { cell[Int(line[x])] &+= 1 }
                        }
                    }
                }
                for column in 0..<columns { levels.append(log(BackgroundCells.mode(counts.baseAddress! + column * 260))) }
            }
        }
    }

    /// Mean of the levels around the peak of the smoothed histogram, at least 1.
    private static func mode(_ counts: UnsafePointer<Int32>) -> Double {
        var (peak, most) = (2, Int32(-1))
        for level in 2..<258 {
            let smoothed = counts[level - 2] &+ 2 &* counts[level - 1] &+ 3 &* counts[level] &+ 2 &* counts[level + 1] &+ counts[level + 2]
            if smoothed > most { (peak, most) = (level, smoothed) }
        }
        var (number, sum) = (0, 0)
        for level in max(2, peak - 6)...min(257, peak + 6) {
            number += Int(counts[level])
            sum += Int(counts[level]) * (level - 2)
        }
        return max(1, Double(sum) / Double(max(1, number)))
    }
}

/// Smooth surface through those cells that agree with one.
private struct SurfaceFit {
    let verdict: VignettingCorrection.Verdict
    let explained: Double
    let explainedByOneLevel: Double
    private let surface: Polynomial
    private let width: Double
    private let height: Double

    /// A cell agrees with a level when it lies within 2 % of it.
    private static let tolerance = 0.02

    init(_ cells: BackgroundCells) {
        (width, height) = (Double(cells.width), Double(cells.height))
        let count = cells.levels.count
        var terms: [Double] = []
        terms.reserveCapacity(count * Polynomial.size)
        for row in 0..<cells.rows {
            for column in 0..<cells.columns {
                // Centre of what of the cell lies in the image.
                let x = Double(column * cells.side + min(cells.width, (column + 1) * cells.side)) / 2
                let y = Double(row * cells.side + min(cells.height, (row + 1) * cells.side)) / 2
                Polynomial.append(&terms, x / width * 2 - 1, y / height * 2 - 1)
            }
        }
        let block = (0..<count).map { ($0 / cells.columns * 8 / cells.rows) * 8 + $0 % cells.columns * 8 / cells.columns }
        let all = [Bool](repeating: true, count: count)
        let (surface, residuals) = Polynomial.fit(cells.levels, terms, block, all)
        self.surface = surface

        var agreeing = 0
        let fold = max(1, cells.columns / 8)
        for side in 0..<2 {
            let used = (0..<count).map { ($0 / cells.columns / fold + $0 % cells.columns / fold) % 2 != side }
            let (_, unseen) = Polynomial.fit(cells.levels, terms, block, used)
            for index in 0..<count where !used[index] && abs(unseen[index]) < SurfaceFit.tolerance { agreeing += 1 }
        }
        explained = Double(agreeing) / Double(count)

        let sorted = cells.levels.sorted()
        var (most, low) = (0, 0)
        for high in 0..<count {
            while sorted[high] - sorted[low] > 2 * SurfaceFit.tolerance { low += 1 }
            most = max(most, high - low + 1)
        }
        explainedByOneLevel = Double(most) / Double(count)

        // Background has to be found in nearly all parts of the frame, or the surface is a guess there.
        let blocks = Set(block)
        let covered = Set(zip(block, residuals).filter { abs($1) < SurfaceFit.tolerance }.map(\.0))
        if explained < explainedByOneLevel + 0.08 {
            verdict = explainedByOneLevel > 0.5 ? .alreadyFlat : .noClearBackground
        } else {
            verdict = explained >= 0.25 && Double(covered.count) >= 0.9 * Double(blocks.count) ? .corrected : .noClearBackground
        }
    }

    /// Levels at grid nodes, row after row; node (i, j) lies at pixel (i · spacing − 0.5, j · spacing − 0.5), at the far edges at the edge.
    func levels(columns: Int, rows: Int, spacing: Int) -> [Float] {
        var terms: [Double] = []
        return (0..<rows).flatMap { row in
            (0..<columns).map { column in
                terms.removeAll(keepingCapacity: true)
                Polynomial.append(&terms, Double(column * spacing) / width * 2 - 1, Double(row * spacing) / height * 2 - 1)
                return Float(exp(surface.value(terms)))
            }
        }
    }
}

/// Polynomial of degree up to six in two variables; terms are ordered by degree, so lower degrees are beginnings of the list.
private struct Polynomial {
    static let size = 28
    private var coefficients: [Double]

    static func append(_ terms: inout [Double], _ x: Double, _ y: Double) {
        var (xs, ys) = ([1.0], [1.0])
        for power in 1...6 {
            xs.append(xs[power - 1] * x)
            ys.append(ys[power - 1] * y)
        }
        for degree in 0...6 { for power in 0...degree { terms.append(xs[degree - power] * ys[power]) } }
    }

    func value(_ terms: [Double]) -> Double { zip(coefficients, terms).reduce(0) { $0 + $1.0 * $1.1 } }

    /// Robust fit to the used cells, and what remains of all cells.
    static func fit(_ levels: [Double], _ terms: [Double], _ block: [Int], _ used: [Bool]) -> (Polynomial, [Double]) {
        let count = levels.count
        // Start from the brightest sixth of each part of the frame: objects are darker than background.
        var weights = [Double](repeating: 0, count: count)
        var members = [[Int]](repeating: [], count: 64)
        for index in 0..<count where used[index] { members[block[index]].append(index) }
        for member in members where !member.isEmpty {
            for index in member.sorted(by: { (levels[$0], $0) > (levels[$1], $1) }).prefix(max(1, member.count / 6)) { weights[index] = 1 }
        }
        var polynomial = Polynomial(coefficients: [])
        var residuals = levels
        func refit(size: Int) {
            polynomial = solve(levels, terms, weights, size: size)
            for index in 0..<count {
                var value = 0.0
                for term in 0..<size { value += polynomial.coefficients[term] * terms[index * Polynomial.size + term] }
                residuals[index] = levels[index] - value
            }
        }
        func refit(size: Int, tolerances: [Double]) {
            for tolerance in tolerances {
                for index in 0..<count {
                    let part = residuals[index] / tolerance
                    weights[index] = used[index] && abs(part) < 1 ? (1 - part * part) * (1 - part * part) : 0
                }
                refit(size: size)
            }
        }
        refit(size: 6)
        refit(size: 6, tolerances: [0.3, 0.2, 0.14, 0.1, 0.07])
        refit(size: 15, tolerances: [0.1, 0.08, 0.06, 0.05, 0.04, 0.04, 0.04])
        refit(size: 28, tolerances: [0.15, 0.12, 0.1, 0.08, 0.06, 0.05, 0.04, 0.04])
        return (polynomial, residuals)
    }

    /// Weighted least squares by normal equations and Cholesky; a trace of ridge keeps it solvable with few cells.
    private static func solve(_ levels: [Double], _ terms: [Double], _ weights: [Double], size: Int) -> Polynomial {
        var matrix = [Double](repeating: 0, count: size * size)
        var right = [Double](repeating: 0, count: size)
        matrix.withUnsafeMutableBufferPointer { matrix in
            terms.withUnsafeBufferPointer { terms in
                for index in 0..<levels.count where weights[index] > 0 {
                    let term = terms.baseAddress! + index * Polynomial.size
                    for i in 0..<size {
                        let scaled = term[i] * weights[index]
                        right[i] += scaled * levels[index]
                        let line = matrix.baseAddress! + i * size
                        for j in 0...i { line[j] += scaled * term[j] }
                    }
                }
            }
        }
        let ridge = 1e-9 * (1 + weights.reduce(0, +))
        for i in 0..<size {
            for j in 0...i {
                var sum = matrix[i * size + j] + (i == j ? ridge : 0)
                for k in 0..<j { sum -= matrix[i * size + k] * matrix[j * size + k] }
                matrix[i * size + j] = i == j ? max(sum, 1e-12).squareRoot() : sum / matrix[j * size + j]
            }
        }
        for i in 0..<size {
            for k in 0..<i { right[i] -= matrix[i * size + k] * right[k] }
            right[i] /= matrix[i * size + i]
        }
        for i in (0..<size).reversed() {
            for k in (i + 1)..<max(size, i + 1) { right[i] -= matrix[k * size + i] * right[k] }
            right[i] /= matrix[i * size + i]
        }
        return Polynomial(coefficients: right)
    }
}
