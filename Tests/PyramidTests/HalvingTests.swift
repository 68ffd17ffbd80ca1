import Pyramid
import Testing

struct HalvingTests {
    @Test(arguments: [1, 3])
    func `each pixel is the rounded mean of two by two`(channels: Int) {
        let (width, height) = (37, 5)
        let stride = 2 * width * channels + 7
        let source = (0..<(stride * 2 * height)).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 9) }
        var target = [UInt8](repeating: 0, count: width * height * channels)
        source.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer {
                halve(source.baseAddress!, stride: stride, width: width, height: height, channels: channels, into: $0.baseAddress!, stride: width * channels)
            }
        }
        for y in 0..<height {
            for x in 0..<width {
                for channel in 0..<channels {
                    func sample(_ dx: Int, _ dy: Int) -> Int { Int(source[(2 * y + dy) * stride + (2 * x + dx) * channels + channel]) }
                    let mean = (sample(0, 0) + sample(1, 0) + sample(0, 1) + sample(1, 1) + 2) / 4
                    #expect(Int(target[(y * width + x) * channels + channel]) == mean)
                }
            }
        }
    }
}
