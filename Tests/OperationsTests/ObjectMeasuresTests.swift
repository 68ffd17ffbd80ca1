import Operations
import Raster
import Testing

@Test func `measuring all at once equals measuring one by one`() throws {
    for (mask, image, limit) in drawnObjects(seed: 9) {
        let all = try #require(ObjectMeasures(mask, image: image, limit: limit, pixelSize: 12))
        #expect(all.shape == ShapeMeasures(mask))
        #expect(all.gray == GrayMeasures(mask, image: image))
        #expect(all.zooProcess == ZooProcessMeasures(mask, image: image, limit: limit, pixelSize: 12))
    }
}

@Test func `an object partly outside the image has its whole shape and the gray levels inside`() throws {
    let image = Image<UInt8>(width: 5, height: 5, repeating: 7)
    let measures = try #require(ObjectMeasures(Mask.full(Rect(x: 0, y: 0, width: 9, height: 3)), image: image, limit: 20))
    #expect(measures.shape.area == 27 && measures.gray?.count == 15 && measures.zooProcess?.area == 15)
    let outside = try #require(ObjectMeasures(Mask("##").translated(x: 50, y: 0), image: image, limit: 20))
    #expect(outside.gray == nil && outside.zooProcess == nil)
    #expect(ObjectMeasures(Mask(".."), image: image, limit: 20) == nil)
}

@Test func `the crop around an object changes nothing but its place`() throws {
    let positional: Set = ["x", "y", "xm", "ym", "bx", "by", "xstart", "ystart", "bbox_min_x", "bbox_min_y", "bbox_max_x", "bbox_max_y", "centroid_x", "centroid_y", "centroid_weighted_x", "centroid_weighted_y"]
    for (mask, image, limit) in drawnObjects(seed: 3) {
        let box = mask.boundingBox
        let content = image.cropped(to: box)
        let color = content.mapped { BGR(blue: $0, green: 255 - $0, red: $0 / 2) }
        var first: [Double?] = []
        for padding in [0, 5, 50] {
            let moved = Mask(
                bounds: Rect(x: 0, y: 0, width: box.width + 2 * padding, height: box.height + 2 * padding),
                sortedRuns: mask.translated(x: padding - box.x, y: padding - box.y).runs)
            let crop = padded(content, by: padding, with: 3)
            let all = try #require(ObjectMeasures(moved, image: crop, limit: limit, pixelSize: 12))
            let (gray, zooProcess) = (try #require(all.gray), try #require(all.zooProcess))
            let colors = try #require(ColorMeasures(moved, image: padded(color, by: padding, with: BGR(blue: 9, green: 0, red: 250))))
            let groups: [([MeasureColumn], [Double?])] = [
                (ShapeMeasures.columns, all.shape.values(pixelSize: 12)), (MomentMeasures.columns, MomentMeasures(all.shape.moments).values()),
                (GrayMeasures.columns, gray.values()), (ColorMeasures.columns, colors.values()), (ZooProcessMeasures.columns, zooProcess.values()),
            ]
            var kept: [(String, Double?)] = []
            for (columns, values) in groups {
                for (column, value) in zip(columns, values) where !positional.contains(column.name) { kept.append((column.name, value)) }
            }
            if padding == 0 { first = kept.map { $0.1 } }
            for ((name, value), expected) in zip(kept, first) {
                // Distances of centroids carry the rounding of the places themselves.
                let same = value == expected || (["centroids", "cdexc"].contains(name) && agree(value ?? -1, expected ?? -1, tiny: 1e-12))
                #expect(same, "\(name) in \(box), \(padding): \(value ?? .nan), not \(expected ?? .nan)")
            }
        }
    }
}

private func padded<Pixel>(_ image: Image<Pixel>, by margin: Int, with pixel: Pixel) -> Image<Pixel> {
    var result = Image(width: image.width + 2 * margin, height: image.height + 2 * margin, repeating: pixel)
    for y in 0..<image.height { for x in 0..<image.width { result[x + margin, y + margin] = image[x, y] } }
    return result
}
