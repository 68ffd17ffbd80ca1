import Operations
import Raster
import Testing

/// Of scikit-image's local_binary_pattern(picture, 8, 1): pixels by uniform pattern of the whole picture and of all but its edge,
/// then the sums of pattern · (index mod 997 + 1), uniform and default.
private let references: [(picture: String, all: [Int], inner: [Int], uniform: Int, default: Int)] = [
    ("rough", [215, 113, 7, 7, 145, 80, 10, 116, 171, 209], [184, 95, 1, 0, 130, 70, 3, 108, 169, 185], 2_522_810, 65_223_746),
    ("smooth", [31, 44, 32, 33, 830, 0, 2, 17, 27, 57], [26, 20, 0, 0, 802, 0, 0, 17, 27, 53], 2_106_863, 90_879_308),
    ("wide", [31, 44, 32, 33, 830, 0, 2, 17, 27, 57], [26, 20, 0, 0, 802, 0, 0, 17, 27, 53], 2_106_863, 90_879_308),
]

@Test func `patterns of every pixel, the edge too, equal scikit-image's`() {
    for (picture, all, inner, uniform, standard) in references {
        let (narrow, wide) = (picture == "rough" ? TexturePictures.rough : TexturePictures.smooth, TexturePictures.wide)
        func patterns(_ method: LocalBinaryPatterns.Method) -> [Int] {
            let image = picture == "wide" ? wide.localBinaryPatterns(method) : narrow.localBinaryPatterns(method)
            return image.withBuffer { $0.map(Int.init) }
        }
        func checksum(_ patterns: [Int]) -> Int { patterns.enumerated().reduce(0) { $0 + $1.element * ($1.offset % 997 + 1) } }
        #expect((0..<10).map { pattern in patterns(.uniform).count { $0 == pattern } } == all, "\(picture)")
        #expect(checksum(patterns(.uniform)) == uniform && checksum(patterns(.default)) == standard, "\(picture)")
        let whole = Mask.full(narrow.bounds)
        let measures = picture == "wide" ? LocalBinaryPatterns(whole, image: wide) : LocalBinaryPatterns(whole, image: narrow)
        #expect(measures?.counts == inner, "\(picture)")
    }
}

@Test func `pixels are counted whose eight neighbours are under the mask`() throws {
    var random = Random(seed: 9)
    for mask in drawnMasks(seed: 4) + [TexturePictures.mask] {
        let (width, height) = (max(1, mask.bounds.maxX), max(1, mask.bounds.maxY))
        let image = Image<UInt8>(width: width, height: height, pixels: (0..<(width * height)).map { _ in UInt8.random(in: 7...9, using: &random) })
        let patterns = image.localBinaryPatterns()
        var counts = [Int](repeating: 0, count: 10)
        for y in 0..<height {
            for x in 0..<width where (-1...1).allSatisfy({ dy in (-1...1).allSatisfy { dx in mask.contains(x: x + dx, y: y + dy) } }) {
                counts[Int(patterns[x, y])] += 1
            }
        }
        let measures = LocalBinaryPatterns(mask, image: image)
        #expect((measures?.counts ?? Array(repeating: 0, count: 10)) == counts)
        if let measures { #expect(agree(measures.values().reduce(0) { $0 + ($1 ?? .nan) }, 1)) }
    }
}

@Test func `points as bright as the pixel are not darker, wherever they lie`() {
    let image = Image<UInt16>(width: 700, height: 3, repeating: 40_003)
    #expect(LocalBinaryPatterns(Mask.full(image.bounds), image: image)?.counts == [0, 0, 0, 0, 0, 0, 0, 0, 698, 0])
    // On the diagonals exactly the pixel's own level lies between a darker and a brighter neighbour.
    let slope = Image<UInt8>(width: 3, height: 3, pixels: [9, 10, 9, 8, 9, 8, 9, 10, 9])
    #expect(slope.localBinaryPatterns(.default)[1, 1] == 0b1110_1110)
}

@Test func `objects without an inner pixel have no patterns`() {
    let image = TexturePictures.rough
    for mask in [Mask("#"), Mask("##", "##"), Mask("########"), Mask("###", "#.#", "###"), Mask("..")] {
        #expect(LocalBinaryPatterns(mask, image: image) == nil)
    }
    #expect(LocalBinaryPatterns(Mask("###", "###", "###"), image: image)?.counts.reduce(0, +) == 1)
    #expect(LocalBinaryPatterns(Mask("###", "###", "###").translated(x: 36, y: 0), image: image) == nil)
    #expect(Image<UInt8>(width: 0, height: 0, repeating: 0).localBinaryPatterns().isEmpty)
    #expect(Image<UInt8>(width: 1, height: 1, repeating: 5).localBinaryPatterns()[0, 0] == 0)
}

@Test func `patterns do not depend on what surrounds the object`() {
    let (mask, image) = (TexturePictures.mask, TexturePictures.rough)
    let expected = LocalBinaryPatterns(mask, image: image)
    let (crop, inCrop) = TexturePictures.cropped(image, mask)
    #expect(LocalBinaryPatterns(inCrop, image: crop) == expected)
    for padding in [5, 50] {
        let (larger, moved) = TexturePictures.padded(image, mask, by: padding) { UInt8($0 % 251) }
        #expect(LocalBinaryPatterns(moved, image: larger) == expected)
    }
}
