import Raster
import Testing

import Operations

@Suite struct MosaicShadingTests {
    private func frames(_ count: Int) -> [FrameLevels] {
        let field = DrawnField(width: 4000, height: 400, perMegapixel: 60, seed: 9)
        return (0..<count).map {
            FrameLevels(.gray8(field.frame(x: Double($0 * 300), y: 10, width: 320, height: 240, gain: 0.8 + 0.05 * Double($0 % 5), vignetting: 0.3, noise: 2, seed: UInt64($0))), scale: 4)
        }
    }

    @Test func `the common light is found, whatever the frames show and however bright they are`() throws {
        let levels = frames(11)
        let shading = try #require(MosaicShading(levels))
        #expect(shading.contrast > 1.25 && shading.contrast < 1.6)
        var gains = [Float](repeating: 0, count: 320)
        for y in [0, 60, 120, 239] {
            shading.gains(row: y, into: &gains, count: 320)
            for x in [0, 80, 160, 240, 319] {
                let (u, v) = (2 * Double(x) / 320 - 1, 2 * Double(y) / 240 - 1)
                // 0.9 is the mean of the light over the frame.
                let light = (1 - 0.3 * (u * u + v * v) / 2) / 0.9
                #expect(abs(Double(gains[x]) * light - 1) < 0.03, "(\(x), \(y)): \(gains[x])")
            }
        }
    }

    @Test func `few or black frames have none`() {
        #expect(MosaicShading(frames(4)) == nil)
        #expect(MosaicShading([FrameLevels](repeating: FrameLevels(.gray8(Image<UInt8>(width: 9, height: 9, repeating: 0)), scale: 2), count: 8)) == nil)
        #expect(MosaicShading([]) == nil)
    }
}
