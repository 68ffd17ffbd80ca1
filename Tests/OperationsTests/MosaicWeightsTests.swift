import Raster
import Testing

import Operations

@Suite struct MosaicWeightsTests {
    private func shares(_ weights: MosaicWeights, _ boxes: [Rect?], _ x: Int, _ y: Int) -> [Float] {
        boxes.enumerated().map { number, box in
            guard let box, box.contains(x: x, y: y) else { return 0 }
            var (row, room) = ([Float](repeating: 0, count: box.width), [Float](repeating: 0, count: weights.largestWidth))
            guard weights.shares(of: number, row: y, left: box.x, into: &row, count: box.width, room: &room) else { return 0 }
            return row[x - box.x]
        }
    }

    /// Two frames beside each other, each with a dark object in the overlap that the other lacks.
    private func pair() -> (levels: [FrameLevels?], boxes: [Rect?]) {
        func frame(dark: Rect) -> FrameLevels {
            var image = Image<UInt8>(width: 200, height: 120, repeating: 180)
            for y in dark.y..<dark.maxY { for x in dark.x..<dark.maxX { image[x, y] = 40 } }
            return FrameLevels(.gray8(image), scale: 4)
        }
        return ([frame(dark: Rect(x: 156, y: 20, width: 28, height: 28)), frame(dark: Rect(x: 6, y: 80, width: 36, height: 28))], [Rect(x: 0, y: 0, width: 200, height: 120), Rect(x: 140, y: 0, width: 200, height: 120)])
    }

    @Test func `a seam goes around what frames show differently, and every place has someone`() {
        let (levels, boxes) = pair()
        let weights = MosaicWeights(levels, boxes: boxes, blend: .seam, transition: 4)
        for y in 0..<120 { for x in 0..<340 { #expect(shares(weights, boxes, x, y).reduce(0, +) > 0, "(\(x), \(y))") } }
        // The object of either frame is wholly there or wholly absent: all its places come from one frame.
        for object in [Rect(x: 156, y: 20, width: 28, height: 28), Rect(x: 146, y: 80, width: 36, height: 28)] {
            let parts = (object.y..<object.maxY).flatMap { y in (object.x..<object.maxX).map { x -> Float in
                let both = shares(weights, boxes, x, y)
                return both[0] / (both[0] + both[1])
            } }
            #expect(parts.allSatisfy { $0 > 0.98 } || parts.allSatisfy { $0 < 0.02 }, "\(object)")
        }
        // Beyond the overlap each frame is alone.
        #expect(shares(weights, boxes, 100, 60)[1] == 0 && shares(weights, boxes, 300, 60)[0] == 0)
    }

    @Test func `feathering fades over the overlap`() {
        let (levels, boxes) = pair()
        let weights = MosaicWeights(levels, boxes: boxes, blend: .feather, transition: 4)
        let parts = [145, 160, 170, 180, 195].map { x -> Float in
            let both = shares(weights, boxes, x, 60)
            return both[1] / (both[0] + both[1])
        }
        #expect(zip(parts, parts.dropFirst()).allSatisfy(<))
        #expect(parts[0] < 0.2 && abs(parts[2] - 0.5) < 0.1 && parts[4] > 0.8)
    }

    @Test(arguments: MosaicWeights.Blend.allCases)
    func `one frame alone counts everywhere, and none at all nowhere`(blend: MosaicWeights.Blend) {
        let level = FrameLevels(.gray8(Image<UInt8>(width: 21, height: 13, repeating: 9)), scale: 4)
        let boxes: [Rect?] = [Rect(x: 0, y: 0, width: 21, height: 13), nil]
        let weights = MosaicWeights([level, nil], boxes: boxes, blend: blend, transition: 3)
        for y in 0..<13 { for x in 0..<21 { #expect(shares(weights, boxes, x, y)[0] > 0) } }
        #expect(MosaicWeights([nil], boxes: [nil], blend: blend, transition: 3).planes.allSatisfy { $0 == nil })
    }
}
