import Operations
import Raster
import Testing

@Test(arguments: [0, 1, 7, 8, 9, 1001])
func `counts of gray levels equal counting one by one`(width: Int) {
    var random = Random(seed: 5)
    let pixels = (0..<width * 3).map { _ in UInt8.random(in: 0...255, using: &random) }
    var counts = [Int](repeating: 0, count: 256)
    for pixel in pixels { counts[Int(pixel)] += 1 }
    #expect(Image(width: width, height: 3, pixels: pixels).histogram().counts == counts)
}

@Test func `sixteen bits have a count for each level`() {
    let histogram = Image<UInt16>(width: 3, height: 1, pixels: [0, 65535, 65535]).histogram()
    #expect(histogram.counts.count == 65536 && histogram.counts[65535] == 2 && histogram.total == 3 && histogram.range == 0...65535)
}

@Test func `quantiles interpolate, and an empty histogram has none`() {
    let histogram = Image<UInt8>(width: 4, height: 1, pixels: [40, 10, 20, 30]).histogram()
    #expect(histogram.quantile(0) == 10 && histogram.quantile(1) == 40 && histogram.quantile(0.5) == 25)
    #expect(histogram.quantile(1.1) == nil && Histogram(counts: [0, 0]).quantile(0.5) == nil && Histogram(counts: [0]).moments == nil)
}

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `quantiles, means and deviations equal numpy's on real pictures`() throws {
    let quantiles = Dictionary(grouping: try SharedData.table("oracle/quantiles.csv")) { $0["name"]! }
    for item in try SharedData.cases() {
        let histogram = item.gray.histogram()
        let moments = try #require(histogram.moments)
        #expect(agree(moments.mean, Double(item.row["gray_mean"]!)!) && agree(moments.deviation, Double(item.row["gray_std"]!)!), "\(item.name)")
        for row in quantiles[item.name] ?? [] {
            let value = try #require(histogram.quantile(Double(row["q"]!)!))
            #expect(agree(value, Double(row["value"]!)!), "\(item.name) \(row)")
        }
    }
}
