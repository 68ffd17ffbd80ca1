import Raster
import Testing

@Test func `pixel x, y is element y times width plus x`() {
    var image = Image<UInt8>(width: 3, height: 2, pixels: [0, 1, 2, 10, 11, 12])
    #expect(image[2, 0] == 2 && image[0, 1] == 10 && image.bounds == Rect(x: 0, y: 0, width: 3, height: 2))
    image[1, 1] = 99
    #expect(image.withBuffer { Array($0) } == [0, 1, 2, 10, 99, 12])
    image.withMutableBuffer { $0[0] = 7 }
    #expect(image[0, 0] == 7)
}

@Test func `a crop holds the pixels of its box`() {
    let image = Image<UInt16>(width: 4, height: 3, pixels: (0..<12).map { UInt16($0) })
    #expect(image.cropped(to: Rect(x: 1, y: 1, width: 2, height: 2)) == Image(width: 2, height: 2, pixels: [5, 6, 9, 10]))
    #expect(image.cropped(to: image.bounds) == image)
    #expect(image.cropped(to: Rect(x: 4, y: 3, width: 0, height: 0)).isEmpty)
}

@Test func `an image of any kind knows its size and samples`() {
    let colour = AnyImage.color16(Image(width: 2, height: 5, repeating: BGR(blue: 1, green: 2, red: 3)))
    #expect(colour.width == 2 && colour.height == 5 && colour.channels == 3 && colour.bitsPerSample == 16 && colour.byteCount == 60)
    let gray = AnyImage.gray8(Image(width: 2, height: 5, repeating: 1))
    #expect(gray.channels == 1 && gray.byteCount == 10 && gray.cropped(to: Rect(x: 0, y: 0, width: 1, height: 1)).byteCount == 1)
}

@Test func `colour pixels lie as blue, green, red`() {
    let bytes = withUnsafeBytes(of: BGR<UInt8>(blue: 1, green: 2, red: 3)) { Array($0) }
    #expect(bytes == [1, 2, 3] && MemoryLayout<BGR<UInt8>>.stride == 3 && MemoryLayout<BGR<UInt16>>.stride == 6)
}
