import Raster
import Testing

import Nodes

struct LabelsExportNodeTests {
    private func box(_ x: Int, _ y: Int, _ width: Int, _ height: Int) -> Mask {
        Mask(bounds: Rect(x: x, y: y, width: width, height: height), sortedRuns: (y..<(y + height)).map { Run(y: $0, first: x, last: x + width - 1) })
    }

    @Test func `objects that overlap go to as many layers as needed, each to the first that has room`() {
        #expect(LabelsExportNode.layers([]) == [[]])  // An image without objects gets a blank picture.
        #expect(LabelsExportNode.layers([box(0, 0, 4, 4), box(4, 0, 4, 4), box(0, 4, 4, 4)]) == [[0, 1, 2]])
        #expect(LabelsExportNode.layers([box(0, 0, 4, 4), box(3, 3, 4, 4), box(6, 6, 4, 4), box(20, 0, 1, 1), box(3, 0, 9, 9)]) == [[0, 2, 3], [1], [4]])
    }

    @Test func `no two objects of a layer share a pixel, and none is lost`() {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let masks = (0..<300).map { _ in box(next(90), next(90), 1 + next(12), 1 + next(12)) }
        let layers = LabelsExportNode.layers(masks)
        #expect(layers.joined().sorted() == Array(masks.indices))
        for layer in layers {
            var taken: Set<Int> = []
            for index in layer {
                for run in masks[index].runs { for x in run.first...run.last { #expect(taken.insert(Int(run.y) * 1000 + Int(x)).inserted) } }
            }
        }
    }
}
