import Foundation
import Operations
import Raster
import Testing

/// Picture of a field with objects inside a rim.
private struct Scene {
    var width = 900
    var height = 700
    var ground = 215.0
    var rim = 30.0
    var noise = 4.0
    var objects = 40
    var falloff = 0.0
    var inside: (Double, Double) -> Bool

    func image(seed: UInt64 = 5) -> Image<UInt8> {
        var random = Random(seed: seed)
        var pixels = [Double](repeating: rim, count: width * height)
        for y in 0..<height { for x in 0..<width where inside(Double(x), Double(y)) { pixels[y * width + x] = ground } }
        for _ in 0..<objects {
            let (cx, cy, r) = (Int.random(in: 0..<width, using: &random), Int.random(in: 0..<height, using: &random), Int.random(in: 3...22, using: &random))
            for y in max(0, cy - r)..<min(height, cy + r + 1) {
                for x in max(0, cx - r)..<min(width, cx + r + 1) where (x - cx) * (x - cx) + (y - cy) * (y - cy) <= r * r && inside(Double(x), Double(y)) {
                    pixels[y * width + x] = 70
                }
            }
        }
        let shaded = pixels.enumerated().map { index, value in
            let (u, v) = (Double(index % width) / Double(width) * 2 - 1, Double(index / width) / Double(height) * 2 - 1)
            return value * (1 - falloff * (u * u + v * v) / 2) + Double.random(in: -1...1, using: &random) * noise
        }
        return Image(width: width, height: height, pixels: shaded.map { UInt8(min(255, max(0, $0.rounded()))) })
    }

    /// The true inside.
    var mask: Mask {
        var runs: [Run] = []
        for y in 0..<height { for x in 0..<width where inside(Double(x), Double(y)) { runs.append(Run(y: y, first: x, last: x)) } }
        return Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs)
    }
}

private func overlap(_ a: Mask, _ b: Mask) -> Double {
    let common = a.intersection(b).area
    return Double(common) / Double(a.area + b.area - common)
}

private func inBox(_ x: Double, _ y: Double, _ width: Double, _ height: Double) -> (Double, Double) -> Bool {
    { $0 >= x && $0 < x + width && $1 >= y && $1 < y + height }
}

private func disc(_ cx: Double, _ cy: Double, _ radius: Double) -> (Double, Double) -> Bool {
    { ($0 - cx) * ($0 - cx) + ($1 - cy) * ($1 - cy) <= radius * radius }
}

@Test(arguments: [30.0, 120, 250])
func `the inside of a tray is found to a pixel, in a dark and in a bright rim`(rim: Double) throws {
    let scene = Scene(ground: rim > 200 ? 160 : 215, rim: rim, inside: inBox(61, 47, 770, 590))
    let found = try #require(scene.image().foundFrame())
    #expect(found.shape == .rectangle && found.isRimDark == (rim < 200))
    let box = found.mask(in: Rect(x: 0, y: 0, width: 900, height: 700)).boundingBox
    let (left, top, right, bottom) = (abs(box.x - 61), abs(box.y - 47), abs(box.maxX - 831), abs(box.maxY - 637))
    #expect(max(left, top, right, bottom) <= 1, "\(box)")
}

@Test func `a rim on some sides only is a limit on these`() throws {
    let scene = Scene(inside: inBox(80, 0, 820, 640))
    let found = try #require(scene.image().foundFrame())
    let box = found.mask(in: Rect(x: 0, y: 0, width: 900, height: 700)).boundingBox
    #expect(found.shape == .rectangle)
    #expect(abs(box.x - 80) <= 1 && box.y == 0 && box.maxX == 900 && abs(box.maxY - 640) <= 1, "\(box)")
}

@Test(arguments: [(450.0, 350.0, 320.0), (450, 350, 420), (380, 300, 360)])
func `a round field is found, also where the image cuts it`(cx: Double, cy: Double, radius: Double) throws {
    let scene = Scene(falloff: 0.15, inside: disc(cx, cy, radius))
    let found = try #require(scene.image().foundFrame())
    #expect(found.shape == .circle && found.isRimDark)
    #expect(overlap(found.mask(in: scene.mask.bounds), scene.mask) > 0.99, "\(overlap(found.mask(in: scene.mask.bounds), scene.mask))")
}

@Test func `a tilted tray is found by its outline`() throws {
    let (c, s) = (cos(0.12), sin(0.12))
    let scene = Scene { x, y in
        let (u, v) = ((x - 450) * c + (y - 350) * s, -(x - 450) * s + (y - 350) * c)
        return abs(u) < 340 && abs(v) < 250
    }
    let found = try #require(scene.image().foundFrame())
    #expect(found.shape == .outline)
    #expect(overlap(found.mask(in: scene.mask.bounds), scene.mask) > 0.97, "\(overlap(found.mask(in: scene.mask.bounds), scene.mask))")
}

@Test func `objects that touch the rim do not dent it`() throws {
    let body = inBox(61, 47, 770, 590)
    let scene = Scene(objects: 160) { x, y in body(x, y) && !disc(61, 300, 60)(x, y) && !disc(500, 637, 45)(x, y) && !inBox(700, 47, 30, 140)(x, y) }
    let found = try #require(scene.image().foundFrame())
    #expect(found.shape == .rectangle)
    let box = found.mask(in: Rect(x: 0, y: 0, width: 900, height: 700)).boundingBox
    #expect(abs(box.x - 61) <= 1 && abs(box.y - 47) <= 1 && abs(box.maxX - 831) <= 1 && abs(box.maxY - 637) <= 1, "\(box)")
}

@Test func `a margin keeps off the rim, not off the edges of the image`() throws {
    let found = try #require(Scene(noise: 0, objects: 0, inside: inBox(80, 0, 820, 640)).image().foundFrame())
    let bounds = Rect(x: 0, y: 0, width: 900, height: 700)
    let (close, kept) = (found.mask(in: bounds).boundingBox, found.mask(in: bounds, margin: 10).boundingBox)
    #expect(kept == Rect(minX: close.x + 10, minY: 0, maxX: 900, maxY: close.maxY - 10))
}

@Test func `without a rim nothing is found`() {
    let everywhere: (Double, Double) -> Bool = { _, _ in true }
    #expect(Scene(inside: everywhere).image().foundFrame() == nil)
    // A lamp's falloff is dark at the edge, but steps nowhere.
    #expect(Scene(falloff: 0.6, inside: everywhere).image().foundFrame() == nil)
    #expect(Scene(objects: 1500, inside: everywhere).image().foundFrame() == nil)
    // One large object at the edge is no rim.
    #expect(Scene(inside: { x, y in !disc(0, 350, 300)(x, y) }).image().foundFrame() == nil)
    for side in [0, 1, 2, 31, 64] {
        #expect(Image<UInt8>(width: side, height: side, repeating: 0).foundFrame() == nil)
        #expect(Image<UInt8>(width: side, height: side, repeating: 255).foundFrame() == nil)
    }
}

/// The rectangle whose inner and outer border pixels differ most, of all there are: slow, without any of the steps of the fast one.
@Test func `small trays are where trying all rectangles finds them`() throws {
    var random = Random(seed: 11)
    for _ in 0..<6 {
        let (x, y) = (Double.random(in: 4...12, using: &random).rounded(), Double.random(in: 4...12, using: &random).rounded())
        let scene = Scene(width: 56, height: 48, noise: 8, objects: 0, inside: inBox(x, y, 34, 26))
        let image = scene.image(seed: random.next())
        func value(_ x: Int, _ y: Int) -> Double { image.bounds.contains(x: x, y: y) ? Double(image[x, y]) : 0 }
        var (best, bestStep) = (Rect(x: 0, y: 0, width: 0, height: 0), -1.0)
        for left in 2..<20 {
            for top in 2..<20 {
                for right in 36..<54 {
                    for bottom in 28..<46 {
                        var step = 0.0
                        for x in left..<right { step += value(x, top) - value(x, top - 1) + value(x, bottom - 1) - value(x, bottom) }
                        for y in top..<bottom { step += value(left, y) - value(left - 1, y) + value(right - 1, y) - value(right, y) }
                        if step > bestStep { (best, bestStep) = (Rect(minX: left, minY: top, maxX: right, maxY: bottom), step) }
                    }
                }
            }
        }
        let found = try #require(image.foundFrame())
        let box = found.mask(in: image.bounds).boundingBox
        #expect(abs(box.x - best.x) <= 1 && abs(box.y - best.y) <= 1 && abs(box.maxX - best.maxX) <= 1 && abs(box.maxY - best.maxY) <= 1, "\(box), not \(best)")
    }
}

@Suite(.enabled(if: SharedData.isPresent, "the reference data are not here"))
struct FrameFindingOfRealImagesTests {
    @Test(arguments: [
        "plankton-scan/ScanCol24.2000-05-05.p72+A.jpg", "diatoms/DiatomaceousEarth-10x-01.jpg", "diatoms/DiatomaceousEarth-10x-04.jpg",
        "diatoms/DiatomaceousEarth-40x-03.jpg", "diatoms/DiatomaceousEarth-40x-08.jpg", "diatoms/DiatomaceousEarth-100x-20.jpg", "drawn-vignetted/test_image_2.jpg",
    ])
    func `a real picture without a rim is left whole`(path: String) throws {
        #expect(try gray(path).foundFrame() == nil)
    }

    @Test(arguments: ["plankton-scan/ScanCol24.2000-05-05.p72+A.jpg", "diatoms/DiatomaceousEarth-10x-01.jpg", "diatoms/DiatomaceousEarth-40x-03.jpg"], [true, false])
    func `a real picture laid into a tray or under a round diaphragm is found there`(path: String, isRound: Bool) throws {
        let picture = try gray(path)
        let (width, height) = (picture.width, picture.height)
        var random = Random(seed: 3)
        let inside: (Double, Double) -> Bool =
            isRound ? disc(Double(width) / 2, Double(height) / 2, Double(min(width, height)) * 0.47) : inBox(150, 90, Double(width) - 290, Double(height) - 230)
        let scene = Scene(width: width, height: height, inside: inside)
        var framed = picture
        for y in 0..<height { for x in 0..<width where !inside(Double(x), Double(y)) { framed[x, y] = UInt8.random(in: 12...24, using: &random) } }
        let found = try #require(framed.foundFrame())
        #expect(found.shape == (isRound ? .circle : .rectangle))
        #expect(overlap(found.mask(in: framed.bounds), scene.mask) > 0.99, "\(overlap(found.mask(in: framed.bounds), scene.mask))")
    }

    private func gray(_ path: String) throws -> Image<UInt8> {
        switch try SharedData.image(path) {
        case .gray8(let image): return image
        case .color8(let image): return image.gray()
        default: throw OperationError.emptyImage(operation: "8-bit picture expected")
        }
    }
}
