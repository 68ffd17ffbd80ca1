import Operations
import Raster
import Testing

private func noise(_ width: Int, _ height: Int) -> Image<UInt8> {
    Image(width: width, height: height) { pixels in for index in pixels.indices { pixels[index] = UInt8(truncatingIfNeeded: index &* 2_654_435_761 >> 11) } }
}

private func values<Value>(_ image: Image<Value>) -> [Value] { image.withBuffer(Array.init) }

@Test(arguments: [0, 1, 128, 254, 255] as [UInt8])
func `the median lands on the level and all else keeps its distance, or the end of the range`(level: UInt8) {
    for (width, height) in [(1, 1), (2, 1), (7, 3), (64, 33)] {
        let image = noise(width, height)
        let before = values(image)
        let shift = Int(level) - Int(before.sorted()[(before.count - 1) / 2])
        #expect(values(image.withMedian(at: level)) == before.map { UInt8(min(255, max(0, Int($0) + shift))) })
        let wide = image.mapped { UInt16($0) &* 201 }
        let wideBefore = values(wide)
        let wideShift = Int(level) * 257 - Int(wideBefore.sorted()[(wideBefore.count - 1) / 2])
        #expect(values(wide.withMedian(at: UInt16(level) * 257)) == wideBefore.map { UInt16(min(65535, max(0, Int($0) + wideShift))) })
    }
}
