import Demo
import Operations
import Raster

/// Colour, focus, texture and moments of disks of 805 pixels in a drawn scene, and of the scene's own objects.
func textureBenchmarks(_ benchmark: Benchmark) {
    let scene = DemoScene(frame: 0, width: 2592, height: 1944)
    let (color, gray) = (scene.image, scene.image.gray())
    let wide = gray.mapped { UInt16($0) << 8 | UInt16($0) }
    let histogram = gray.histogram()
    let objects = gray.mask(darkerThanOrEqual: UInt8(clamping: histogram.otsuLevel() ?? 128)).components(connectivity: .eight).filter { $0.area >= 200 }
    let radius = 16
    let rows = (-radius...radius).map { y in (y, Int(Double(radius * radius - y * y + radius / 8).squareRoot())) }
    let disks = (0..<50).map { disk in
        let (x, y) = (200 + disk % 10 * 230, 200 + disk / 10 * 350)
        return Mask(tightSortedRuns: rows.map { Run(y: y + $0.0, first: x - $0.1, last: x + $0.1) })
    }
    for (name, masks) in [("disks of \(disks[0].area) px", disks), ("scene's objects", objects)] {
        // Ten times over, so that a run takes longer than the clock's step.
        func run(_ measure: String, _ body: (Mask) -> Void) {
            benchmark.run("\(measure), \(name)", items: Double(10 * masks.count), per: 1, unit: "objects", repeats: 9) {
                for _ in 0..<10 { for mask in masks { body(mask) } }
            }
        }
        run("texture: Haralick") { _ = Haralick($0, image: gray) }
        run("texture: Haralick 16 bit") { _ = Haralick($0, image: wide) }
        run("texture: local binary patterns") { _ = LocalBinaryPatterns($0, image: gray) }
        run("focus") { _ = FocusMeasures($0, image: gray) }
        run("colour") { _ = ColorMeasures($0, image: color) }
        run("weighted moments") { _ = WeightedMoments($0, image: gray) }
        run("gray quantiles") { _ = GrayQuantiles($0, image: gray) }
        run("moments") { _ = MomentMeasures($0) }
    }
    benchmark.run("texture: patterns of 5 MP", items: Double(gray.width * gray.height), per: 1e6, unit: "MP") { _ = gray.localBinaryPatterns() }
}
