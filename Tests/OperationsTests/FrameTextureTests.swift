import Raster
import Testing

import Operations

@Suite struct FrameTextureTests {
    @Test func `uneven light and exposure leave the texture as it is`() {
        let field = DrawnField(width: 300, height: 300, perMegapixel: 500, seed: 2)
        let even = FrameTexture(.gray8(field.frame(x: 0, y: 0, width: 240, height: 200)), scale: 2)
        let uneven = FrameTexture(.gray8(field.frame(x: 0, y: 0, width: 240, height: 200, gain: 0.7, vignetting: 0.3)), scale: 2)
        #expect(even.width == 120 && even.height == 100)
        var (product, a, b) = (0.0, 0.0, 0.0)
        for (x, y) in zip(even.values, uneven.values) {
            product += Double(x * y)
            a += Double(x * x)
            b += Double(y * y)
        }
        #expect(product / (a * b).squareRoot() > 0.99)
    }

    @Test func `what all frames show at one place is taken out`() {
        let textures = (0..<7).map { index -> FrameTexture in
            let field = DrawnField(width: 200, height: 200, perMegapixel: 200, seed: UInt64(index + 1))
            var image = field.frame(x: 0, y: 0, width: 100, height: 80)
            for y in 30..<40 { for x in 50..<60 { image[x, y] = 100 } }  // dust on the camera
            return FrameTexture(.gray8(image), scale: 1)
        }
        let clean = FrameTexture.withoutCommonPattern(textures)
        let middle = 35 * 100 + 55
        #expect(textures.allSatisfy { $0.values[middle] < -0.2 })
        #expect(clean.filter { abs($0.values[middle]) < 0.1 }.count >= 6)
        // Few frames may have the object in common.
        #expect(FrameTexture.withoutCommonPattern(Array(textures.prefix(4))).map { $0.values[middle] } == textures.prefix(4).map { $0.values[middle] })
    }

    @Test func `levels that do not change have no texture, at any size`() {
        for (width, height, scale) in [(1, 1, 1), (7, 1, 1), (64, 48, 4)] {
            let texture = FrameTexture(.gray8(Image<UInt8>(width: width, height: height, repeating: 77)), scale: scale)
            #expect(texture.width == width / scale && texture.values.allSatisfy { abs($0) < 1e-4 })
        }
        let black = FrameTexture(.gray16(Image<UInt16>(width: 40, height: 40, repeating: 0)), scale: 2)
        #expect(black.values.allSatisfy { $0 == 0 })
    }

    @Test(arguments: [(2592, 1944, 350_000, 4), (512, 512, 350_000, 1), (10, 10, 1, 6), (10, 10, 4, 4), (3, 1, 1_000, 1)])
    func `the scale keeps a frame below the number of pixels`(width: Int, height: Int, pixels: Int, scale: Int) {
        #expect(FrameTexture.scale(width: width, height: height, pixels: pixels) == scale)
    }
}
