import Foundation
import Operations
import Raster

/// Operations on masks. Rates are pixels of the whole frame, as for peers, although the work is in the objects' boxes alone.
/// - Parameters:
///   - sparse: few objects on empty ground, about 2.6 % foreground.
///   - dense: a raw threshold, about a third foreground.
func morphologyBenchmarks(_ benchmark: Benchmark, sparse: Mask, dense: Mask) {
    for (scene, mask) in [("sparse", sparse), ("dense", dense)] {
        let pixels = Double(mask.bounds.area)
        func run(_ name: String, repeats: Int = 5, _ body: () -> Void) {
            benchmark.run("\(name), \(scene)", items: pixels, per: 1e6, unit: "MP", repeats: repeats, body)
        }
        run("fill holes") { _ = mask.filledHoles() }
        run("remove below 50 px") { _ = mask.removingSmall(below: 50) }
        run("outer contours") { _ = mask.outerContours() }
        run("contours with nesting") { _ = mask.contourTree() }
        run("polygons") { _ = mask.polygons() }
        run("distance, objects' boxes") { for object in mask.components() { _ = object.squaredDistances() } }
        for radius in [2, 10, 100] {
            run("dilate by a disk of radius \(radius)", repeats: 3) { _ = mask.dilated(.disk(radius: radius)) }
            run("open by a disk of radius \(radius)", repeats: 3) { _ = mask.opened(.disk(radius: radius)) }
            run("dilate by a rectangle of \(2 * radius + 1)", repeats: 3) { _ = mask.dilated(.rectangle(x: radius, y: radius)) }
        }
        run("erode by a rectangle of 21", repeats: 3) { _ = mask.eroded(.rectangle(x: 10, y: 10)) }
        run("skeleton", repeats: 3) { _ = mask.skeleton() }
    }
    let markers = sparse.removingSmall(below: 2000).components()
    benchmark.run("Voronoi of \(markers.count) masks, whole frame", items: Double(sparse.bounds.area), per: 1e6, unit: "MP", repeats: 3) {
        _ = LabelImage.voronoi(sparse.bounds, seeds: markers)
    }
    nearestSplitBenchmark(benchmark, sparse)
    watershedBenchmark(benchmark, sparse)
    grayMorphologyBenchmark(benchmark, sparse)
}

/// Gray picture of the distances, a sixteenth of the frame.
private func grayMorphologyBenchmark(_ benchmark: Benchmark, _ mask: Mask) {
    let part = mask.clipped(to: Rect(x: 0, y: 0, width: mask.bounds.width / 4, height: mask.bounds.height / 4))
    let gray = part.squaredDistancesOutside(in: part.bounds).withBuffer { distances in
        Image(width: part.bounds.width, height: part.bounds.height, pixels: distances.map { UInt8(truncatingIfNeeded: $0 / 8) })
    }
    for radius in [2, 10, 100] {
        let pixels = Double(gray.bounds.area)
        benchmark.run("dilate gray by a rectangle of \(2 * radius + 1)", items: pixels, per: 1e6, unit: "MP") {
            _ = gray.dilated(.rectangle(x: radius, y: radius))
        }
        benchmark.run("dilate gray by a disk of radius \(radius)", items: pixels, per: 1e6, unit: "MP") {
            _ = gray.dilated(.disk(radius: radius))
        }
    }
}

/// 2,000 points anywhere; every component goes to the nearest ones.
private func nearestSplitBenchmark(_ benchmark: Benchmark, _ mask: Mask) {
    var random = RepeatableRandom(state: 3)
    let box = mask.bounds
    let points = (0..<2000).map { _ in [Point(x: Double(random.next() % UInt64(box.width)), y: Double(random.next() % UInt64(box.height)))] }
    benchmark.run("nearest of 2,000 points, sparse", items: Double(box.area), per: 1e6, unit: "MP") { _ = mask.split(nearestTo: points) }
    let square = Mask.full(Rect(x: 0, y: 0, width: 1000, height: 1000))
    for count in [2, 20, 2000] {
        let near = points.prefix(count).map { [Point(x: $0[0].x * 1000 / Double(box.width), y: $0[0].y * 1000 / Double(box.height))] }
        benchmark.run("nearest of \(count) points, 1 MP segment", items: 1, per: 1, unit: "segments") { _ = square.split(nearestTo: near) }
    }
}

/// A quarter of the frame, markers where the distance is above 4, as in the peers' script.
private func watershedBenchmark(_ benchmark: Benchmark, _ mask: Mask) {
    let part = mask.clipped(to: Rect(x: 0, y: 0, width: min(3648, mask.bounds.width), height: min(2736, mask.bounds.height)))
    let objects = part.components()
    let flooded = objects.map { object in
        let distances = object.squaredDistances()
        let deep = Mask.above(16, in: distances, at: object.bounds)
        return (object, distances.negated, deep.components())
    }
    benchmark.run("watershed, sparse", items: Double(part.bounds.area), per: 1e6, unit: "MP") {
        for (object, heights, markers) in flooded { _ = object.watershed(heights: heights, markers: markers) }
    }
    benchmark.run("distance and watershed, sparse", items: Double(part.bounds.area), per: 1e6, unit: "MP") {
        for (object, _, markers) in flooded { _ = object.watershed(heights: object.squaredDistances().negated, markers: markers) }
    }
}

extension Image<Int32> {
    fileprivate var negated: Image {
        withBuffer { Image(width: width, height: height, pixels: $0.map { -$0 }) }
    }
}

extension Mask {
    fileprivate static func above(_ limit: Int32, in distances: Image<Int32>, at box: Rect) -> Mask {
        var runs: [Run] = []
        for y in 0..<box.height {
            for x in 0..<box.width where distances[x, y] > limit { runs.append(Run(y: y + box.y, first: x + box.x, last: x + box.x)) }
        }
        return Mask(bounds: box, joining: runs)
    }
}

private struct RepeatableRandom {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
