import Foundation
import Operations
import Raster

/// Measures of about 9,900 ellipses of 814 pixels on average, one in each cell of a grid over 40 megapixels, on a gray ground with noise:
/// the scene on which scikit-image's `regionprops_table` with 19 properties is measured.
func measureBenchmarks(_ benchmark: Benchmark) {
    let scene = EllipseScene.standard
    let objects = scene.objects
    let number = Double(objects.count)
    let (gray, limit) = (scene.gray, UInt8(243))
    func run(_ name: String, _ body: (Mask) -> Void) {
        benchmark.run("\(name), \(objects.count) objects", items: number, per: 1, unit: "objects") { for object in objects { body(object) } }
    }
    run("shape") { _ = ShapeMeasures($0) }
    run("shape and moments") { _ = ShapeMeasures($0).map { MomentMeasures($0.moments).values() } }
    run("gray levels") { _ = GrayMeasures($0, image: gray) }
    run("ZooProcess") { _ = ZooProcessMeasures($0, image: gray, limit: limit, pixelSize: 10.6) }
    run("shape, gray levels, ZooProcess at once") { _ = ObjectMeasures($0, image: gray, limit: limit, pixelSize: 10.6) }
    run("the same with rows of values") { object in
        guard let all = ObjectMeasures(object, image: gray, limit: limit, pixelSize: 10.6) else { return }
        _ = (all.shape.values(pixelSize: 10.6), all.gray?.values(), all.zooProcess?.values())
    }
}
