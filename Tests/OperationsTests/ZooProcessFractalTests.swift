import Operations
import Raster
import Testing

@Test func `the fractal dimension equals that of distances from every pixel to every other`() throws {
    for (mask, image, limit) in drawnObjects() where mask.boundingBox.area < 900 {
        for limit in [limit, 255] {
            let found = try #require(ZooProcessMeasures(mask, image: image, limit: limit)).fractal
            let expected = ZooProcessPlain(mask, image: image, limit: limit).fractal()
            #expect((found == nil) == (expected == nil) && agree(found ?? 0, expected ?? 0), "\(mask.boundingBox)")
        }
    }
}

@Test func `areas from ends of rows are those from distances, also where the frame cuts them`() {
    for (mask, image, _) in drawnObjects() {
        guard let outline = ObjectOutline(mask), outline.isRowConvex, outline.parts == 1 else { continue }
        let areas = ZooProcessPixels.with(mask, box: outline.box, image: image, limit: 255, hasBright: false) { pixels in
            [true, false].map { byRows in
                withUnsafeTemporaryAllocation(of: Int.self, capacity: ZooProcessFractal.radii.count) { areas in
                    if byRows { pixels.areasByRows(outline.rows, areas) } else { pixels.areasByDistances(areas) }
                    return Array(areas)
                }
            }
        }
        #expect(areas[0] == areas[1], "\(outline.box)")
    }
}

@Test func `distances taken in bands of rows are those of the whole`() throws {
    // So wide that its window has more rows than a band.
    let image = Image<UInt8>(width: 7000, height: 600, repeating: 9)
    let mask = Mask(bounds: image.bounds, sortedRuns: (0..<600).map { Run(y: $0, first: $0 * 7 % 40, last: 6999 - $0 * 5 % 30) })
    let outline = try #require(ObjectOutline(mask))
    let areas = ZooProcessPixels.with(mask, box: outline.box, image: image, limit: 255, hasBright: false) { pixels in
        [true, false].map { byRows in
            withUnsafeTemporaryAllocation(of: Int.self, capacity: ZooProcessFractal.radii.count) { areas in
                if byRows { pixels.areasByRows(outline.rows, areas) } else { pixels.areasByDistances(areas) }
                return Array(areas)
            }
        }
    }
    #expect(areas[0] == areas[1])
}

@Test func `radii are the distinct ones of ZooProcess`() {
    #expect(ZooProcessFractal.radii == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 26, 28, 31, 34, 37, 41, 45])
}
