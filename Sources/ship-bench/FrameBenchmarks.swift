import Codecs
import Demo
import Foundation
import Operations
import Pyramid
import Raster

/// What happens to one frame of 5 megapixels on its way: decoding, correction, objects, pyramid, tiles.
func frameBenchmarks(_ benchmark: Benchmark) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "ship-bench-\(getpid())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }

    let (width, height) = (2592, 1944)
    let pixels = Double(width * height)
    let scene = DemoScene(frame: 0, width: width, height: height)
    let frame = AnyImage.color8(scene.image)
    let gray = scene.image.gray()
    let jpeg = try JPEGWriter.encode(frame, quality: 90)
    let png = try PNGWriter.encode(.gray8(gray))

    try benchmark.run("decode JPEG 5 MP colour", items: pixels, per: 1e6, unit: "MP") { _ = try ImageFile.decode(bytes: jpeg, name: "bench.jpg") }
    try benchmark.run("decode PNG 5 MP gray", items: pixels, per: 1e6, unit: "MP") { _ = try ImageFile.decode(bytes: png, name: "bench.png") }
    benchmark.run("vignetting 5 MP gray, estimate and divide", items: pixels, per: 1e6, unit: "MP") { _ = VignettingCorrection(estimating: gray).apply(to: gray) }

    let level = try gray.otsuLevel()
    let mask = gray.mask(darkerThanOrEqual: level)
    try benchmark.run("gray, Otsu, label 5 MP", items: pixels, per: 1e6, unit: "MP") {
        let gray = scene.image.gray()
        _ = gray.mask(darkerThanOrEqual: try gray.otsuLevel()).components(connectivity: .eight)
    }

    let objects = mask.components(connectivity: .eight).filter { $0.area >= 200 }

    let source = folder.appending(path: "frame.jpg").path
    try Data(jpeg).write(to: URL(filePath: source))
    let target = folder.appending(path: "frame.tif").path
    try benchmark.run("pyramid of a 5 MP JPEG", items: pixels, per: 1e6, unit: "MP") { try PyramidImage(path: source).write(to: target) }
    try benchmark.run("pyramid of a 5 MP JPEG, pixels encoded anew", items: pixels, per: 1e6, unit: "MP") {
        try PyramidImage(path: source).write(to: target, isLossless: false)
    }
    let deep = AnyImage.gray16(gray.mapped { UInt16($0) * 200 })
    let deepSource = folder.appending(path: "frame16.tif").path
    try Data(try TIFFWriter.encode(deep, compression: .none)).write(to: URL(filePath: deepSource))
    try benchmark.run("pyramid of a 5 MP 16-bit TIFF", items: pixels, per: 1e6, unit: "MP") { try PyramidImage(path: deepSource).write(to: target) }
    try PyramidImage(path: source).write(to: target)
    let pyramid = try PyramidFile(path: target)
    let last = pyramid.levels - 1
    try benchmark.run("read 1,000 tiles", items: 1000, per: 1, unit: "tiles") {
        for number in 0..<1000 { _ = try pyramid.tile(z: last, x: number % 5, y: number % 3) }
    }

    let big = objects.max { $0.area < $1.area } ?? mask
    benchmark.run("1-bit PNG of the largest object, 1,000 times", items: 1000, per: 1, unit: "masks") {
        for _ in 0..<1000 { _ = MaskPNG.encode(big) }
    }
    benchmark.run("1-bit PNG of a whole 5 MP mask", items: pixels, per: 1e6, unit: "MP", repeats: 9) { _ = MaskPNG.encode(mask) }
    let layout = PyramidLayout(width: width, height: height, tileSize: 512)
    benchmark.run("overlay tile of the whole frame", items: 1, per: 1, unit: "tiles", repeats: 9) {
        _ = OverlayTile.png(objects, layout: layout, z: 0, x: 0, y: 0, style: .outline(width: 1), color: 0x0072B2)
    }
}
