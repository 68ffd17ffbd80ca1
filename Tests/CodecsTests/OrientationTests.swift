import Codecs
import Raster
import Testing

struct OrientationTests {
    @Test(arguments: 1...8)
    func `every orientation turns as its definition says`(orientation: Int) throws {
        guard case .gray16(let image) = Drawn.gray16(71, 5) else { return }
        guard case .gray16(let upright) = AnyImage.gray16(image).upright(orientation: orientation) else { return }
        let (w, h) = (image.width, image.height)
        #expect((upright.width, upright.height) == (orientation >= 5 ? (h, w) : (w, h)))
        for y in 0..<upright.height {
            for x in 0..<upright.width {
                // TIFF 6.0: where the stored row 0 and column 0 lie in the picture.
                let (sx, sy) =
                    switch orientation {
                    case 2: (w - 1 - x, y)
                    case 3: (w - 1 - x, h - 1 - y)
                    case 4: (x, h - 1 - y)
                    case 5: (y, x)
                    case 6: (y, h - 1 - x)
                    case 7: (w - 1 - y, h - 1 - x)
                    case 8: (w - 1 - y, x)
                    default: (x, y)
                    }
                #expect(upright[x, y] == image[sx, sy])
            }
        }
    }

    @Test func `unknown orientations change nothing and empty pictures stay empty`() {
        let image = Drawn.color8(3, 2)
        for orientation in [0, 9, -1, 1] { #expect(image.upright(orientation: orientation) == image) }
        let empty = AnyImage.gray8(Image(width: 0, height: 4, pixels: []))
        #expect(empty.upright(orientation: 6).width == 4)
    }
}
