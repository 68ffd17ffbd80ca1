import Operations
import Raster
import Testing

@Test func `symmetry and thickness equal turning and comparing one pixel at a time`() throws {
    for (mask, image, limit) in drawnObjects() {
        let plain = ZooProcessPlain(mask, image: image, limit: limit)
        let expected = ZooProcessPlain.symmetry(plain.dark, filled: plain.filled, step: 4)
        let found = try #require(ZooProcessMeasures(mask, image: image, limit: limit, pixelSize: 25))
        // A gray level on the border between two may be rounded either way.
        let pixel = 4 / Double(found.area)
        #expect(agree(found.symmetryHorizontal ?? -1, expected.0, relative: 0, tiny: pixel), "\(found.box) \(found.symmetryHorizontal) \(expected.0)")
        #expect(agree(found.symmetryVertical ?? -1, expected.1, relative: 0, tiny: pixel), "\(found.box)")
        #expect((found.thicknessRatio == nil) == (expected.2 == nil), "\(found.box)")
        #expect(agree(found.thicknessRatio ?? 0, expected.2 ?? 0), "\(found.box)")
    }
}

@Test func `the dark part is the largest one, holes filled, at the third level`() throws {
    for (mask, image, limit) in drawnObjects() {
        let found = try #require(ZooProcessMeasures(mask, image: image, limit: limit))
        let plain = ZooProcessPlain(mask, image: image, limit: limit)
        let levels = plain.dark.pixels.indices.filter { plain.dark.pixels[$0] }.map { plain.gray[$0 / plain.width][$0 % plain.width] }.filter { $0 < 255 }
        guard let level = levels.filter({ $0 >= found.cumulated[2] }).min() else {
            #expect(found.symmetryHorizontalDark == nil)
            continue
        }
        let picked = plain.dark.map { x, y in plain.dark[x, y] && plain.gray[y][x] <= level }
        let (labels, count) = picked.filled(.four).labels(.eight)
        let areas = (1...count).map { label in labels.count { $0 == label } }
        let label = areas.firstIndex(of: areas.max()!)! + 1
        let whole = picked.map { x, y in labels[y * plain.width + x] == label }
        let box = whole.mask.boundingBox
        func cut(_ mask: PlainMask) -> PlainMask {
            PlainMask(width: box.width, height: box.height).map { x, y in whole[x + box.x, y + box.y] && mask[x + box.x, y + box.y] }
        }
        let expected = ZooProcessPlain.symmetry(cut(picked), filled: cut(whole), step: 4)
        let pixel = 4 / Double(areas[label - 1])
        #expect(agree(found.symmetryHorizontalDark ?? -1, expected.0, relative: 0, tiny: pixel), "\(found.box)")
        #expect(agree(found.symmetryVerticalDark ?? -1, expected.1, relative: 0, tiny: pixel), "\(found.box)")
    }
}

@Test func `an object too long to be turned has no symmetry`() throws {
    let image = Image<UInt8>(width: 10_001, height: 3, repeating: 50)
    let long = try #require(ZooProcessMeasures(Mask.full(image.bounds), image: image, limit: 200, pixelSize: 20))
    #expect(long.symmetryHorizontal == nil && long.symmetryVerticalDark == nil && long.thicknessRatio == nil)
    #expect(long.values().allSatisfy { $0?.isFinite ?? true } && long.values(legacyIntegers: true).allSatisfy { $0?.isFinite ?? true })
}
