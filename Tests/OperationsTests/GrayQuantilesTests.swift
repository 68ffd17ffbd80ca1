import Operations
import Raster
import Testing

@Test func `quantiles equal NumPy's`() throws {
    let mask = TexturePictures.mask
    let references = [
        (GrayQuantiles(mask, image: TexturePictures.rough), [2.0, 25.2, 228.8, 252.0]),
        (GrayQuantiles(mask, image: TexturePictures.smooth), [21.92, 48.2, 198.0, 217.0]),
        (GrayQuantiles(mask, image: TexturePictures.wide), [5651.68, 12540.2, 51074.2, 55770.76]),
    ]
    for (measures, expected) in references {
        for (found, level) in zip(try #require(measures).levels, expected) { #expect(agree(found, level), "\(found), not \(level)") }
    }
}

@Test func `counting and sorting give the same quantiles`() throws {
    var random = Random(seed: 4)
    for count in [1, 2, 3, 7, 99, 100, 101, 16384, 16385, 20000] {
        let wide = Image<UInt16>(width: count, height: 1, pixels: (0..<count).map { _ in UInt16.random(in: 200...255, using: &random) })
        let narrow = wide.mapped { UInt8($0) }
        let sorted = wide.withBuffer { $0.sorted() }
        let expected = GrayQuantiles.percentages.map { percentage in
            let place = Double(percentage) / 100 * Double(count - 1)
            let (low, high) = (Double(sorted[Int(place)]), Double(sorted[min(count - 1, Int(place) + 1)]))
            return low + (place - place.rounded(.down)) * (high - low)
        }
        for levels in [GrayQuantiles(Mask.full(wide.bounds), image: wide)?.levels, GrayQuantiles(Mask.full(narrow.bounds), image: narrow)?.levels] {
            for (found, level) in zip(try #require(levels), expected) { #expect(agree(found, level), "\(count): \(found), not \(level)") }
        }
    }
}

@Test func `no pixels have no quantiles`() {
    let image = TexturePictures.rough
    #expect(GrayQuantiles(Mask("..."), image: image) == nil && GrayQuantiles(Mask("#").translated(x: 0, y: 99), image: image) == nil)
    #expect(GrayQuantiles(Mask("..."), image: TexturePictures.wide) == nil)
}
