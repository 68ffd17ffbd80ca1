import Codecs
import Foundation
import Pyramid
import Raster
import Testing

struct DeepPyramidTests {
    private func half(_ image: Image<UInt16>) -> Image<UInt16> {
        var result = Image<UInt16>(width: (image.width + 1) / 2, height: (image.height + 1) / 2, repeating: 0)
        for y in 0..<result.height {
            for x in 0..<result.width {
                let (right, below) = (min(2 * x + 1, image.width - 1), min(2 * y + 1, image.height - 1))
                let sum = Int(image[2 * x, 2 * y]) + Int(image[right, 2 * y]) + Int(image[2 * x, below]) + Int(image[right, below])
                result[x, y] = UInt16((sum + 2) / 4)
            }
        }
        return result
    }

    @Test(arguments: [(1, 1), (64, 64), (65, 64), (127, 129), (333, 201)])
    func `all levels keep every bit`(width: Int, height: Int) throws {
        try inTemporaryFolder { folder in
            var image = Image<UInt16>(width: width, height: height, pixels: (0..<(width * height)).map { UInt16(truncatingIfNeeded: $0 &* 40_503) })
            try DeepPyramidBuilder.build(source: MemoryRowReader(.gray16(image), format: .png), to: folder + "/d.tif", tileSize: 64, sync: false)
            let file = try PyramidFile(path: folder + "/d.tif")
            #expect((file.bitsPerSample, file.channels) == (16, 1))
            for z in (0..<file.levels).reversed() {
                let pixels = try file.pixels(Rect(x: 0, y: 0, width: image.width, height: image.height), level: z)
                #expect(pixels == .gray16(image), "level \(z)")
                // libtiff reads the same.
                #expect(try ImageFile.decode(path: folder + "/d.tif", page: file.levels - 1 - z) == .gray16(image))
                image = half(image)
            }
        }
    }

    @Test func `colours keep their order, and a damaged file is refused or answers within its bytes`() throws {
        try inTemporaryFolder { folder in
            let image = Image(width: 70, height: 5, repeating: BGR<UInt16>(blue: 1, green: 300, red: 65_000))
            let path = folder + "/d.tif"
            try DeepPyramidBuilder.build(source: MemoryRowReader(.color16(image), format: .png), to: path, tileSize: 64, sync: false)
            #expect(try PyramidFile(path: path).pixels(image.bounds, level: 1) == .color16(image))
            #expect(try ImageFile.decode(path: path) == .color16(image))
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            for at in (bytes.count - 600)..<bytes.count {
                var damaged = bytes
                damaged[at] ^= 0x95
                try Data(damaged).write(to: URL(filePath: path))
                guard let file = try? PyramidFile(path: path) else { continue }
                for z in 0..<file.levels { _ = try? file.pixels(z: z, x: 0, y: 0) }
            }
        }
    }
}
