import Operations
import Raster
import Testing

@Test func `levels, slope and contrast equal those of walking through all pixels`() throws {
    for (mask, image, limit) in drawnObjects() {
        let found = try #require(ZooProcessMeasures(mask, image: image, limit: limit))
        let plain = ZooProcessPlain(mask, image: image, limit: limit)
        var counts = [Double](repeating: 0, count: 255)
        for y in 0..<plain.height { for x in 0..<plain.width where plain.dark[x, y] && plain.gray[y][x] < 255 { counts[plain.gray[y][x]] += 1 } }
        let total = counts.reduce(0, +)
        let cumulated = [0.25, 0.5, 0.75].map { share in (0..<255).last { counts[0...$0].reduce(0, +) < share * total } ?? 0 }
        #expect(found.cumulated == cumulated)
        func deviation(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / Double(values.count)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
        }
        #expect(agree(found.slope, deviation(counts) / deviation((0..<255).map(Double.init))))
        #expect(agree(found.contrast, plain.contrast(cumulated, limit: limit), tiny: 1e-12))
        #expect(found.areaExcluded == plain.dark.pixels.count { $0 })
    }
}
