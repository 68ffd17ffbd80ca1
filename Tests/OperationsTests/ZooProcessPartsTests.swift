import Operations
import Raster
import Testing

@Test func `dark parts are those of eroding, filling and labelling one pixel at a time`() throws {
    var all = 0
    for (mask, image, limit) in drawnObjects() {
        let found = try #require(ZooProcessMeasures(mask, image: image, limit: limit))
        let plain = ZooProcessPlain(mask, image: image, limit: limit)
        #expect(found.parts == found.cumulated.prefix(2).map(plain.parts))
        all += found.parts[0] + found.parts[1]
    }
    #expect(all > 0)
}

@Test func `holes of any form are filled on words`() {
    for mask in drawnMasks(seed: 8) where !mask.isEmpty {
        let box = mask.boundingBox
        let runs = ZooProcessPixels.with(mask, box: box, image: Image(width: 300, height: 300, repeating: 9), limit: 200, hasBright: false) { pixels in
            _ = pixels.fillHoles(pixels.dark, scratch: pixels.work.0)
            return pixels.runs(of: pixels.dark) { $0.map { Run(y: $0.y + Int32(box.y) - 1, first: $0.first + Int32(box.x) - 1, last: $0.last + Int32(box.x) - 1) } }
        }
        #expect(runs == mask.filledHoles(background: .four).runs)
    }
}
