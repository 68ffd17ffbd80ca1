import Operations
import Raster
import Testing

private func plain(_ values: [Double]) -> [Double]? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    let median = (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
    return [Double(values.count), mean, variance.squareRoot(), sorted[0], sorted[sorted.count - 1], median]
}

private func close(_ a: MaskedStatistics?, _ b: [Double]?) -> Bool {
    guard let a, let b else { return (a == nil) == (b == nil) }
    return zip([Double(a.count), a.mean, a.deviation, a.minimum, a.maximum, a.median], b).allSatisfy { agree($0, $1, relative: 1e-12, tiny: 1e-12) }
}

@Test func `a masked pixel never enters`() {
    var random = Random(seed: 77)
    for mask in drawnMasks(seed: 6) {
        let (width, height) = (mask.bounds.width, mask.bounds.height)
        let levels = (0..<(width * height)).map { _ in Int.random(in: 0..<60_000, using: &random) }
        let keep = PlainMask(mask).pixels
        func values(_ wanted: Bool, _ value: (Int) -> Double) -> [Double] { zip(levels, keep).filter { $1 == wanted }.map { value($0.0) } }
        let small = Image(width: width, height: height, pixels: levels.map { UInt8($0 % 251) })
        let wide = Image(width: width, height: height, pixels: levels.map { UInt16($0) })
        let real = Image(width: width, height: height, pixels: levels.map { Float($0) / 8 - 900 })
        #expect(close(small.statistics(under: mask), plain(values(true) { Double($0 % 251) })))
        #expect(close(small.statistics(excluding: mask), plain(values(false) { Double($0 % 251) })))
        #expect(close(wide.statistics(under: mask), plain(values(true) { Double($0) })))
        #expect(close(wide.statistics(excluding: mask), plain(values(false) { Double($0) })))
        #expect(close(real.statistics(under: mask), plain(values(true) { Double($0) / 8 - 900 })))
        #expect(close(real.statistics(excluding: mask), plain(values(false) { Double($0) / 8 - 900 })))
        // Whatever stands under the mask changes nothing.
        #expect(small.filled(inside: mask, with: 255).statistics(excluding: mask) == small.statistics(excluding: mask))
        #expect(small.filled(outside: mask, with: 255).statistics(under: mask) == small.statistics(under: mask))
    }
}

@Test func `statistics equal those of NumPy's masked arrays`() {
    // numpy.ma.array([[3, 7, 250], [8, 9, 11]], mask=[[0, 0, 1], [0, 1, 0]])
    let image = Image<UInt8>(width: 3, height: 2, pixels: [3, 7, 250, 8, 9, 11])
    let statistics = image.statistics(excluding: Mask("..#", ".#."))
    #expect(close(statistics, [4, 7.25, 2.8613807855648994, 3, 11, 7.5]))
}

@Test func `pixels that are not finite are masked out, and all masked gives nothing`() {
    let image = Image<Float>(width: 4, height: 1, pixels: [.nan, 2, .infinity, 4])
    #expect(close(image.statistics(under: Mask("####")), [2, 3, 1, 2, 4, 3]))
    #expect(image.statistics(under: Mask("#.#.")) == nil && image.statistics(excluding: Mask("####")) == nil)
    #expect(image.statistics(under: Mask("####").translated(x: 9, y: 0)) == nil)
    let large = Image<Float>(width: 2, height: 1, repeating: .greatestFiniteMagnitude)
    #expect(close(large.statistics(under: Mask("##")), plain([Double(Float.greatestFiniteMagnitude)]).map { [2] + $0.dropFirst() }))
}

@Test func `filling leaves the other side alone`() {
    let image = Image<UInt16>(width: 3, height: 1, pixels: [1, 2, 3])
    let mask = Mask(".##").translated(x: 1, y: 0)
    #expect(image.filled(inside: mask, with: 9) == Image(width: 3, height: 1, pixels: [1, 2, 9]))
    #expect(image.filled(outside: mask, with: 9) == Image(width: 3, height: 1, pixels: [9, 9, 3]))
}
