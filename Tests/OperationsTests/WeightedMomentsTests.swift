import Operations
import Raster
import Testing

/// Of scikit-image: weighted centroid x and y, then the columns in their order.
private let references: [(picture: String, centroid: Point, values: [Double])] = [
    ("rough", Point(x: 16.013040741073837, y: 12.434054321431784), [6743800.872740353, -657363.5030128609, 4014693.162649519, 2669467.319624558, -521381.4632724445, -972150.1832150645, 446203.0048138729, 0.0008523016000389092, -8.307955350368705e-05, 0.000507388855448371, 1.1311893702317648e-06, -2.209359016137426e-07, -4.119495846371353e-07, 1.8907895680173158e-07, 0.00135969045548728, 1.4657365022246582e-07, 6.328580365432407e-12, 5.183207341149641e-13, 9.176025435817412e-25, 1.8568968212737157e-16, 1.9814511925387767e-25]),
    ("smooth", Point(x: 16.384880079832076, y: 12.552171868368834), [6716264.348921234, -452355.12704311614, 3915770.4462567247, 4763993.331703412, 3591628.6137992847, -1973124.2011549056, -1713282.4364336866, 0.0008836172041814161, -5.9513555734173684e-05, 0.0005151736075566077, 2.1227146732557436e-06, 1.6003386714798132e-06, -8.791741302563787e-07, -7.633952262373886e-07, 0.0013987908117380238, 1.499181371583229e-07, 5.362252936108684e-11, 2.2468674126174146e-12, 1.5057406802776727e-23, 6.391291418593065e-17, 1.9532563054669772e-23]),
    ("wide", Point(x: 16.383826516371713, y: 12.551924210080058), [1731216054.605446, -116784143.7923357, 1009495054.3132069, 1225249290.5277436, 922969973.0112884, -507375965.16051006, -440695394.5180808, 3.427404463527022e-06, -2.312053972918221e-07, 1.998565023618661e-06, 5.11672490845379e-10, 3.8543857867713223e-10, -2.118836761594338e-10, -1.8403741341488866e-10, 5.425969487145683e-06, 2.2554058879851156e-12, 3.1128978232238512e-18, 1.3043576277979354e-19, 5.08912292239261e-38, 1.4618656204458915e-26, 6.571243325608985e-38]),
]

@Test func `weighted moments equal scikit-image's`() throws {
    for (picture, centroid, expected) in references {
        let measures =
            switch picture {
            case "rough": WeightedMoments(TexturePictures.mask, image: TexturePictures.rough)
            case "smooth": WeightedMoments(TexturePictures.mask, image: TexturePictures.smooth)
            default: WeightedMoments(TexturePictures.mask, image: TexturePictures.wide)
            }
        let found = try #require(measures)
        #expect(agree(found.centroid.x, centroid.x) && agree(found.centroid.y, centroid.y), "\(picture)")
        for (index, value) in found.values().enumerated() {
            #expect(agree(value ?? .nan, expected[index], tiny: 0), "\(picture) \(WeightedMoments.columns[index].name): \(value ?? .nan), not \(expected[index])")
        }
    }
}

@Test func `of an even object they are the shape's moments times the level`() throws {
    for mask in drawnMasks() where !mask.isEmpty {
        let image = Image<UInt16>(width: mask.bounds.maxX, height: mask.bounds.maxY, repeating: 1)
        let (weighted, shape) = (try #require(WeightedMoments(mask, image: image)), try #require(ShapeMoments(mask)))
        #expect(weighted.sum == Double(shape.area) && agree(weighted.centroid.x, shape.centroid.x) && agree(weighted.centroid.y, shape.centroid.y))
        let size = shape.mu20 + shape.mu02
        for (a, b) in [(weighted.mu20, shape.mu20), (weighted.mu11, shape.mu11), (weighted.mu02, shape.mu02)] { #expect(agree(a, b, tiny: 1e-9 * size)) }
        let third = size * (size / Double(shape.area)).squareRoot()
        for (a, b) in [(weighted.mu30, shape.mu30), (weighted.mu21, shape.mu21), (weighted.mu12, shape.mu12), (weighted.mu03, shape.mu03)] {
            #expect(agree(a, b, tiny: 1e-9 * third), "\(a) \(b)")
        }
    }
}

@Test func `long runs far from the corner lose nothing`() throws {
    let (width, first) = (3000, 1500)
    let image = Image<UInt8>(width: width, height: 2, pixels: (0..<(2 * width)).map { UInt8($0 % 7 * 30 + 1) })
    let mask = Mask(bounds: image.bounds, sortedRuns: [Run(y: 1, first: first, last: width - 1)])
    let measures = try #require(WeightedMoments(mask, image: image))
    var (sum, sumX) = (0.0, 0.0)
    for x in first..<width { (sum, sumX) = (sum + Double(image[x, 1]), sumX + Double(image[x, 1]) * Double(x)) }
    var (second, third) = (0.0, 0.0)
    for x in first..<width {
        let d = Double(x) - sumX / sum
        second += Double(image[x, 1]) * d * d
        third += Double(image[x, 1]) * d * d * d
    }
    #expect(measures.sum == sum && agree(measures.centroid.x, sumX / sum, relative: 1e-14) && agree(measures.mu20, second, relative: 1e-12))
    #expect(agree(measures.mu30, third, tiny: 1e-9 * second * 1000) && measures.mu02 == 0 && measures.centroid.y == 1)
}

@Test func `black objects and empty masks have no weighted moments`() {
    let black = Image<UInt8>(width: 3, height: 3, repeating: 0)
    #expect(WeightedMoments(Mask.full(black.bounds), image: black) == nil && WeightedMoments(Mask("..."), image: TexturePictures.rough) == nil)
    #expect(WeightedMoments(Mask("#").translated(x: 99, y: 0), image: TexturePictures.rough) == nil)
    let one = Image<UInt8>(width: 1, height: 1, repeating: 9)
    #expect(WeightedMoments(Mask("#"), image: one)?.values().allSatisfy { $0 == 0 } == true)
}
