import Operations
import Raster

/// Pictures of 37 × 29 pixels, drawn by formulas of whole numbers, so that scikit-image and OpenCV could be given the same:
/// the numbers in the tests of texture, focus, colour and moments come from scikit-image 0.26, OpenCV 5 and NumPy.
enum TexturePictures {
    static let width = 37
    static let height = 29

    static let rough = draw { x, y in UInt8((x * x * 3 + y * y * 5 + x * y * 7 + 11 * x) % 256) }
    static let smooth = draw { x, y in UInt8((x * 9 + y * 4 + x * y / 8) % 200 + 20) }
    static let wide = draw { x, y in UInt16(((x * 9 + y * 4 + x * y / 8) % 200 + 20) * 257 + (x * 31 + y * 17) % 199) }

    /// A slanted ellipse of 693 pixels with a rectangular hole.
    static let mask: Mask = {
        var runs: [Run] = []
        for y in 0..<height {
            for x in 0..<width where (x - 18) * (x - 18) * 3 + (y - 14) * (y - 14) * 5 + x * y < 1100 && !((10..<13).contains(y) && (14..<20).contains(x)) {
                runs.append(Run(y: y, first: x, last: x))
            }
        }
        return Mask(bounds: Rect(x: 0, y: 0, width: width, height: height), joining: runs)
    }()

    static func draw<Pixel>(_ pixel: (Int, Int) -> Pixel) -> Image<Pixel> {
        Image(width: width, height: height, pixels: (0..<(width * height)).map { pixel($0 % width, $0 / width) })
    }

    /// The picture with other pixels around it, as a larger crop shows them, and the mask moved along.
    static func padded<Pixel>(_ image: Image<Pixel>, _ mask: Mask, by padding: Int, with pixel: (Int) -> Pixel) -> (Image<Pixel>, Mask) {
        var count = 0
        let (width, height) = (image.width + 2 * padding, image.height + 2 * padding)
        let pixels = (0..<(width * height)).map { index in
            let (x, y) = (index % width - padding, index / width - padding)
            count += 1
            return x >= 0 && y >= 0 && x < image.width && y < image.height ? image[x, y] : pixel(count)
        }
        return (Image(width: width, height: height, pixels: pixels), mask.translated(x: padding, y: padding))
    }

    /// The mask's box alone, as the smallest crop has it.
    static func cropped<Pixel>(_ image: Image<Pixel>, _ mask: Mask) -> (Image<Pixel>, Mask) {
        let box = mask.boundingBox
        return (image.cropped(to: box), mask.translated(x: -box.x, y: -box.y).tight)
    }
}

/// Values by column name.
func named(_ columns: [MeasureColumn], _ values: [Double?]?) -> [String: Double?] {
    Dictionary(uniqueKeysWithValues: zip(columns.map(\.name), values ?? []))
}
