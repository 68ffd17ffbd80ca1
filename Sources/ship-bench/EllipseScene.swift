import Foundation
import Raster

/// Ellipses of random size and direction, one a cell, and gray levels with noise; always the same.
struct EllipseScene {
    static let standard = EllipseScene(width: 7296, height: 5472, count: 10_000)

    let objects: [Mask]
    let gray: Image<UInt8>

    init(width: Int, height: Int, count: Int) {
        var state: UInt64 = 20_240_517
        func random() -> Double {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Double(state >> 11) / Double(1 << 53)
        }
        let cell = Int((Double(width * height) / Double(count)).squareRoot())
        let frame = Rect(x: 0, y: 0, width: width, height: height)
        var objects: [Mask] = []
        for top in stride(from: 0, to: height - cell, by: cell) {
            for left in stride(from: 0, to: width - cell, by: cell) {
                let radius = Double(cell) * 0.4
                let (a, b) = (radius * (0.5 + 0.5 * random()), radius * (0.3 + 0.5 * random()))
                let angle = random() * 2 * .pi
                let (c, s) = (cos(angle), sin(angle))
                var runs: [Run] = []
                for y in -cell / 2..<cell / 2 {
                    var run: Run?
                    for x in -cell / 2..<cell / 2 {
                        let (u, v) = ((Double(x) * c + Double(y) * s) / a, (Double(y) * c - Double(x) * s) / b)
                        guard u * u + v * v <= 1 else { continue }
                        let place = left + cell / 2 + x
                        run = Run(y: top + cell / 2 + y, first: run.map { Int($0.first) } ?? place, last: place)
                    }
                    if let run { runs.append(run) }
                }
                if !runs.isEmpty { objects.append(Mask(bounds: frame, sortedRuns: runs)) }
            }
        }
        self.objects = objects
        gray = Image(width: width, height: height, writingAll: { target in
            for index in 0..<(width * height) {
                let (x, y) = (index % width, index / width)
                let slow = sin(Double(x) / 37) + cos(Double(y) / 53) + sin(Double(x + y) / 11) / 2
                (target.baseAddress! + index).initialize(to: UInt8(150 + 12 * slow + 14 * random()))
            }
        })
    }
}
