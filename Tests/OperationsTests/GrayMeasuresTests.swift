import Operations
import Raster
import Testing

@Test(.enabled(if: SharedData.isPresent, "needs ../shared/data"))
func `gray measures equal scikit-image's region properties on real pictures, in 8 and 16 bits`() throws {
    for item in try SharedData.cases() {
        let rows = try SharedData.table("oracle/regionprops/\(item.name).csv")
        let masks = item.mask.components().filter { $0.area >= Int(item.row["min_area"]!)! }
        try #require(masks.count == rows.count)
        let wide = item.gray.mapped { UInt16($0) }
        for (mask, row) in zip(masks, rows) {
            for measures in [GrayMeasures(mask, image: item.gray), GrayMeasures(mask, image: wide)] {
                let values = Dictionary(uniqueKeysWithValues: zip(GrayMeasures.columns.map(\.name), try #require(measures).values()))
                let pairs = ["intensity_mean", "intensity_std", "intensity_min", "intensity_max", "intensity_median"].map { ($0, $0) }
                    + [("centroid_weighted_x", "centroid_weighted-1"), ("centroid_weighted_y", "centroid_weighted-0")]
                for (ours, theirs) in pairs {
                    guard let expected = Double(row[theirs]!), expected.isFinite else { continue }
                    let found = values[ours]! ?? .nan
                    #expect(agree(found, expected, tiny: 1e-7), "\(item.name) \(row["label"]!) \(ours): \(found), not \(expected)")
                }
            }
        }
    }
}

@Test func `statistics of a drawn mask are those worked out by hand`() throws {
    let image = Image<UInt8>(width: 4, height: 2, pixels: [1, 2, 2, 99, 7, 99, 99, 99])
    let measures = try #require(GrayMeasures(Mask("###.", "#..."), image: image))
    #expect(measures.count == 4 && measures.mean == 3 && measures.minimum == 1 && measures.maximum == 7)
    #expect(measures.median == 2 && measures.mode == 2 && measures.integratedDensity == 12)
    #expect(agree(measures.deviation, 5.5.squareRoot()))
    // SciPy 1.17: skew and kurtosis of [1, 2, 2, 7].
    let (skewness, kurtosis) = (try #require(measures.skewness), try #require(measures.kurtosis))
    #expect(agree(skewness, 1.0466216984729968) && agree(kurtosis, -0.7355371900826446))
    #expect(measures.weightedCentroid == Point(x: 0.5, y: 7.0 / 12))
    // NumPy 2.3: quantile of the same.
    #expect(agree(measures.quantile05, 1.15) && agree(measures.quantile25, 1.75) && agree(measures.quantile75, 3.25) && agree(measures.quantile95, 6.25))
}

@Test func `quantiles are those of the sorted levels, in 8 and 16 bits`() throws {
    var random = Random(seed: 4)
    for count in [1, 2, 3, 20, 21, 600] {
        let levels = (0..<count).map { _ in UInt8.random(in: 0...(count < 10 ? 255 : 40), using: &random) }
        let image = Image<UInt8>(width: count, height: 1, pixels: levels)
        let mask = Mask.full(image.bounds)
        let sorted = levels.sorted().map(Double.init)
        func quantile(_ share: Double) -> Double {
            let place = share * Double(count - 1)
            let (low, high) = (sorted[Int(place)], sorted[min(count - 1, Int(place) + 1)])
            return low + (place - place.rounded(.down)) * (high - low)
        }
        for found in [try #require(GrayMeasures(mask, image: image)), try #require(GrayMeasures(mask, image: image.mapped { UInt16($0) }))] {
            let pairs = [(found.quantile05, 0.05), (found.quantile25, 0.25), (found.median, 0.5), (found.quantile75, 0.75), (found.quantile95, 0.95)]
            for (value, share) in pairs { #expect(agree(value, quantile(share)), "\(count) \(share)") }
        }
    }
}

@Test func `equal or black pixels leave the undefined cells empty`() throws {
    let measures = try #require(GrayMeasures(Mask("##"), image: Image(width: 2, height: 1, repeating: UInt8(0))))
    #expect(measures.skewness == nil && measures.kurtosis == nil && measures.weightedCentroid == nil && measures.deviation == 0)
}

@Test func `pixels outside the image are left out`() {
    let image = Image<UInt8>(width: 2, height: 1, pixels: [3, 5])
    #expect(GrayMeasures(Mask("####", "####"), image: image)?.count == 2)
    #expect(GrayMeasures(Mask("##").translated(x: 5, y: 0), image: image) == nil)
    #expect(GrayMeasures(Mask(".."), image: image) == nil)
}

@Test func `large and small sixteen-bit masks give the same statistics`() throws {
    var random = Random(seed: 2)
    let image = Image<UInt16>(width: 200, height: 200, pixels: (0..<40000).map { _ in UInt16.random(in: 0...65535, using: &random) })
    let all = try #require(GrayMeasures(Mask.full(image.bounds), image: image))
    let half = try #require(GrayMeasures(Mask.full(Rect(x: 0, y: 0, width: 200, height: 60)), image: image))
    let sorted = image.withBuffer { Array($0) }.sorted()
    #expect(all.median == (Double(sorted[19999]) + Double(sorted[20000])) / 2)
    let upper = image.withBuffer { Array($0[0..<12000]) }.sorted()
    let middle = (Double(upper[5999]) + Double(upper[6000])) / 2
    #expect(half.median == middle)
}
