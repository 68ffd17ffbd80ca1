import Raster

/// Histogram of local binary patterns (8 neighbours, radius 1) over the pixels under a mask.
///
/// A pixel's pattern tells which of eight points on the circle around it are at least as bright; the points on the diagonals lie
/// between pixels and are interpolated. Only pixels whose whole 3 × 3 neighbourhood lies under the mask are counted, so neither
/// what surrounds the object nor how far a crop reaches has an influence.
///
/// - Source: Ojala et al. 2002, doi:10.1109/TPAMI.2002.1017623; each pattern equals `local_binary_pattern(gray, 8, 1, 'uniform')`
///   of scikit-image 0.26 on images up to 512 pixels a side. Farther out its rounding decides by the place in the image whether a
///   point exactly as bright as the pixel counts as darker (up to 4 % of the pixels of smooth images); here it never does.
public struct LocalBinaryPatterns: Hashable, Sendable {
    /// How a pattern of eight bits becomes a number; names of scikit-image's methods.
    public enum Method: String, Sendable, CaseIterable {
        /// The eight bits, the point at the right lowest, then counter-clockwise: 0 ... 255.
        case `default`
        /// Number of bright points, 0 ... 8, where they lie together; 9 for all other patterns.
        case uniform
    }

    /// Pixels by uniform pattern, 0 ... 9.
    public let counts: [Int]

    /// Measures the pixels of `mask` that lie inside `image`; nil when none has its whole neighbourhood there.
    ///
    /// - Complexity: one pass over the mask's pixels.
    public init?(_ mask: Mask, image: Image<UInt8>) { self.init(patternsOf: mask, image) }

    /// The same for 16 bits.
    public init?(_ mask: Mask, image: Image<UInt16>) { self.init(patternsOf: mask, image) }

    private init?<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(patternsOf mask: Mask, _ image: Image<Pixel>) {
        let inside = image.bounds.contains(mask.bounds) ? mask : mask.clipped(to: image.bounds)
        let interior = inside.interiorRuns()
        guard !interior.isEmpty else { return nil }
        counts = withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { codes in
            codes.initialize(repeating: 0)
            image.withBuffer { pixels in
                for run in interior {
                    let row = pixels.baseAddress! + Int(run.y) * image.width
                    for x in Int(run.first)...Int(run.last) {
                        codes[pattern(above: row - image.width + x, here: row + x, below: row + image.width + x)] &+= 1
                    }
                }
            }
            var counts = [Int](repeating: 0, count: 10)
            for code in 0..<256 { counts[Int(uniformPatterns[code])] += Int(codes[code]) }
            return counts
        }
    }

    /// Columns in the order of `values()`.
    public static let columns: [MeasureColumn] = table.columns

    /// Values in the order of `columns`.
    public func values() -> [Double?] { LocalBinaryPatterns.table.values(self, pixelSize: nil) }

    private static let table: MeasureTable<LocalBinaryPatterns> = {
        var table = MeasureTable<LocalBinaryPatterns>()
        for pattern in 0..<10 {
            let meaning = pattern == 9 ? "in more than one group" : "\(pattern) in one group"
            table.add(
                "lbp_\(pattern)", .ratio, "Local binary pattern \(pattern)",
                "share of the pixels around which of 8 points at radius 1 those not darker than the pixel are \(meaning);"
                    + " over pixels whose 3 × 3 neighbourhood lies under the mask, empty without any",
                source: "Ojala et al. 2002", equals: "scikit-image local_binary_pattern(gray, 8, 1, 'uniform') == \(pattern), but for exact ties, which there depend on the place in the image"
            ) { Double($0.counts[pattern]) / Double($0.counts.reduce(0, +)) }
        }
        return table
    }()
}

extension Image where Pixel == UInt8 {
    /// Local binary pattern of every pixel; beyond the image's edge lies 0, as in scikit-image.
    ///
    /// - Complexity: one pass over width × height pixels.
    /// - Source: equals `local_binary_pattern(gray, 8, 1, method)` of scikit-image 0.26; for its rounding see `LocalBinaryPatterns`.
    public func localBinaryPatterns(_ method: LocalBinaryPatterns.Method = .uniform) -> Image<UInt8> { patterns(self, method) }
}

extension Image where Pixel == UInt16 {
    /// Local binary pattern of every pixel; beyond the image's edge lies 0, as in scikit-image.
    public func localBinaryPatterns(_ method: LocalBinaryPatterns.Method = .uniform) -> Image<UInt8> { patterns(self, method) }
}

/// Uniform pattern of each eight bits: the number of ones where they are in one group around the circle, otherwise 9.
private let uniformPatterns: [UInt8] = (0..<256).map { code in
    let turned = code >> 1 | (code & 1) << 7
    return (code ^ turned).nonzeroBitCount <= 2 ? UInt8(code.nonzeroBitCount) : 9
}

/// The eight bits of a pixel: which points on the circle are not darker.
///
/// scikit-image puts the diagonal points at ±0.70711 and interpolates between four pixels. In whole numbers, with the pixel itself
/// subtracted and the common factor 0.70711 left out: 0.29289 · (both neighbours by edge) + 0.70711 · (neighbour by corner).
@inline(__always)
private func pattern<Pixel: FixedWidthInteger & BitwiseCopyable>(
    above: UnsafePointer<Pixel>, here: UnsafePointer<Pixel>, below: UnsafePointer<Pixel>
) -> Int {
    let level = Int(truncatingIfNeeded: here[0])
    let (right, left) = (Int(truncatingIfNeeded: here[1]) &- level, Int(truncatingIfNeeded: here[-1]) &- level)
    let (up, down) = (Int(truncatingIfNeeded: above[0]) &- level, Int(truncatingIfNeeded: below[0]) &- level)
    @inline(__always) func diagonal(_ a: Int, _ b: Int, _ corner: Pixel) -> Int {
        29289 &* (a &+ b) &+ 70711 &* (Int(truncatingIfNeeded: corner) &- level)
    }
    // The sign bit of a difference tells "darker".
    @inline(__always) func bit(_ difference: Int, _ place: Int) -> Int { Int(bitPattern: UInt(bitPattern: ~difference) &>> 63) &<< place }
    return bit(right, 0) | bit(diagonal(right, up, above[1]), 1) | bit(up, 2) | bit(diagonal(left, up, above[-1]), 3) | bit(left, 4)
        | bit(diagonal(left, down, below[-1]), 5) | bit(down, 6) | bit(diagonal(right, down, below[1]), 7)
}

private func patterns<Pixel: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>(
    _ image: Image<Pixel>, _ method: LocalBinaryPatterns.Method
) -> Image<UInt8> {
    let (width, height) = (image.width, image.height)
    guard !image.isEmpty else { return Image(width: width, height: height, repeating: 0) }
    let numbers = method == .uniform ? uniformPatterns : (0...255).map { UInt8($0) }
    // Three rows with a black pixel at either end.
    let stride = width + 2
    var rows = [Pixel](repeating: 0, count: 3 * stride)
    return Image(width: width, height: height, writingAll: { target in
        rows.withUnsafeMutableBufferPointer { rows in
            image.withBuffer { pixels in
                for y in -1..<height {
                    let next = rows.baseAddress! + (y + 3) % 3 * stride + 1
                    if y + 1 < height { next.update(from: pixels.baseAddress! + (y + 1) * width, count: width) } else { next.update(repeating: 0, count: width) }
                    guard y >= 0 else { continue }
                    let (above, here) = (rows.baseAddress! + (y + 1) % 3 * stride + 1, rows.baseAddress! + (y + 2) % 3 * stride + 1)
                    for x in 0..<width { target[y * width + x] = numbers[pattern(above: above + x, here: here + x, below: next + x)] }
                }
            }
        }
    })
}
