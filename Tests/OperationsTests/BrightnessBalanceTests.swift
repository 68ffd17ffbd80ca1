import Raster
import Testing

import Operations

@Suite struct BrightnessBalanceTests {
    @Test func `frames become equally bright where they overlap, and the mosaic as bright as before`() {
        let field = DrawnField(width: 2000, height: 300, perMegapixel: 100, seed: 3)
        let truth = [1.0, 0.93, 1.06, 0.97]
        let levels: [FrameLevels?] = truth.enumerated().map { FrameLevels(.gray8(field.frame(x: Double($0 * 180), y: 0, width: 200, height: 160, gain: $1, noise: 1, seed: UInt64($0))), scale: 2) }
        let positions: [Displacement?] = (0..<4).map { Displacement(x: Double($0 * 180), y: 0) }
        let gains = BrightnessBalance.gains(levels, positions: positions, pairs: [(0, 1), (1, 2), (2, 3)])
        for index in 1..<4 { #expect(abs(gains[index] * truth[index] / (gains[0] * truth[0]) - 1) < 0.01) }
        #expect(abs(gains.reduce(1, *) - 1) < 1e-6)
    }

    @Test func `frames without a common part keep their brightness`() {
        let levels: [FrameLevels?] = [FrameLevels(.gray8(Image<UInt8>(width: 20, height: 20, repeating: 90)), scale: 1), FrameLevels(.gray8(Image<UInt8>(width: 20, height: 20, repeating: 180)), scale: 1), nil]
        #expect(BrightnessBalance.gains(levels, positions: [.init(x: 0, y: 0), .init(x: 30, y: 0), nil], pairs: [(0, 1), (0, 2)]) == [1, 1, 1])
    }
}
