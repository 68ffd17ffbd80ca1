import Codecs
import Pyramid
import Raster
import Testing

private let layout = PyramidLayout(width: 3000, height: 2000, tileSize: 512)

/// A picture that changes slowly, so that JPEG keeps it well.
private func level(_ x: Double, _ y: Double) -> Double { 128 + 60 * abs((x / 97).truncatingRemainder(dividingBy: 2) - 1) - 40 * abs((y / 61).truncatingRemainder(dividingBy: 2) - 1) }

@Test func `a cut holds its object with a margin, at the level that is just fine enough`() throws {
    for (box, cell) in [
        (Rect(x: 100, y: 100, width: 20, height: 10), 96), (Rect(x: 0, y: 0, width: 90, height: 80), 96), (Rect(x: 2950, y: 1900, width: 50, height: 100), 48),
        (Rect(x: 10, y: 20, width: 2000, height: 300), 96), (Rect(x: 0, y: 0, width: 3000, height: 2000), 16), (Rect(x: 5, y: 5, width: 1, height: 1), 320),
        (Rect(x: 700, y: 0, width: 3, height: 2000), 64),
    ] {
        let cut = try #require(VignetteCut(box: box, layout: layout, cell: cell))
        #expect(cut.width >= 1 && cut.width <= cell && cut.height >= 1 && cut.height <= cell)
        let shift = layout.levels.count - 1 - cut.z
        #expect(Rect(x: 0, y: 0, width: layout.levels[cut.z].width, height: layout.levels[cut.z].height).contains(cut.part))
        #expect(cut.part.x << shift <= box.x && cut.part.maxX << shift >= min(3000, box.maxX) && cut.part.y << shift <= box.y && cut.part.maxY << shift >= min(2000, box.maxY))
        // Enlarged at most twice; never made from fewer pixels than it has, unless it is enlarged from the native level.
        #expect(Double(cut.width) <= 2 * (cut.right - cut.left) + 1)
        #expect(cut.z == layout.levels.count - 1 || Double(max(cut.width, cut.height)) <= max(cut.right - cut.left, cut.bottom - cut.top) + 1)
        #expect(cut.z == 0 || cut.right - cut.left < 2 * Double(cut.width) + 2 || cut.bottom - cut.top < 2 * Double(cut.height) + 2)
    }
    #expect(VignetteCut(box: Rect(x: 5000, y: 0, width: 10, height: 10), layout: layout, cell: 96) == nil)
    #expect(VignetteCut(box: Rect(x: 10, y: 0, width: 0, height: 10), layout: layout, cell: 96) == nil)
}

@Test(arguments: [1, 3])
func `pictures lie in the middle of their cells, scaled as by integrating the picture`(channels: Int) throws {
    let boxes = [
        Rect(x: 40, y: 60, width: 80, height: 50), Rect(x: 500, y: 300, width: 10, height: 30), Rect(x: 100, y: 100, width: 900, height: 700),
        Rect(x: 0, y: 0, width: 3000, height: 2000), Rect(x: 1500, y: 1000, width: 200, height: 150),
    ]
    let cell = 64
    let cuts = boxes.map { VignetteCut(box: $0, layout: layout, cell: cell)! }
    let pictures: [ContactSheet.Picture?] = cuts.map { cut in
        let unit = Double(1 << (layout.levels.count - 1 - cut.z))
        var pixels: [UInt8] = []
        for y in cut.part.y..<cut.part.maxY {
            for x in cut.part.x..<cut.part.maxX {
                let value = UInt8(level((Double(x) + 0.5) * unit, (Double(y) + 0.5) * unit))
                pixels += channels == 1 ? [value] : [value, value, value / 2]
            }
        }
        return ContactSheet.Picture(cut: cut, channels: channels, pixels: pixels)
    }
    let sheet = ContactSheet(count: 7, cell: cell, columns: 3, background: 0x00FF00)
    #expect(sheet.width == 192 && sheet.height == 192)
    let bytes = try sheet.encoded([pictures[0], nil, pictures[1], pictures[2], pictures[3], pictures[4], nil], quality: 98)
    // Scaled before, they make the same sheet.
    let fitted = pictures.map { $0?.fitted() }
    #expect(try sheet.encoded([fitted[0], nil, fitted[1], fitted[2], fitted[3], fitted[4], nil], quality: 98) == bytes)
    let decoded = try ImageFile.decode(bytes: bytes, name: "sheet")
    #expect(decoded.width == 192 && decoded.height == 192 && decoded.channels == channels)
    func value(_ x: Int, _ y: Int) -> Int {
        switch decoded {
        case .gray8(let image): Int(image[x, y])
        case .color8(let image): Int(image[x, y].blue)
        default: -1
        }
    }
    let ground = channels == 1 ? 150 : 0
    #expect(abs(value(96, 32) - ground) < 6 && abs(value(100, 160) - ground) < 6 && abs(value(180, 180) - ground) < 6)
    for (picture, place) in zip(cuts, [0, 2, 3, 4, 5]) {
        let unit = Double(1 << (layout.levels.count - 1 - picture.z))
        let (x0, y0) = (place % 3 * cell + (cell - picture.width) / 2, place / 3 * cell + (cell - picture.height) / 2)
        var worst = 0.0
        // JPEG mixes with the ground at the very border.
        for y in 3..<max(4, picture.height - 3) {
            for x in 3..<max(4, picture.width - 3) {
                // Mean over the area that the pixel stands for, by 8 × 8 samples.
                let (w, h) = ((picture.right - picture.left) * unit / Double(picture.width), (picture.bottom - picture.top) * unit / Double(picture.height))
                let (left, top) = ((Double(picture.part.x) + picture.left) * unit + Double(x) * w, (Double(picture.part.y) + picture.top) * unit + Double(y) * h)
                var mean = 0.0
                for v in 0..<8 { for u in 0..<8 { mean += level(left + (Double(u) + 0.5) / 8 * w, top + (Double(v) + 0.5) / 8 * h) / 64 } }
                // Where the slopes meet, one pixel of a level mixes both; a slope is less than 1 per image pixel.
                worst = max(worst, abs(Double(value(x0 + x, y0 + y)) - mean) - 2.2 * max(unit, w))
            }
        }
        #expect(worst < 8, "cell \(place): \(worst)")
    }
}
