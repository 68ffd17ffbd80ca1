import Nodes
import Operations
import Raster
import Testing

@Test func `parts of a scratch file are the parts of the image, of every kind`() throws {
    let gray = Image<UInt8>(width: 37, height: 23, pixels: (0..<(37 * 23)).map { UInt8(truncatingIfNeeded: $0 * 7) })
    let gray16 = gray.mapped { UInt16($0) * 256 + 3 }
    let images: [AnyImage] = [
        .gray8(gray), .gray16(gray16), .color8(gray.mapped { BGR(blue: $0, green: 255 - $0, red: $0 / 2) }),
        .color16(gray16.mapped { BGR(blue: $0, green: 65535 - $0, red: $0 / 2) }),
    ]
    for image in images {
        let file = try #require(ScratchPixels(image))
        for box in [image.bounds, Rect(x: 0, y: 0, width: 1, height: 1), Rect(x: 36, y: 22, width: 1, height: 1), Rect(x: 5, y: 3, width: 20, height: 11), Rect(x: 0, y: 4, width: 37, height: 2)] {
            #expect(file.window(box) == image.cropped(to: box))
        }
    }
}
