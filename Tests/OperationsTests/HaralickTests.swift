import Foundation
import Operations
import Raster
import Testing

/// graycoprops of scikit-image, mean over the angles: contrast, dissimilarity, homogeneity, ASM, energy, correlation, mean, variance, std, entropy.
private let references: [(picture: String, distance: Int, levels: Int, values: [Double])] = [
    ("rough", 1, 32, [162.6665118012102, 10.213610315981022, 0.09222090858277504, 0.0015722372236943814, 0.0396217003341736, 0.04879349884283024, 15.348934987943633, 85.50604007498322, 9.246947263667508, 6.583786165119012]),
    ("smooth", 1, 32, [25.033844805396537, 2.1201926988564934, 0.4662643085052462, 0.012943742709934175, 0.11365252348041402, 0.7410509140118199, 14.48679275026258, 48.31870176603721, 6.951164897452999, 4.443969535059873]),
    ("smooth", 2, 16, [8.909298106604146, 1.4924868988446576, 0.5593095771913031, 0.030888669474718848, 0.17433430298208666, 0.6341350918119006, 7.006246417291679, 12.167544266630603, 3.4881994530822746, 3.637744723511629]),
    ("rough", 5, 256, [10953.545489282225, 85.5118871085023, 0.01516289865785388, 0.000741719745683144, 0.027201125216519982, -0.007330587490314039, 125.85110565110388, 5437.1337330058595, 73.73676619673546, 7.267881205965588]),
    ("smooth", 3, 7, [2.799442732302773, 1.032626641754431, 0.6252195203333767, 0.07675432000755632, 0.27555827313139736, 0.411945583260486, 2.760451377642047, 2.376919863173108, 1.541723222515035, 2.733873152432856]),
    ("wide", 1, 32, [25.30577236719478, 2.1311636451722675, 0.4646379697546892, 0.012818222262931445, 0.1130987744192428, 0.741356067640527, 14.535743409665827, 48.900326982558184, 6.992876165190135, 4.451837034649392]),
    ("wide", 4, 200, [2988.114045144618, 39.78246668376524, 0.0046141745297532104, 0.0007695150490044984, 0.02771217903977509, 0.22630285941766154, 94.07810317608563, 1925.96414785355, 43.885468687987796, 7.256327172344379]),
]

@Test func `features of a whole picture equal scikit-image's graycoprops`() throws {
    let all = Mask.full(TexturePictures.rough.bounds)
    for (picture, distance, levels, expected) in references {
        let parameters = Haralick.Parameters(distance: distance, levels: levels)
        let measures =
            switch picture {
            case "rough": Haralick(all, image: TexturePictures.rough, parameters: parameters)
            case "smooth": Haralick(all, image: TexturePictures.smooth, parameters: parameters)
            default: Haralick(all, image: TexturePictures.wide, parameters: parameters)
            }
        for (index, found) in try #require(measures).values().enumerated() {
            #expect(agree(found ?? .nan, expected[index]), "\(picture) \(distance) \(levels) \(Haralick.columns[index].name): \(found ?? .nan), not \(expected[index])")
        }
    }
}

/// The definition, pair by pair.
private func plain(_ mask: Mask, _ image: Image<UInt8>, _ parameters: Haralick.Parameters) -> [Double]? {
    let diagonal = Int((Double(parameters.distance) * 0.5.squareRoot()).rounded())
    var directions: [[Double]] = []
    for (dx, dy) in [(parameters.distance, 0), (diagonal, diagonal), (0, parameters.distance), (-diagonal, diagonal)] {
        var shares: [Int: Double] = [:]
        for y in 0..<image.height {
            for x in 0..<image.width where mask.contains(x: x, y: y) && mask.contains(x: x + dx, y: y + dy) && image.bounds.contains(x: x + dx, y: y + dy) {
                let (a, b) = (Int(image[x, y]) * parameters.levels / 256, Int(image[x + dx, y + dy]) * parameters.levels / 256)
                shares[a * 1000 + b, default: 0] += 1
                shares[b * 1000 + a, default: 0] += 1
            }
        }
        let total = shares.values.reduce(0, +)
        guard total > 0 else { continue }
        let cells = shares.map { (i: Double($0.key / 1000), j: Double($0.key % 1000), p: $0.value / total) }
        func sum(_ value: (Double, Double, Double) -> Double) -> Double { cells.reduce(0) { $0 + value($1.i, $1.j, $1.p) } }
        let mean = sum { i, _, p in p * i }
        let variance = sum { i, _, p in p * (i - mean) * (i - mean) }
        let power = sum { _, _, p in p * p }
        directions.append([
            sum { i, j, p in p * (i - j) * (i - j) }, sum { i, j, p in p * abs(i - j) }, sum { i, j, p in p / (1 + (i - j) * (i - j)) }, power,
            power.squareRoot(), variance < 1e-15 ? 1 : sum { i, j, p in p * (i - mean) * (j - mean) } / variance, mean, variance, variance.squareRoot(),
            sum { _, _, p in -p * log(p) },
        ])
    }
    guard !directions.isEmpty else { return nil }
    return (0..<10).map { index in directions.reduce(0) { $0 + $1[index] } / Double(directions.count) }
}

@Test func `features of any mask equal counting all pairs one by one`() throws {
    var random = Random(seed: 5)
    for mask in drawnMasks(seed: 3) {
        let (width, height) = (max(1, mask.bounds.maxX), max(1, mask.bounds.maxY))
        let image = Image<UInt8>(width: width, height: height, pixels: (0..<(width * height)).map { _ in UInt8.random(in: 40...90, using: &random) })
        for parameters in [Haralick.Parameters(), .init(distance: 2, levels: 256), .init(distance: 6, levels: 9)] {
            let (found, expected) = (Haralick(mask, image: image, parameters: parameters)?.values(), plain(mask, image, parameters))
            #expect((found == nil) == (expected == nil))
            for (index, value) in (expected ?? []).enumerated() {
                #expect(agree(found?[index] ?? .nan, value, tiny: 1e-9), "\(mask.bounds) \(Haralick.columns[index].name): \(found?[index] ?? .nan), not \(value)")
            }
        }
    }
}

@Test func `one pixel has no texture, an even object has correlation 1 and no contrast`() throws {
    let even = Image<UInt8>(width: 3, height: 3, repeating: 77)
    #expect(Haralick(Mask("#"), image: even) == nil && Haralick(Mask("..."), image: even) == nil)
    #expect(Haralick(Mask("#.#"), image: even) == nil && Haralick(Mask("#.#"), image: even, parameters: .init(distance: 2)) != nil)
    let measures = try #require(Haralick(Mask.full(even.bounds), image: even))
    #expect(measures.values() == [0, 0, 1, 1, 1, 1, 9, 0, 0, 0])
}

@Test func `a line has the pairs along it only`() throws {
    let image = Image<UInt8>(width: 4, height: 1, pixels: [0, 8, 8, 255])
    let measures = try #require(Haralick(Mask("####"), image: image))
    // Steps 0, 1, 1, 31.
    #expect(agree(measures.contrast, (1.0 + 0 + 900) / 3) && agree(measures.dissimilarity, 31.0 / 3))
}

@Test func `texture does not depend on what surrounds the object`() {
    let (mask, image) = (TexturePictures.mask, TexturePictures.rough)
    let expected = Haralick(mask, image: image)
    let (crop, inCrop) = TexturePictures.cropped(image, mask)
    #expect(Haralick(inCrop, image: crop) == expected)
    for padding in [5, 50] {
        let (larger, moved) = TexturePictures.padded(image, mask, by: padding) { UInt8($0 % 251) }
        #expect(Haralick(moved, image: larger) == expected)
    }
}

@Test func `pixels of a mask outside the image have no texture`() {
    let image = TexturePictures.smooth
    let larger = Mask.full(Rect(x: -3, y: -3, width: 60, height: 60))
    #expect(Haralick(larger, image: image) == Haralick(Mask.full(image.bounds), image: image))
    #expect(Haralick(Mask("##").translated(x: 90, y: 0), image: image) == nil)
}

@Test func `definitions tell the parameters`() {
    let columns = Haralick.columns(.init(distance: 4, levels: 99))
    #expect(columns.map(\.name) == Haralick.columns.map(\.name))
    #expect(columns.allSatisfy { $0.definition.contains("distance 4 px") && $0.definition.contains("99 steps") })
}
