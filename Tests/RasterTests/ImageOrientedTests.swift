import Raster
import Testing

struct ImageOrientedTests {
    @Test(arguments: 1...8, [(71, 5), (1, 1), (33, 64), (1, 40), (100, 97)])
    func `every orientation turns as TIFF defines it`(orientation: Int, size: (Int, Int)) {
        let (w, h) = size
        let image = Image<UInt16>(width: w, height: h, pixels: (0..<(w * h)).map { UInt16($0) })
        let upright = image.oriented(orientation)
        #expect((upright.width, upright.height) == (orientation >= 5 ? (h, w) : (w, h)))
        var wrong = 0
        for y in 0..<upright.height {
            for x in 0..<upright.width {
                // Where the stored row 0 and column 0 lie in the picture.
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
                if upright[x, y] != image[sx, sy] { wrong += 1 }
            }
        }
        #expect(wrong == 0)
    }

    @Test func `turning back gives the image, in every kind of pixel`() {
        let gray = Image<UInt8>(width: 7, height: 3, pixels: (0..<21).map { UInt8($0) })
        let wide = Image<UInt16>(width: 7, height: 3, pixels: (0..<21).map { UInt16($0) << 8 })
        let colour = Image(width: 7, height: 3, pixels: (0..<21).map { BGR<UInt8>(blue: $0, green: 2, red: 3) })
        let deep = Image(width: 7, height: 3, pixels: (0..<21).map { BGR<UInt16>(blue: $0, green: 2, red: 3) })
        for image in [AnyImage.gray8(gray), .gray16(wide), .color8(colour), .color16(deep)] {
            for (there, back) in [(1, 1), (2, 2), (3, 3), (4, 4), (5, 5), (6, 8), (7, 7), (8, 6)] {
                #expect(image.oriented(there).oriented(back) == image)
            }
        }
    }

    @Test func `unknown orientations change nothing and empty images stay empty`() {
        let image = Image<UInt8>(width: 2, height: 1, pixels: [1, 2])
        for orientation in [0, 9, -1, Int.max] { #expect(image.oriented(orientation) == image) }
        for orientation in 1...8 {
            let empty = Image<UInt8>(width: 0, height: 4, pixels: []).oriented(orientation)
            #expect(empty.isEmpty && empty.width == (orientation >= 5 ? 4 : 0))
        }
    }
}
