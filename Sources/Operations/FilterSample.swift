import Raster

/// A sample that filters work on: one gray level or one of the three of a colour pixel.
protocol FilterSample: BitwiseCopyable, Sendable, Comparable {
    /// Highest level; nil where there is none.
    static var highest: Float { get }
    /// The nearest sample, clipped to the range of levels.
    static func narrow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Self>, count: Int)
    static func widen(_ from: UnsafePointer<Self>, _ to: UnsafeMutablePointer<Float>, count: Int)
    /// Adds whole rows, which lie `stride` apart, to a row of sums.
    static func add(_ from: UnsafePointer<Self>, stride: Int, rows: Int, to sums: UnsafeMutablePointer<Float>, count: Int)
    /// Six rows weighted 1 5 10 10 5 1.
    static func addBinomially(
        _ a: UnsafePointer<Self>, _ b: UnsafePointer<Self>, _ c: UnsafePointer<Self>, _ d: UnsafePointer<Self>, _ e: UnsafePointer<Self>,
        _ f: UnsafePointer<Self>, to sums: UnsafeMutablePointer<Float>, count: Int)
}


extension UInt8: FilterSample {
    static var highest: Float { 255 }

    static func narrow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt8>, count: Int) {
        for x in 0..<count {
            let level = from[x]
            let clipped = level > 0 ? (level < 255 ? level : 255) : 0
            to[x] = UInt8(truncatingIfNeeded: (clipped + 12_582_912).bitPattern)
        }
    }

    static func widen(_ from: UnsafePointer<UInt8>, _ to: UnsafeMutablePointer<Float>, count: Int) {
        for x in 0..<count { to[x] = Float(from[x]) }
    }

    static func add(_ from: UnsafePointer<UInt8>, stride: Int, rows: Int, to sums: UnsafeMutablePointer<Float>, count: Int) {
        var row = 0
        while row &+ 8 <= rows {
            // Eight levels fit 16 bits.
            let (a, b, c, d) = (from + row &* stride, from + (row &+ 1) &* stride, from + (row &+ 2) &* stride, from + (row &+ 3) &* stride)
            let (e, f, g, h) = (a + 4 &* stride, b + 4 &* stride, c + 4 &* stride, d + 4 &* stride)
            for x in 0..<count {
                let upper = UInt16(a[x]) &+ UInt16(b[x]) &+ UInt16(c[x]) &+ UInt16(d[x])
                let lower = UInt16(e[x]) &+ UInt16(f[x]) &+ UInt16(g[x]) &+ UInt16(h[x])
                sums[x] += Float(upper &+ lower)
            }
            row &+= 8
        }
        while row < rows {
            let a = from + row &* stride
            for x in 0..<count { sums[x] += Float(a[x]) }
            row &+= 1
        }
    }

    static func addBinomially(
        _ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ c: UnsafePointer<UInt8>, _ d: UnsafePointer<UInt8>, _ e: UnsafePointer<UInt8>,
        _ f: UnsafePointer<UInt8>, to sums: UnsafeMutablePointer<Float>, count: Int
    ) {
        for x in 0..<count {
            // At most 32 · 255.
            let (outer, inner) = (UInt16(a[x]) &+ UInt16(f[x]), UInt16(b[x]) &+ UInt16(e[x]))
            sums[x] = Float(outer &+ inner &* 5 &+ (UInt16(c[x]) &+ UInt16(d[x])) &* 10)
        }
    }
}

extension UInt16: FilterSample {
    static var highest: Float { 65535 }

    static func narrow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<UInt16>, count: Int) {
        for x in 0..<count {
            let level = from[x]
            let clipped = level > 0 ? (level < 65535 ? level : 65535) : 0
            to[x] = UInt16(truncatingIfNeeded: (clipped + 12_582_912).bitPattern)
        }
    }

    static func widen(_ from: UnsafePointer<UInt16>, _ to: UnsafeMutablePointer<Float>, count: Int) {
        for x in 0..<count { to[x] = Float(from[x]) }
    }

    static func add(_ from: UnsafePointer<UInt16>, stride: Int, rows: Int, to sums: UnsafeMutablePointer<Float>, count: Int) {
        var row = 0
        while row &+ 2 <= rows {
            let (a, b) = (from + row &* stride, from + (row &+ 1) &* stride)
            for x in 0..<count { sums[x] += Float(UInt32(a[x]) &+ UInt32(b[x])) }
            row &+= 2
        }
        while row < rows {
            let a = from + row &* stride
            for x in 0..<count { sums[x] += Float(a[x]) }
            row &+= 1
        }
    }

    static func addBinomially(
        _ a: UnsafePointer<UInt16>, _ b: UnsafePointer<UInt16>, _ c: UnsafePointer<UInt16>, _ d: UnsafePointer<UInt16>, _ e: UnsafePointer<UInt16>,
        _ f: UnsafePointer<UInt16>, to sums: UnsafeMutablePointer<Float>, count: Int
    ) {
        for x in 0..<count {
            let (outer, inner) = (Int32(a[x]) &+ Int32(f[x]), Int32(b[x]) &+ Int32(e[x]))
            sums[x] = Float(outer) + Float(inner) * 5 + Float(Int32(c[x]) &+ Int32(d[x])) * 10
        }
    }
}

extension Float: FilterSample {
    static var highest: Float { .greatestFiniteMagnitude }

    static func narrow(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) { to.update(from: from, count: count) }

    static func widen(_ from: UnsafePointer<Float>, _ to: UnsafeMutablePointer<Float>, count: Int) { to.update(from: from, count: count) }

    static func add(_ from: UnsafePointer<Float>, stride: Int, rows: Int, to sums: UnsafeMutablePointer<Float>, count: Int) {
        for row in 0..<rows {
            let a = from + row &* stride
            for x in 0..<count { sums[x] += a[x] }
        }
    }

    static func addBinomially(
        _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafePointer<Float>, _ d: UnsafePointer<Float>, _ e: UnsafePointer<Float>,
        _ f: UnsafePointer<Float>, to sums: UnsafeMutablePointer<Float>, count: Int
    ) {
        for x in 0..<count {
            sums[x] = (a[x] + f[x]) + (b[x] + e[x]) * 5 + (c[x] + d[x]) * 10
        }
    }
}

/// A pixel of one or three equal samples.
protocol FilterPixel: BitwiseCopyable, Sendable {
    associatedtype Sample: FilterSample
    static var channels: Int { get }
}

extension UInt8: FilterPixel {
    typealias Sample = UInt8
    static var channels: Int { 1 }
}

extension UInt16: FilterPixel {
    typealias Sample = UInt16
    static var channels: Int { 1 }
}

extension Float: FilterPixel {
    typealias Sample = Float
    static var channels: Int { 1 }
}

extension BGR: FilterPixel where Sample: FilterSample {
    static var channels: Int { 3 }
}

/// Samples of an image in memory: row after row, the channels of a pixel side by side.
struct SamplePlane<Sample: FilterSample> {
    let base: UnsafePointer<Sample>
    let width: Int
    let height: Int
    let channels: Int

    var rowCount: Int { width &* channels }
    func row(_ y: Int) -> UnsafePointer<Sample> { base + y &* rowCount }
}

extension Image where Pixel: FilterPixel {
    /// The samples; `body` is not called for an empty image.
    func withSamples(_ body: (SamplePlane<Pixel.Sample>) -> Void) {
        withBuffer { pixels in
            guard let base = pixels.baseAddress, !isEmpty else { return }
            // A BGR is its three samples in memory and nothing else.
            let samples = UnsafeRawPointer(base).assumingMemoryBound(to: Pixel.Sample.self)
            body(SamplePlane(base: samples, width: width, height: height, channels: Pixel.channels))
        }
    }

    /// Room for an image whose samples `body` writes, all of them.
    init(width: Int, height: Int, writingSamples body: (UnsafeMutablePointer<Pixel.Sample>) -> Void) {
        self.init(width: width, height: height) { pixels in
            guard let base = pixels.baseAddress, width > 0, height > 0 else { return }
            body(UnsafeMutableRawPointer(base).assumingMemoryBound(to: Pixel.Sample.self))
        }
    }
}

/// Place in 0 ..< count of a place beyond the border when the image goes on mirrored, the edge pixel twice: d c b a | a b c d | d c b a.
///
/// `reflect` of SciPy, `BORDER_REFLECT` of OpenCV.
func reflected(_ place: Int, _ count: Int) -> Int {
    if place >= 0, place < count { return place }
    let folded = ((place % (2 * count)) + 2 * count) % (2 * count)
    return folded < count ? folded : 2 * count - 1 - folded
}
